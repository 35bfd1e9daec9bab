//! Where a body ends (RFC 9112, section 6), where there is one answer to that.

use super::head::Head;

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// The end of the connection; answers only.
    UntilClose,
}

impl Framing {
    pub(super) fn of_request(head: &Head, is_1_0: bool) -> Result<Framing, &'static str> {
        match (chunked(head)?, length(head)?) {
            (true, Some(_)) => Err("the request has both Transfer-Encoding and Content-Length"),
            (true, None) if is_1_0 => Err("an HTTP/1.0 request has no Transfer-Encoding"),
            (true, None) => Ok(Framing::Chunked),
            (false, Some(0) | None) => Ok(Framing::None),
            (false, Some(length)) => Ok(Framing::Length(length)),
        }
    }

    pub(super) fn of_answer(head: &Head, is_1_0: bool, status: u16, to_head: bool) -> Result<Framing, &'static str> {
        let (chunked, length) = (chunked(head)?, length(head)?);
        if chunked && (length.is_some() || is_1_0) {
            return Err("the length of the answer is stated in two ways");
        }
        Ok(match (chunked, length) {
            _ if to_head || matches!(status, 204 | 304) => Framing::None,
            (true, _) => Framing::Chunked,
            (false, Some(length)) => Framing::Length(length),
            (false, None) => Framing::UntilClose,
        })
    }
}

fn chunked(head: &Head) -> Result<bool, &'static str> {
    let mut all = head.all("transfer-encoding");
    match (all.next(), all.next()) {
        (None, _) => Ok(false),
        (Some(one), None) if one.eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err("Transfer-Encoding is not `chunked` alone"),
    }
}

fn length(head: &Head) -> Result<Option<u64>, &'static str> {
    let mut all = head.all("content-length");
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => number(one).map(Some).ok_or("Content-Length is not a number"),
        // equal ones too: whoever reads them next may take them for a list
        _ => Err("Content-Length stands there more than once"),
    }
}

/// Digits only: no sign, no list, no blank inside.
fn number(text: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(text).ok().filter(|text| (1..=18).contains(&text.len()))?;
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &str) -> Result<Framing, &'static str> {
        let text = format!("POST http://h/ HTTP/1.1\r\n{fields}\r\n");
        Framing::of_request(&Head::parse(text.as_bytes()).unwrap(), false)
    }

    #[test]
    fn one_answer() {
        assert_eq!(of("Host: h\r\n"), Ok(Framing::None));
        assert_eq!(of("Content-Length: 0\r\n"), Ok(Framing::None));
        assert_eq!(of("Content-Length: 17\r\n"), Ok(Framing::Length(17)));
        assert_eq!(of("transfer-encoding: Chunked\r\n"), Ok(Framing::Chunked));
    }

    #[test]
    fn or_none() {
        for fields in [
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\ncontent-length: 2\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x1\r\n",
            "Content-Length: 1 2\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding:\r\n",
        ] {
            assert!(of(fields).is_err(), "{fields}");
        }
    }
}
