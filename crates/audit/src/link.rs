//! Sequence number and claimed hash of a line: in our own shape by position, in the older ones by parsing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::clock::STAMP_BYTES;
use crate::run_id::RunId;

/// What ties a line to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    /// The hex digits that the line claims.
    pub(crate) prev: [u8; 64],
}

/// The names under which the two stand in a record.
const NAMES: [(&str, &str); 4] =
    [("seq", "prev"), ("seq", "prev_hash"), ("aegis_seq", "aegis_prev_hash"), ("denyx_seq", "denyx_prev_hash")];

/// Why a line is no link of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoLink {
    /// It is not a JSON object with both fields, once each.
    NotARecord,
    /// It is a record of a later version of this format.
    Version(u64),
}

const HEAD: &[u8] = b"{\"v\":1,\"seq\":";

/// The link of a line (without its newline).
pub(crate) fn link(line: &[u8]) -> Result<Link, NoLink> {
    match own(line) {
        Some((link, _)) => Ok(link),
        None => parsed(line),
    }
}

/// The link of a line in the shape that this crate writes, and what stands behind the sequence number.
///
/// In JSON no string holds a bare quote, so the last field of the text is the last field of the object.
pub(crate) fn own(line: &[u8]) -> Option<(Link, &[u8])> {
    let (seq, rest) = head(line)?;
    let (rest, hash) = rest.strip_suffix(b"\"}")?.split_last_chunk::<64>()?;
    let is_hex = hash.iter().fold(true, |all, b| all & (b.is_ascii_digit() | (b'a'..=b'f').contains(b)));
    let fields = rest.strip_suffix(b",\"prev\":\"")?;
    is_hex.then_some((Link { seq, prev: *hash }, fields))
}

/// The sequence number at the head of a line that may be torn further on, and what follows.
fn head(line: &[u8]) -> Option<(u64, &[u8])> {
    let rest = line.strip_prefix(HEAD)?;
    let mut seq = 0u64;
    let mut digits = 0usize;
    for digit in rest.iter().take_while(|b| b.is_ascii_digit()) {
        seq = seq.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        digits += 1;
    }
    let (number, rest) = rest.split_at_checked(digits)?;
    if number.first() == Some(&b'0') || rest.first() != Some(&b',') {
        return None;
    }
    Some((seq, rest))
}

/// The run that a line of our own shape belongs to, also if the line is torn behind it; and what follows.
pub(crate) fn run(line: &[u8]) -> Option<(RunId, &[u8])> {
    let (_, rest) = head(line)?;
    let (_, rest) = rest.strip_prefix(b",\"time\":\"")?.split_at_checked(STAMP_BYTES)?;
    let (run, rest) = rest.strip_prefix(b"\",\"run\":\"")?.split_at_checked(RunId::BYTES)?;
    Some((RunId::parse(run)?, rest))
}

/// Whether a line of our own shape is of this kind.
pub(crate) fn is_of_kind(line: &[u8], kind: &[u8]) -> bool {
    run(line)
        .and_then(|(_, rest)| rest.strip_prefix(b"\",\"kind\":\""))
        .and_then(|rest| rest.strip_prefix(kind))
        .is_some_and(|rest| rest.first() == Some(&b'"'))
}

fn parsed(line: &[u8]) -> Result<Link, NoLink> {
    let found: Found = serde_json::from_slice(line).map_err(|_| NoLink::NotARecord)?;
    if found.twice {
        return Err(NoLink::NotARecord);
    }
    let mut pairs = found.seqs.into_iter().zip(found.hashes).filter_map(|(seq, hash)| Some((seq?, hash?)));
    let Some((seq, prev)) = pairs.next() else {
        return Err(match found.version {
            Some(version) if version > 1 => NoLink::Version(version),
            _ => NoLink::NotARecord,
        });
    };
    if pairs.next().is_some() {
        return Err(NoLink::NotARecord);
    }
    match found.version {
        // Only our own shape has both a version and `prev`.
        Some(version) if version > 1 && found.hashes.first().is_some_and(Option::is_some) => Err(NoLink::Version(version)),
        _ => Ok(Link { seq, prev }),
    }
}

