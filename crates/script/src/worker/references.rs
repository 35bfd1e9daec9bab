//! References: what stands in a string where a local-only value was put into text. A reference is 40 letters and digits, different in
//! every run, and holds no content. Output shows it as `[REDACTED]`; an effect that carries one is refused, since the content that it
//! stands for is not there.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aegis_effect::{EffectError, ErrorCode, Labelled};

/// What people see of a local-only value.
pub(crate) const REDACTED: &str = "[REDACTED]";

const NONCE: usize = 32;
const INDEX: usize = 8;

/// The local-only values of a run and their references. Every local-only value points to it.
#[derive(Debug)]
pub(crate) struct References {
    nonce: OnceLock<String>,
    values: Mutex<Vec<Labelled>>,
    exist: AtomicBool,
    misuse: Mutex<Option<EffectError>>,
    misused: AtomicBool,
}

impl References {
    pub(crate) fn new() -> Arc<References> {
        Arc::new(References {
            nonce: OnceLock::new(),
            values: Mutex::new(Vec::new()),
            exist: AtomicBool::new(false),
            misuse: Mutex::new(None),
            misused: AtomicBool::new(false),
        })
    }

    /// Makes a value known; its index is its reference's.
    pub(crate) fn add(&self, value: &Labelled) -> usize {
        self.exist.store(true, Ordering::Relaxed);
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.push(value.clone());
        values.len() - 1
    }

    /// The text that stands for a value.
    pub(crate) fn text(&self, index: usize) -> String {
        format!("{}{index:0INDEX$}", self.nonce())
    }

    /// The first reference in some bytes, with the names of its sources.
    pub(crate) fn find_in(&self, bytes: &[u8]) -> Option<Vec<String>> {
        if !self.exist.load(Ordering::Relaxed) {
            return None;
        }
        let nonce = self.nonce.get()?.as_bytes();
        let at = bytes.windows(NONCE).position(|w| w == nonce)?;
        let index =
            bytes.get(at + NONCE..at + NONCE + INDEX).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| d.parse::<usize>().ok());
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        Some(index.and_then(|i| values.get(i)).map(|v| v.sources.clone()).unwrap_or_default())
    }

    /// The text as people may see it: every reference is `[REDACTED]`.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.exist.load(Ordering::Relaxed) {
            return Cow::Borrowed(text);
        }
        let Some(nonce) = self.nonce.get() else { return Cow::Borrowed(text) };
        if !text.contains(nonce.as_str()) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut parts = text.split(nonce.as_str());
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            out.push_str(REDACTED);
            let index = part.bytes().take(INDEX).take_while(u8::is_ascii_digit).count();
            out.push_str(part.get(index..).unwrap_or_default());
        }
        Cow::Owned(out)
    }

    /// Remembers a use that could not be refused where it happened; the run ends with it at the next effect, print or check.
    pub(crate) fn misuse(&self, error: EffectError) {
        let mut first = self.misuse.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some(error);
        }
        self.misused.store(true, Ordering::Relaxed);
    }

    /// What [`References::misuse`] remembered.
    pub(crate) fn misused(&self) -> Option<EffectError> {
        if !self.misused.load(Ordering::Relaxed) {
            return None;
        }
        self.misuse.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an effect that carries a reference is refused with.
    pub(crate) fn refusal(sources: &[String]) -> EffectError {
        EffectError::new(ErrorCode::FlowDenied, format!("a local-only value{} was put into text", named(sources)))
            .suggest("pass the value itself, whole, to a header, body, stdin, child env or local-only file")
    }

    fn nonce(&self) -> &str {
        self.nonce.get_or_init(|| {
            let mut nonce = String::with_capacity(NONCE);
            while nonce.len() < NONCE {
                // The keys of a fresh `RandomState` come from the operating system.
                let mut n = RandomState::new().build_hasher().finish();
                for _ in 0..8 {
                    let letter = u8::try_from(n % 26).unwrap_or(0);
                    nonce.push(char::from(b'a' + letter));
                    n /= 26;
                }
            }
            nonce
        })
    }
}

/// ` (env:TOKEN)`, or nothing.
pub(crate) fn named(sources: &[String]) -> String {
    if sources.is_empty() { String::new() } else { format!(" ({})", sources.join(", ")) }
}
