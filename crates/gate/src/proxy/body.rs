//! Bodies, taken out of one framing and put into another, so that both sides agree where they end.

use super::fault::Fault;
use super::framing::Framing;
use super::wire::{Reader, Wire};

/// Longest line that states the size of a chunk, with its extensions, which are dropped.
const MAX_SIZE_LINE: usize = 1 << 10;
/// Most lines of trailers, which are dropped.
const MAX_TRAILERS: usize = 100;

/// Carries one body over. Chunks are written where the receiver is told `chunked`.
pub(super) fn carry(from: &mut Reader<'_>, framing: Framing, to: &Wire, chunked: bool) -> Result<(), Fault> {
    match framing {
        Framing::None => return Ok(()),
        Framing::Length(length) => piece(from, length, to, chunked)?,
        Framing::UntilClose => {
            while from.any()? {
                let count = from.buffered().len();
                put(to, from.buffered(), chunked)?;
                from.take(count);
            }
        }
        Framing::Chunked => {
            loop {
                let size = chunk_size(&from.line(MAX_SIZE_LINE)?)?;
                if size == 0 {
                    break;
                }
                piece(from, size, to, chunked)?;
                if from.exactly(2)? != b"\r\n" {
                    return Err(Fault::Malformed("a chunk is not as long as it says"));
                }
            }
            trailers(from)?;
        }
    }
    if chunked { to.send(b"0\r\n\r\n") } else { Ok(()) }
}

fn piece(from: &mut Reader<'_>, mut left: u64, to: &Wire, chunked: bool) -> Result<(), Fault> {
    while left > 0 {
        if !from.any()? {
            return Err(Fault::Closed);
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let bytes = from.buffered();
        let bytes = bytes.get(..most).unwrap_or(bytes);
        put(to, bytes, chunked)?;
        let count = bytes.len();
        from.take(count);
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(())
}

fn put(to: &Wire, bytes: &[u8], chunked: bool) -> Result<(), Fault> {
    let sent = if chunked {
        let size = format!("{:x}\r\n", bytes.len());
        to.send(&[size.as_bytes(), bytes, b"\r\n"].concat())
    } else {
        to.send(bytes)
    };
    sent.map_err(|fault| if fault == Fault::Closed { Fault::Deaf } else { fault })
}

/// Hexadecimal digits, then perhaps an extension.
fn chunk_size(line: &[u8]) -> Result<u64, Fault> {
    let malformed = Fault::Malformed("the size of a chunk is not a number");
    let (digits, extension) = match line.iter().position(|b| *b == b';') {
        Some(at) => line.split_at(at),
        None => (line, [].as_slice()),
    };
    if !(1..=15).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(malformed);
    }
    if !extension.iter().all(|b| matches!(b, b'\t' | 0x20..=0x7e)) {
        return Err(Fault::Malformed("the extension of a chunk has a control character"));
    }
    std::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or(malformed)
}

fn trailers(from: &mut Reader<'_>) -> Result<(), Fault> {
    for _ in 0..MAX_TRAILERS {
        let line = from.line(MAX_SIZE_LINE)?;
        if line.is_empty() {
            return Ok(());
        }
        if !line.contains(&b':') || !line.iter().all(|b| matches!(b, b'\t' | 0x20..=0x7e | 0x80..)) {
            return Err(Fault::Malformed("a trailer is not a field"));
        }
    }
    Err(Fault::Malformed("the body has too many trailers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_chunks() {
        assert_eq!(chunk_size(b"1a"), Ok(26));
        assert_eq!(chunk_size(b"A;ext=\"1\""), Ok(10));
        assert_eq!(chunk_size(b"000"), Ok(0));
        for line in [b"".as_slice(), b" 1", b"1 ", b"0x1", b"+1", b"-1", b"g", b";x", b"ffffffffffffffff", b"1;\x01", b"1\r;", b"5 \t;x"] {
            assert!(chunk_size(line).is_err(), "{line:?}");
        }
    }
}
