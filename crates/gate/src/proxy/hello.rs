//! The name that a TLS client asks for in its first message (RFC 8446, RFC 6066).

/// Longest first message, in bytes, with its records' headers.
const MAX_HELLO: usize = 48 << 10;

/// What the first bytes of a tunnel are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opening {
    /// Too few of them to say.
    Unfinished,
    /// Not TLS.
    Other,
    /// A ClientHello, with the name it asks for, if it asks for one.
    Hello(Option<String>),
    /// TLS, but nothing whose name can be told.
    Unclear(&'static str),
}

/// Reads what has arrived so far.
pub(super) fn read(bytes: &[u8]) -> Opening {
    // a handshake record of any version of TLS
    match bytes {
        [] | [0x16] => return Opening::Unfinished,
        [0x16, 0x03, ..] => {}
        _ => return Opening::Other,
    }
    let message = match handshake(bytes) {
        Ok(message) => message,
        Err(other) => return other,
    };
    match name(&message) {
        Some(Ok(name)) => Opening::Hello(name),
        Some(Err(why)) => Opening::Unclear(why),
        None => Opening::Unclear("its first TLS message is not valid"),
    }
}

/// The first handshake message, put together from as many records as it takes, without its header.
fn handshake(bytes: &[u8]) -> Result<Vec<u8>, Opening> {
    let mut records = Input(bytes);
    let mut message = Vec::new();
    loop {
        if let [kind, a, b, c, body @ ..] = &*message {
            if *kind != 1 {
                return Err(Opening::Unclear("its first TLS message is not a ClientHello"));
            }
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            if length > MAX_HELLO {
                return Err(Opening::Unclear("its ClientHello is too long"));
            }
            if let Some(body) = body.get(..length) {
                return Ok(body.to_vec());
            }
        }
        if bytes.len() > MAX_HELLO {
            return Err(Opening::Unclear("its ClientHello is too long"));
        }
        let Some(head) = records.bytes(3) else { return Err(Opening::Unfinished) };
        if !matches!(head, [0x16, 0x03, _]) {
            return Err(Opening::Unclear("its ClientHello is not whole"));
        }
        let Some(length) = records.number(2) else { return Err(Opening::Unfinished) };
        if length == 0 || length > 1 << 14 {
            return Err(Opening::Unclear("its first TLS record has no valid length"));
        }
        match records.bytes(length) {
            Some(part) => message.extend_from_slice(part),
            None => return Err(Opening::Unfinished),
        }
    }
}

/// The name in a ClientHello; nothing where it is not one.
fn name(message: &[u8]) -> Option<Result<Option<String>, &'static str>> {
    let mut hello = Input(message);
    hello.bytes(2 + 32)?;
    hello.part(1)?;
    hello.part(2)?;
    hello.part(1)?;
    if hello.0.is_empty() {
        return Some(Ok(None));
    }
    let mut extensions = Input(hello.part(2)?);
    if !hello.0.is_empty() {
        return None;
    }
    let mut found = None;
    while !extensions.0.is_empty() {
        let kind = extensions.number(2)?;
        let mut content = Input(extensions.part(2)?);
        match kind {
            0 => {
                let mut list = Input(content.part(2)?);
                let host = list.number(1).filter(|kind| *kind == 0).and_then(|_| list.part(2))?;
                if found.is_some() || !list.0.is_empty() || !content.0.is_empty() {
                    return Some(Err("it asks for more than one name"));
                }
                if host.is_empty() || !host.iter().all(u8::is_ascii_graphic) {
                    return Some(Err("the name it asks for is not a host"));
                }
                found = Some(String::from_utf8_lossy(host).into_owned());
            }
            // encrypted_client_hello and its predecessor: the name that counts would be the hidden one
            0xfe0d | 0xffce => return Some(Err("it hides the name it asks for (ECH)")),
            _ => {}
        }
    }
    Some(Ok(found))
}

/// What is still to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    /// A number of so many bytes, the first one the highest.
    fn number(&mut self, width: usize) -> Option<usize> {
        Some(self.bytes(width)?.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)))
    }

    /// A part behind its length, which has so many bytes.
    fn part(&mut self, width: usize) -> Option<&'a [u8]> {
        let length = self.number(width)?;
        self.bytes(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_length(width: usize, bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len().to_be_bytes();
        [&length[8 - width..], bytes].concat()
    }

    fn sni(names: &[&[u8]]) -> Vec<u8> {
        let list: Vec<u8> = names.iter().flat_map(|name| [vec![0], with_length(2, name)].concat()).collect();
        [vec![0, 0], with_length(2, &with_length(2, &list))].concat()
    }

    fn message(extensions: &[u8]) -> Vec<u8> {
        let body = [&[3, 3][..], &[7; 32], &[0], &with_length(2, &[0x13, 1]), &with_length(1, &[0]), &with_length(2, extensions)].concat();
        [vec![1], with_length(3, &body)].concat()
    }

    fn record(part: &[u8]) -> Vec<u8> {
        [vec![0x16, 3, 1], with_length(2, part)].concat()
    }

    fn hello(extensions: &[u8]) -> Vec<u8> {
        record(&message(extensions))
    }

    #[test]
    fn the_name_is_found_however_the_message_is_cut() {
        let extensions = [vec![0, 16], with_length(2, b"xyz"), sni(&[b"Host.Example"])].concat();
        let named = Opening::Hello(Some("Host.Example".into()));
        let whole = hello(&extensions);
        assert_eq!(read(&whole), named);
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), Opening::Unfinished, "{end}");
        }
        assert_eq!(read(&[whole, b"more".to_vec()].concat()), named);
        let message = message(&extensions);
        let in_pieces: Vec<u8> = message.chunks(7).flat_map(record).collect();
        assert_eq!(read(&in_pieces), named);
        let (front, back) = message.split_at(20);
        assert!(matches!(read(&[record(front), vec![0x17, 3, 1, 0, 1, 0], record(back)].concat()), Opening::Unclear(_)));
    }

    #[test]
    fn what_is_not_clear() {
        let ech = [sni(&[b"h"]), vec![0xfe, 0x0d], with_length(2, b"x")].concat();
        for extensions in
            [sni(&[b"a", b"b"]), [sni(&[b"a"]), sni(&[b"a"])].concat(), sni(&[b"a\0b"]), sni(&[b""]), sni(&[b"a b"]), ech, vec![0]]
        {
            assert!(matches!(read(&hello(&extensions)), Opening::Unclear(_)), "{extensions:?}");
        }
        assert!(matches!(read(&record(&[2, 0, 0, 1, 0])), Opening::Unclear(_)));
        assert!(matches!(read(&record(&[])), Opening::Unclear(_)));
        assert!(matches!(read(&[0x16, 3, 1, 0xff, 0xff, 1]), Opening::Unclear(_)));
        assert!(matches!(read(&record(&[1, 0xff, 0xff, 0xff])), Opening::Unclear(_)));
    }

    #[test]
    fn no_name_and_no_tls() {
        assert_eq!(read(&hello(&[])), Opening::Hello(None));
        for bytes in [b"SSH-2.0-x".as_slice(), b"GET / HTTP/1.1\r\n", &[0x16, 2], &[0x80, 0x2e, 1], &[0]] {
            assert_eq!(read(bytes), Opening::Other, "{bytes:?}");
        }
    }
}
