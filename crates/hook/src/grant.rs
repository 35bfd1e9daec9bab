//! What waits for a person, and what a person let through once.
//!
//! A grant is bound to the very call: host, directory, tool, what it would do, and the policy. It is one file whose name is the SHA-256 of all
//! that, made by `aegis approve` and taken away by the hook that uses it. It lies in the state directory, which no policy opens; a program that
//! runs unconfined as the same user can write there, as it can write anything of that user.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aegis_agents::hooks::{Act, Event, Ruling};
use aegis_audit::Sha256Digest;
use aegis_policy::Policy;
use serde_json::{Value, json};

use crate::ancestors::Process;

/// How long a question waits, and how long a grant holds.
pub const TERM: Duration = Duration::from_secs(600);
/// Older ones are dropped for more.
const MAX_WAITING: usize = 100;
/// The longest text of a call that is shown for approval. What is longer is not kept: nobody could judge it.
const MAX_SHOWN: usize = 64 << 10;

/// A call that waits for a person.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Of the call.
    pub request: String,
    /// The host's word.
    pub host: String,
    /// The tool.
    pub tool: String,
    /// Where.
    pub cwd: String,
    /// The whole input of the tool, as it came.
    pub input: String,
    /// What was judged, and why it needs approval.
    pub cause: String,
    /// Seconds since 1970.
    pub since: u64,
    /// The host's processes.
    pub asked_by: Vec<Process>,
}

/// The directory of approvals.
#[derive(Debug)]
pub struct Grants {
    directory: PathBuf,
}

/// What a call is approved by: everything that it would do, and under which policy. Of a shell's call only the command counts: models put the
/// description anew at each try.
pub(crate) fn request_of(event: &Event, policy: &Policy) -> Sha256Digest {
    let is_shell = event.acts.iter().any(|act| matches!(act, Act::Shell { .. }));
    let what = if is_shell { format!("{:?}", event.acts) } else { event.input.to_string() };
    let parts = [event.host.word(), &event.tool, &event.cwd.to_string_lossy(), &what, policy.trust_hash()];
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    Sha256Digest::of(text.as_bytes())
}

impl Grants {
    /// Of a user's state directory.
    #[must_use]
    pub fn in_state(state: &Path) -> Grants {
        Grants { directory: state.join("approvals") }
    }

    fn file(&self, kind: &str, request: &str) -> PathBuf {
        self.directory.join(format!("{kind}-{request}"))
    }

    /// Uses a grant up, if there is one that still holds.
    pub(crate) fn take(&self, request: &Sha256Digest) -> bool {
        let request = name(request);
        let granted = self.file("granted", &request);
        let until = read(&granted).and_then(|text| text.trim().parse::<u64>().ok());
        let Some(until) = until else { return false };
        // of two hooks at once only one takes the name away
        let is_ours = fs::remove_file(&granted).is_ok();
        let holds = is_ours && until > now() && until <= now() + TERM.as_secs();
        if holds {
            let _ = fs::remove_file(self.file("waiting", &request));
        }
        holds
    }

    /// Keeps a call for `aegis approve`.
    pub(crate) fn wait(&self, request: &Sha256Digest, event: &Event, ruling: &Ruling, asked_by: &[Process]) -> std::io::Result<()> {
        let input = event.input.to_string();
        if input.len() > MAX_SHOWN {
            return Err(std::io::Error::other("too long to be shown"));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        self.drop_old();
        let cause = ruling.decisive().map(|part| format!("{}: {}", part.asked, part.cause)).unwrap_or_default();
        let text = json!({
            "host": event.host.word(), "tool": event.tool, "cwd": event.cwd.to_string_lossy(), "input": input, "cause": cause,
            "since": now(), "asked_by": asked_by.iter().map(Process::json).collect::<Vec<_>>(),
        });
        put(&self.file("waiting", &name(request)), &text.to_string())
    }

    /// Every call that waits, the oldest first.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        let mut all: Vec<Waiting> =
            self.names().filter_map(|path| waiting_at(&path)).filter(|w| w.since + TERM.as_secs() > now()).collect();
        all.sort_by_key(|waiting| waiting.since);
        all
    }

    /// Lets a call through once.
    ///
    /// # Errors
    /// The grant cannot be written.
    pub fn grant(&self, waiting: &Waiting) -> std::io::Result<()> {
        let granted = self.file("granted", &waiting.request);
        let _ = fs::remove_file(&granted);
        put(&granted, &format!("{}\n", now() + TERM.as_secs()))?;
        self.forget(waiting);
        Ok(())
    }

    /// Takes a call off the list.
    pub fn forget(&self, waiting: &Waiting) {
        let _ = fs::remove_file(self.file("waiting", &waiting.request));
    }

    fn names(&self) -> impl Iterator<Item = PathBuf> {
        fs::read_dir(&self.directory).into_iter().flatten().flatten().map(|entry| entry.path())
    }

    fn drop_old(&self) {
        let mut kept: Vec<(u64, PathBuf)> = Vec::new();
        for path in self.names() {
            let age = fs::symlink_metadata(&path).ok().and_then(|meta| u64::try_from(meta.mtime()).ok()).unwrap_or(0);
            if age + TERM.as_secs() < now() {
                let _ = fs::remove_file(&path);
            } else {
                kept.push((age, path));
            }
        }
        kept.sort();
        for (_, path) in kept.iter().take(kept.len().saturating_sub(MAX_WAITING)) {
            let _ = fs::remove_file(path);
        }
    }
}

fn name(request: &Sha256Digest) -> String {
    String::from_utf8_lossy(&request.hex()).into_owned()
}

fn waiting_at(path: &Path) -> Option<Waiting> {
    let request = path.file_name()?.to_str()?.strip_prefix("waiting-")?.to_owned();
    let value: Value = serde_json::from_str(&read(path)?).ok()?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Waiting {
        request,
        host: text("host")?,
        tool: text("tool")?,
        cwd: text("cwd")?,
        input: text("input")?,
        cause: text("cause")?,
        since: value.get("since")?.as_u64()?,
        asked_by: value.get("asked_by")?.as_array()?.iter().filter_map(Process::from_json).collect(),
    })
}

/// A small file of ours, not through a link.
fn read(path: &Path) -> Option<String> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).ok()?).open(path).ok()?;
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o022 != 0 {
        return None;
    }
    let mut text = String::new();
    file.take(1 << 20).read_to_string(&mut text).ok()?;
    Some(text)
}

/// A new file in one step: beside it first, then under its name.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension(std::process::id().to_string());
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
