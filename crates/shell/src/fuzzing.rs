//! Entries for fuzzers. Not part of the interface.
#![doc(hidden)]

use crate::{Dialect, parse};

/// Reads any bytes as shell text.
pub fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let script = parse(&text, Dialect::Bash);
    assert!(script.commands.iter().all(|command| command.span.end <= text.len()));
}
