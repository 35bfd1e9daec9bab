//! One judged request and its answer. Each has a connection to the host of its own, so that nothing behind the request can be taken
//! for another one.

use std::net::Shutdown;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use aegis_effect::ErrorCode;
use aegis_policy::{Access, Method};

use super::admit::admit;
use super::body::carry;
use super::fault::Fault;
use super::fields;
use super::framing::Framing;
use super::head::{Field, Head};
use super::reply;
use super::shared::{Shared, Wish};
use super::target::HttpAsked;
use super::wire::{Reader, Wire};

/// Most 1xx answers before the answer.
const MAX_INTERIM: usize = 16;
/// How long the rest of a request may take once its answer is complete.
const REST: Duration = Duration::from_millis(200);

/// Judges, sends and answers; whether another request may follow on the connection.
pub(super) fn forward(shared: &Shared, id: u64, reader: &mut Reader<'_>, child: &Wire, asked: &HttpAsked) -> bool {
    let url = &asked.url;
    let what = format!("{} {}", asked.method.name(), url.without_query());
    let wish = Wish { id, protocol: "http", what: &what, url: Some(url) };
    let upstream = match admit(shared, child.bounds(), &wish, &Access::Http { method: asked.method, url }, url) {
        Ok(upstream) => upstream,
        Err(not_made) => {
            reply::not_made(child, &what, &not_made);
            return false;
        }
    };
    let host = &upstream.wire;
    let (answer, sent) = exchange(reader, child, host, asked);
    // the child's mistake explains the host's silence
    let failed = match (&sent, &answer) {
        (Err(fault @ Fault::Malformed(_)), _) => Some(*fault),
        (_, Err((fault, _))) => Some(*fault),
        _ => None,
    };
    match failed {
        None => upstream.end(Ok(()), &answer.as_ref().map(|a| format!("status {}", a.status)).unwrap_or_default()),
        Some(fault) => upstream.end(Err(ErrorCode::Network), &fault.to_string()),
    }
    match (answer, sent) {
        (Ok(answer), Ok(())) => answer.keep && asked.keep,
        (Err((_, false)), Err(Fault::Malformed(why))) => {
            reply::malformed(child, why);
            false
        }
        (Err((fault, false)), _) => {
            reply::bad_gateway(child, &what, fault);
            false
        }
        _ => false,
    }
}

/// An answer that is through.
struct Answered {
    status: u16,
    /// Its end was told by something else than the end of the connection.
    keep: bool,
}

/// Sends the request while the answer is already read: a host may answer before it has read everything.
fn exchange(reader: &mut Reader<'_>, child: &Wire, host: &Wire, asked: &HttpAsked) -> (Result<Answered, (Fault, bool)>, Result<(), Fault>) {
    if let Err(fault) = host.send(&head_of(asked)) {
        return (Err((fault, false)), Ok(()));
    }
    if asked.body == Framing::None {
        return (answer(host, child, asked), Ok(()));
    }
    if asked.expects && child.send(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
        return (Err((Fault::Closed, false)), Ok(()));
    }
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        let upload = move || {
            let sent = carry(reader, asked.body, host, asked.body == Framing::Chunked);
            if matches!(sent, Err(fault) if fault != Fault::Deaf) {
                // nothing more comes for the host; one that no longer listens may still have an answer
                host.shut(Shutdown::Both);
            }
            let _ = done.send(());
            sent
        };
        let Ok(upload) = thread::Builder::new().spawn_scoped(scope, upload) else {
            return (Err((Fault::Io(std::io::ErrorKind::OutOfMemory), false)), Ok(()));
        };
        let answer = answer(host, child, asked);
        let sent_in_time = is_done.recv_timeout(REST) != Err(mpsc::RecvTimeoutError::Timeout);
        if !sent_in_time {
            // the child has its answer, and is told that nothing else comes
            host.shut(Shutdown::Both);
            child.shut(Shutdown::Write);
        }
        let sent = upload.join().unwrap_or(Err(Fault::Ended));
        (answer, if sent_in_time { sent } else { Err(Fault::Closed) })
    })
}

