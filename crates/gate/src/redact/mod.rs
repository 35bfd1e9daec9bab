//! The second net: takes known secrets out of text that no label follows.
//!
//! It runs over output of public children and errors of the system only, never over what a script prints or sends, where a hit
//! would tell a guess from a miss.
//!
//! | module | what it holds |
//! |---|---|
//! | `forms` | how a secret may be written: base64, hex and so on |
//! | `matcher`, `filter` | finding many literal forms in a text |
//! | `effort` | what bounds the time that takes |
//! | `stream` | the same over a text that comes in chunks |

mod effort;
mod filter;
mod forms;
mod matcher;
mod stream;

use std::collections::HashSet;
use std::io;

use effort::Effort;
use matcher::{MIN_FORM, Matcher};
pub use stream::RedactStream;

/// Shorter secrets occur by chance, and a hit would say more than it hides.
const MIN_SECRET: usize = 16;
/// Longer ones are documents: what leaks of them is a part, which no literal finds.
const MAX_SECRET: usize = 4096;
/// Secrets of a run; what comes after them is not looked for. Each costs some 10 KiB, beside its bytes.
const MAX_SECRETS: usize = 1024;
/// Bytes of all secrets together; their forms take up to thirty times as much.
const MAX_BYTES: usize = 256 << 10;
/// What a secret becomes.
const MARK: &[u8] = b"[REDACTED]";

// the matcher finds every secret, and a text never grows
const _: () = assert!(MIN_SECRET >= MIN_FORM && MARK.len() <= MIN_FORM);

/// Knows the secrets of a run.
///
/// ```
/// let mut redactor = aegis_gate::Redactor::default();
/// redactor.learn(b"sk-live-0123456789");
/// let mut text = b"token=sk-live-0123456789; hex=736b2d6c6976652d30313233343536373839".to_vec();
/// assert_eq!(redactor.redact(&mut text), 2);
/// assert_eq!(text, b"token=[REDACTED]; hex=[REDACTED]");
/// ```
#[derive(Default)]
pub struct Redactor {
    secrets: HashSet<Box<[u8]>>,
    /// Bytes of `secrets`.
    bytes: usize,
    /// Secrets whose forms the matcher does not have yet. Most runs have no text to redact, and need no forms.
    fresh: Vec<Box<[u8]>>,
    matcher: Matcher,
}

impl Redactor {
    /// Adds a secret, without the white space around it, in every form it may be written in: as it is, reversed, base64 (both
    /// alphabets, at three alignments), hex, percent-encoded and escaped as in JSON.
    ///
    /// One of less than 16 or more than 4096 bytes is not taken, nor are more than 1024, or 256 KiB, in all.
    pub fn learn(&mut self, secret: &[u8]) {
        let secret = secret.trim_ascii();
        let fits = self.secrets.len() < MAX_SECRETS && self.bytes + secret.len() <= MAX_BYTES;
        if !(MIN_SECRET..=MAX_SECRET).contains(&secret.len()) || !fits || self.secrets.contains(secret) {
            return;
        }
        self.bytes += secret.len();
        self.secrets.insert(secret.into());
        self.fresh.push(secret.into());
    }

    /// Replaces each secret in `text` by `[REDACTED]`, and says how many there were. Of two that overlap, the one that starts first
    /// is replaced, and of two that start together, the longer.
    ///
    /// A text that is made to take long, by starting secrets over and over without ending them, is replaced from there to its end.
    pub fn redact(&mut self, text: &mut Vec<u8>) -> u64 {
        let matcher = self.matcher();
        let whole = text.len();
        let (mut count, mut effort) = (0, Effort::default());
        // what stands before `kept` is done; `from` is where the search goes on, in a text that is not yet moved
        let (mut kept, mut from) = (0, 0);
        while let Some(hit) = matcher.find(text, from, whole, &mut effort) {
            if kept == from {
                kept = hit.start;
            } else {
                text.copy_within(from..hit.start, kept);
                kept += hit.start - from;
            }
            if let Some(place) = text.get_mut(kept..kept + MARK.len()) {
                place.copy_from_slice(MARK);
            }
            kept += MARK.len();
            from = hit.end;
            count += 1;
        }
        if count > 0 {
            text.copy_within(from.., kept);
            text.truncate(kept + whole - from);
        }
        count
    }

    /// A text that comes in chunks and goes, redacted, to `out`.
    pub fn stream<W: io::Write>(&mut self, out: W) -> RedactStream<'_, W> {
        RedactStream::new(self.matcher(), out)
    }

    /// The matcher, with all that was learned.
    fn matcher(&mut self) -> &Matcher {
        for secret in self.fresh.drain(..) {
            for form in forms::forms(&secret) {
                self.matcher.add(form);
            }
        }
        &self.matcher
    }
}
