//! One record as one line.

use crate::clock::Clock;
use crate::digest::Sha256Digest;
use crate::fields::{Fields, push_number};
use crate::record::Record;
use crate::run_id::RunId;

/// The longest line that is written, its newline included.
pub const MAX_RECORD_BYTES: usize = 16 * 1024;

/// What stands around the fields of a record at most: `v`, `seq`, `time`, `run` and `prev`.
const FRAME_BYTES: usize = 256;

/// How long one value may be, from the generous to the last resort.
const ROOMS: [usize; 5] = [12 * 1024, 2 * 1024, 512, 128, 0];

/// Encodes kind and fields into `body`; values are cut until they fit. `false` if even that does not help.
pub(crate) fn encode_body(body: &mut Vec<u8>, record: &dyn Record) -> bool {
    ROOMS.iter().any(|room| {
        body.clear();
        body.extend_from_slice(b",\"kind\":\"");
        body.extend_from_slice(record.kind().as_bytes());
        body.push(b'"');
        record.fields(&mut Fields::new(body, *room, true));
        body.len() + FRAME_BYTES <= MAX_RECORD_BYTES
    })
}

/// Puts the line together, newline included.
pub(crate) fn assemble(line: &mut Vec<u8>, seq: u64, clock: &mut Clock, run: &RunId, body: &[u8], prev: &Sha256Digest) {
    line.clear();
    line.extend_from_slice(b"{\"v\":1,\"seq\":");
    push_number(line, seq);
    line.extend_from_slice(b",\"time\":\"");
    clock.stamp(line);
    line.extend_from_slice(b"\",\"run\":\"");
    line.extend_from_slice(run.as_bytes());
    line.push(b'"');
    line.extend_from_slice(body);
    line.extend_from_slice(b",\"prev\":\"");
    line.extend_from_slice(&prev.hex());
    line.extend_from_slice(b"\"}\n");
}