/// Written anew from what was judged.
fn head_of(asked: &HttpAsked) -> Vec<u8> {
    let url = &asked.url;
    let whole = url.to_url_string();
    let rest = whole.get("http://".len()..).unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut head = format!("{} {path} HTTP/1.1\r\nHost: {authority}\r\n", asked.method.name()).into_bytes();
    put(&mut head, &asked.fields);
    match asked.body {
        Framing::Length(length) => head.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes()),
        Framing::Chunked => head.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        _ if matches!(asked.method, Method::Post | Method::Put | Method::Patch) => head.extend_from_slice(b"Content-Length: 0\r\n"),
        _ => {}
    }
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    head
}

fn put(head: &mut Vec<u8>, fields: &[Field]) {
    for field in fields {
        head.extend_from_slice(field.name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(&field.value);
        head.extend_from_slice(b"\r\n");
    }
}

/// Carries the answer over. An error says whether the child got a part of it already.
fn answer(host: &Wire, child: &Wire, asked: &HttpAsked) -> Result<Answered, (Fault, bool)> {
    let mut reader = Reader::new(host);
    let early = |fault| (fault, false);
    let malformed = |why| (Fault::Malformed(why), false);
    let mut interim = 0;
    let (head, status) = loop {
        let bytes = reader.head().map_err(early)?.ok_or(early(Fault::Closed))?;
        let head = Head::parse(&bytes).map_err(malformed)?;
        let status = status_of(&head.first).ok_or(malformed("the answer has no status"))?;
        match status {
            101 => return Err(malformed("the host switched protocols unasked")),
            100..200 if interim < MAX_INTERIM => interim += 1,
            100..200 => return Err(malformed("the host never comes to its answer")),
            _ => break (head, status),
        }
    };
    let is_1_0 = head.first.starts_with("HTTP/1.0");
    let framing = Framing::of_answer(&head, is_1_0, status, asked.method == Method::Head).map_err(malformed)?;
    let chunked = framing == Framing::Chunked && !asked.is_1_0;
    let keep = match framing {
        Framing::None | Framing::Length(_) => true,
        Framing::Chunked => chunked,
        Framing::UntilClose => false,
    };
    let reason = head.first.splitn(3, ' ').nth(2).unwrap_or_default();
    let mut out = format!("HTTP/1.1 {status} {reason}\r\n").into_bytes();
    put(&mut out, &fields::of_answer(&head).map_err(malformed)?);
    match framing {
        Framing::Length(length) => out.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes()),
        // of a HEAD or a 304: how long the body would be
        Framing::None if status != 204 => {
            for length in head.all("content-length") {
                out.extend_from_slice(&[b"Content-Length: ", length, b"\r\n"].concat());
            }
        }
        Framing::Chunked if chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        _ => {}
    }
    if !keep || !asked.keep {
        out.extend_from_slice(b"Connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
    let late = |fault| (fault, true);
    child.send(&out).map_err(late)?;
    carry(&mut reader, framing, child, chunked).map_err(late)?;
    Ok(Answered { status, keep })
}

/// `HTTP/1.1 200 OK`.
fn status_of(first: &str) -> Option<u16> {
    let mut words = first.splitn(3, ' ');
    words.next().filter(|version| matches!(*version, "HTTP/1.1" | "HTTP/1.0"))?;
    let digits = words.next().filter(|word| word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().filter(|status| (100..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        assert_eq!(status_of("HTTP/1.1 200 OK"), Some(200));
        assert_eq!(status_of("HTTP/1.0 404"), Some(404));
        for first in
            ["HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 +20 x", "HTTP/1.1  200", "HTTP/2 200 OK", "ICY 200 OK", "HTTP/1.1 099 x"]
        {
            assert_eq!(status_of(first), None, "{first}");
        }
    }
}
