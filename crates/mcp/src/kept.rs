//! Local-only values that a client may use and never sees: it holds a handle, which means nothing outside this server.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use aegis_gate::Kept;

/// Of all values together, in bytes. Beyond it the oldest ones go.
const MOST_BYTES: usize = 64 << 20;
const MOST: usize = 1000;

/// What handles begin with.
pub(crate) const PREFIX: &str = "aegis://local/";

/// The values of a server.
#[derive(Default)]
pub(crate) struct KeptValues(Mutex<Values>);

#[derive(Default)]
struct Values {
    held: VecDeque<Value>,
    bytes: usize,
}

struct Value {
    id: String,
    kept: Arc<Kept>,
    sources: Vec<String>,
}

impl KeptValues {
    /// Keeps a value; its handle.
    pub(crate) fn add(&self, kept: Kept, sources: Vec<String>) -> String {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = random_id();
        values.bytes += kept.size();
        values.held.push_back(Value { id: id.clone(), kept: Arc::new(kept), sources });
        while values.bytes > MOST_BYTES || values.held.len() > MOST {
            let Some(oldest) = values.held.pop_front() else { break };
            values.bytes -= oldest.kept.size();
        }
        format!("{PREFIX}{id}")
    }

    /// The value of a handle, while it is kept.
    pub(crate) fn get(&self, handle: &str) -> Option<Arc<Kept>> {
        self.find(handle, |value| value.kept.clone())
    }

    /// The names of its sources.
    pub(crate) fn sources(&self, handle: &str) -> Option<Vec<String>> {
        self.find(handle, |value| value.sources.clone())
    }

    fn find<T>(&self, handle: &str, of: impl Fn(&Value) -> T) -> Option<T> {
        let id = handle.strip_prefix(PREFIX)?;
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.held.iter().find(|value| value.id == id).map(of)
    }
}

/// 128 random bits in hex: a name that nobody guesses.
#[must_use]
pub fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        // the kernel's generator does not fail once it is seeded, and waits until it is
        match rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()) {
            Ok(n) => filled += n,
            Err(_) => continue,
        }
    }
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
