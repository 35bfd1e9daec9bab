//! Entries for fuzzers, of what parses the bytes of confined children and of hosts. Not part of the interface.

use super::framing::Framing;
use super::head::{Head, HeadScan};
use super::hello;
use super::target::{self, Asked};

/// Bytes as the head of a request. Holds what must be true of any of them.
///
/// # Panics
/// If that is not so.
pub fn proxy_head(bytes: &[u8]) {
    let found = HeadScan::default().end(bytes);
    let mut scan = HeadScan::default();
    let piecewise = (0..=bytes.len()).find_map(|end| bytes.get(..end).and_then(|part| scan.end(part).transpose()));
    assert_eq!(found.transpose(), piecewise, "the end of a head depends on how it arrives");
    let Some(Ok(length)) = piecewise else { return };
    let Some(Ok(head)) = bytes.get(..length).map(Head::parse) else { return };
    assert!(!head.first.contains(['\r', '\n', '\0']));
    assert!(head.fields.iter().all(|field| !field.value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0))));
    let _ = Framing::of_answer(&head, false, 200, false);
    if let Ok(Asked::Http(asked)) = target::read(&head) {
        assert!(!asked.url.https && !asked.url.host.is_empty() && asked.url.port != 0);
        let fields = &asked.fields;
        assert!(!fields.iter().any(|f| f.is("host") || f.is("content-length") || f.is("transfer-encoding") || f.is("connection")));
    }
}

/// Bytes as the beginning of a tunnel: what is a ClientHello stays one, whatever follows.
///
/// # Panics
/// If that is not so.
pub fn proxy_hello(bytes: &[u8]) {
    let whole = hello::read(bytes);
    for end in [bytes.len() / 2, bytes.len().saturating_sub(1)] {
        let part = hello::read(bytes.get(..end).unwrap_or_default());
        if matches!(part, hello::Opening::Hello(_) | hello::Opening::Other) {
            assert_eq!(part, whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..300)) {
            super::proxy_head(&data);
            super::proxy_hello(&data);
            super::proxy_hello(&[&[0x16, 3, 1][..], &data].concat());
        }

        #[test]
        fn almost_a_head(text in "(GET|POST|CONNECT) (http://)?[a.@:\\[\\]%0-9]{1,8}[/a?# ]{0,4} HTTP/1\\.[01]\r\n((Host|Content-Length|Transfer-Encoding|Connection|X_y): ?[a:.,0-9 ]{0,8}\r?\n){0,4}\r\n") {
            super::proxy_head(text.as_bytes());
        }
    }
}
