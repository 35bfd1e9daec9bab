//! The head of a message (RFC 9112), read strictly: what two parsers could read in two ways is refused.

/// Longest head, in bytes, its empty line included.
const MAX_HEAD: usize = 64 << 10;
/// Longest line, in bytes.
const MAX_LINE: usize = 8 << 10;
/// Most fields.
const MAX_FIELDS: usize = 200;

/// A head, in parts. Nothing in it is a control character but tabs in values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// The first line.
    pub(super) first: String,
    pub(super) fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// As sent; a token.
    pub(super) name: String,
    /// Without blanks around it.
    pub(super) value: Vec<u8>,
}

impl Field {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl Head {
    /// The values of all fields of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.fields.iter().filter(move |field| field.is(name)).map(|field| &*field.value)
    }

    /// The words of all fields of that name, split at commas, in lower case.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let words = self.all(name).flat_map(|value| value.split(|b| *b == b','));
        words.map(|word| String::from_utf8_lossy(word.trim_ascii()).to_ascii_lowercase()).filter(|word| !word.is_empty()).collect()
    }

    /// Takes a whole head apart, as [`HeadScan`] found it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Head, &'static str> {
        let bytes = bytes.strip_suffix(b"\r\n\r\n").ok_or("the head has no end")?;
        let mut lines = Lines(Some(bytes));
        let first = lines.next().unwrap_or_default();
        if first.is_empty() || !first.iter().all(|b| (0x20..0x7f).contains(b)) {
            return Err("the first line has a character that does not belong there");
        }
        let first = String::from_utf8_lossy(first).into_owned();
        let fields = lines.map(field).collect::<Result<Vec<_>, _>>()?;
        if fields.len() > MAX_FIELDS {
            return Err("the head has too many fields");
        }
        Ok(Head { first, fields })
    }
}

fn field(line: &[u8]) -> Result<Field, &'static str> {
    let colon = line.iter().position(|b| *b == b':').ok_or("a field has no colon")?;
    let (name, value) = line.split_at(colon);
    if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
        // also the blank before a colon, and the blank that continues the line before
        return Err("the name of a field is not a token");
    }
    let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
    if !value.iter().all(|b| matches!(b, b'\t' | 0x20..=0x7e | 0x80..)) {
        return Err("the value of a field has a control character");
    }
    Ok(Field { name: String::from_utf8_lossy(name).into_owned(), value: value.to_vec() })
}

/// What a name is made of (RFC 9110, section 5.6.2).
pub(super) const fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(b, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Parts between line ends.
struct Lines<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0?;
        match rest.windows(2).position(|two| two == b"\r\n") {
            Some(at) => {
                self.0 = rest.get(at + 2..);
                rest.get(..at)
            }
            None => self.0.take(),
        }
    }
}

/// Looks for the end of a head in what arrived so far, each byte once.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    seen: usize,
    /// Where the present line begins.
    line: usize,
    lines: usize,
}

impl HeadScan {
    /// The length of the head, once its empty line is there. A line end that is not CR LF is an error at once: whoever sent it may
    /// wait for an answer.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        while let Some(byte) = bytes.get(self.seen) {
            let before = self.seen.checked_sub(1).and_then(|at| bytes.get(at));
            let after_return = before == Some(&b'\r') && self.seen > self.line;
            match byte {
                b'\n' if !after_return => return Err("a line ends without CR LF"),
                b'\n' => {
                    let empty = self.seen - self.line == 1;
                    self.seen += 1;
                    self.line = self.seen;
                    self.lines += 1;
                    match (empty, self.lines) {
                        (true, 1) => return Err("the first line is empty"),
                        (true, _) => return Ok(Some(self.seen)),
                        (false, lines) if lines > MAX_FIELDS + 1 => return Err("the head has too many fields"),
                        (false, _) => continue,
                    }
                }
                _ if after_return => return Err("a line ends without CR LF"),
                0 => return Err("the head has a NUL"),
                _ => {}
            }
            self.seen += 1;
            if self.seen - self.line > MAX_LINE {
                return Err("a line of the head is too long");
            }
            if self.seen >= MAX_HEAD {
                return Err("the head is too long");
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &[u8]) -> Result<Head, &'static str> {
        match HeadScan::default().end(text)? {
            Some(length) => Head::parse(&text[..length]),
            None => Err("unfinished"),
        }
    }

    #[test]
    fn a_head_and_what_follows_it() {
        let text = b"GET http://h/ HTTP/1.1\r\nHost: h\r\nX-A:\t v \xff \r\nEmpty:\r\n\r\nGET evil";
        let head = parsed(text).unwrap();
        assert_eq!(head.first, "GET http://h/ HTTP/1.1");
        let fields: Vec<_> = head.fields.iter().map(|f| (f.name.as_str(), f.value.as_slice())).collect();
        assert_eq!(fields, [("Host", b"h".as_slice()), ("X-A", b"v \xff"), ("Empty", b"")]);
        assert_eq!(HeadScan::default().end(text).unwrap(), Some(text.len() - 8));
    }

    #[test]
    fn byte_by_byte_is_the_same() {
        let text = b"GET / HTTP/1.1\r\nA: b\r\n\r\n";
        let mut scan = HeadScan::default();
        for end in 0..text.len() {
            assert_eq!(scan.end(&text[..end]), Ok(None), "{end}");
        }
        assert_eq!(scan.end(text), Ok(Some(text.len())));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            b"GET / HTTP/1.1\nHost: h\n\n".as_slice(),
            b"GET / HTTP/1.1\r\nHost: h\n\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: h\r\r\n\r\n",
            b"GET / HTTP/1.1\r\n\rX: y\r\n\r\n",
            b"\r\nGET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
            b"GET /\x7f HTTP/1.1\r\n\r\n",
            b"GET /\xe9 HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\n\tfolded: x\r\n\r\n",
            b"GET / HTTP/1.1\r\n first: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
            b"GET / HTTP/1.1\r\n: h\r\n\r\n",
            b"GET / HTTP/1.1\r\nnothing\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: \x1b[2K\r\n\r\n",
            b"GET / HTTP/1.1\r\nA(b): c\r\n\r\n",
            b"GET / HTTP/1.1\r\nA\xff: c\r\n\r\n",
        ] {
            assert!(parsed(text).is_err(), "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn too_long_or_too_many() {
        let of = |line: String, times: usize| format!("GET / HTTP/1.1\r\n{}\r\n", format!("{line}\r\n").repeat(times));
        assert_eq!(parsed(of("a: b".into(), MAX_FIELDS).as_bytes()).unwrap().fields.len(), MAX_FIELDS);
        assert!(parsed(of("a: b".into(), MAX_FIELDS + 1).as_bytes()).is_err());
        assert!(parsed(of(format!("a: {}", "x".repeat(MAX_LINE - 10)), 1).as_bytes()).is_ok());
        assert!(parsed(of(format!("a: {}", "x".repeat(MAX_LINE)), 1).as_bytes()).is_err());
        assert!(parsed(of(format!("a: {}", "x".repeat(1000)), 70).as_bytes()).is_err());
        // and before its end is there
        assert!(HeadScan::default().end(&[b'A'; MAX_LINE + 1]).is_err());
    }
}
