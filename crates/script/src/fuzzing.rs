//! Entries for fuzz targets. Neither may abort or hang on any input.

use crate::limits::Limits;
use crate::source::Source;
use crate::wire::{FromWorker, Receiver, ToWorker, WireError};
use crate::worker::on_big_stack;

/// Bytes as a worker could send them.
pub fn wire(bytes: &[u8]) {
    let mut receiver = Receiver::new(bytes);
    while !matches!(receiver.receive::<FromWorker>(), Err(WireError::Closed | WireError::TooLarge(_) | WireError::Malformed)) {}
    let mut receiver = Receiver::new(bytes);
    while !matches!(receiver.receive::<ToWorker>(), Err(WireError::Closed | WireError::TooLarge(_) | WireError::Malformed)) {}
}

/// Bytes as a script: source check, parser, verifier.
pub fn source(bytes: &[u8]) {
    let Ok(source) = Source::from_bytes("fuzz.star", bytes.to_vec()) else { return };
    let limits = Limits { source_bytes: 64 << 10, ..Limits::default() };
    on_big_stack(move || crate::worker::inspect(&source, &limits));
}