/// The fields of a line that matter, by the rows of [`NAMES`].
#[derive(Default)]
struct Found {
    seqs: [Option<u64>; NAMES.len()],
    hashes: [Option<[u8; 64]>; NAMES.len()],
    version: Option<u64>,
    /// Whether one of them stands there twice: readers differ in which one they take.
    twice: bool,
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FoundVisitor)
    }
}

struct FoundVisitor;

impl<'de> Visitor<'de> for FoundVisitor {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if NAMES.iter().any(|(seq, _)| *seq == key) {
                let value: u64 = map.next_value()?;
                for (_, place) in NAMES.iter().zip(&mut found.seqs).filter(|((seq, _), _)| *seq == key) {
                    found.twice |= place.replace(value).is_some();
                }
            } else if let Some((_, place)) = NAMES.iter().zip(&mut found.hashes).find(|((_, hash), _)| *hash == key) {
                let value: std::borrow::Cow<'de, str> = map.next_value()?;
                let value = value.as_bytes().try_into().map_err(|_| A::Error::custom("not a hash"))?;
                found.twice |= place.replace(value).is_some();
            } else if key == "v" {
                // Foreign records may use the name for anything.
                let value: serde_json::Value = map.next_value()?;
                found.twice |= found.version.is_some();
                found.version = value.as_u64().or(found.version);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: &str = "00000000000000000000000000000000000000000000000000000000000000ab";

    fn of(line: &str) -> Result<(u64, String), NoLink> {
        link(line.as_bytes()).map(|l| (l.seq, String::from_utf8(l.prev.to_vec()).unwrap()))
    }

    #[test]
    fn every_shape() {
        for line in [
            format!(r#"{{"v":1,"seq":7,"time":"x","prev":"{H}"}}"#),
            format!(r#"{{"prev":"{H}","v":1,"seq":7}}"#),
            format!(r#"{{"a":{{"seq":1}},"seq":7,"prev_hash":"{H}"}}"#),
            format!(r#"{{"aegis_prev_hash":"{H}","v":"x","aegis_seq":7}}"#),
            format!(r#"{{"seq":7,"v":2,"prev_hash":"{H}"}}"#),
            format!(r#" {{"denyx_seq": 7, "b":[[["seq"]]], "denyx_prev_hash": "{H}"}} "#),
        ] {
            assert_eq!(of(&line), Ok((7, H.to_owned())), "{line}");
        }
    }

    #[test]
    fn what_is_no_link() {
        for line in [
            String::new(),
            "null".into(),
            "[]".into(),
            "{}".into(),
            r#"{"seq":7}"#.into(),
            format!(r#"{{"prev":"{H}"}}"#),
            format!(r#"{{"v":1,"seq":07,"prev":"{H}"}}"#),
            format!(r#"{{"v":1,"seq":-7,"prev":"{H}"}}"#),
            format!(r#"{{"v":1,"seq":99999999999999999999,"prev":"{H}"}}"#),
            format!(r#"{{"v":1,"seq":7,"prev":"{H}0"}}"#),
            format!(r#"{{"v":1,"seq":7,"prev":"{H}"}}x"#),
            format!(r#"{{"seq":7,"seq":8,"prev":"{H}"}}"#),
            format!(r#"{{"seq":7,"prev":"{H}","prev_hash":"{H}"}}"#),
            format!(r#"{{"seq":7,"aegis_prev_hash":"{H}"}}"#),
        ] {
            assert_eq!(of(&line), Err(NoLink::NotARecord), "{line}");
        }
        assert_eq!(of(&format!(r#"{{"v":2,"seq":7,"prev":"{H}"}}"#)), Err(NoLink::Version(2)));
        assert_eq!(of(r#"{"v":2,"sequence":7}"#), Err(NoLink::Version(2)));
    }

    #[test]
    fn run_of_a_torn_line() {
        let id = RunId::generate().unwrap();
        let line = format!(r#"{{"v":1,"seq":7,"time":"2026-11-20T11:33:38.123456789Z","run":"{id}","kind":"repair","x":1"#);
        assert_eq!(run(line.as_bytes()).map(|r| r.0), Some(id));
        assert!(is_of_kind(line.as_bytes(), b"repair"));
        assert!(!is_of_kind(line.as_bytes(), b"rep"));
        assert!(run(&line.as_bytes()[..70]).is_none());
    }
}
