//! The proxy's own answers: a status and a line or two, with nothing in them but what was asked and what the policy says of it.

use std::net::Shutdown;
use std::time::{Duration, Instant};

use super::admit::NotMade;
use super::fault::Fault;
use super::wire::{Reader, Wire};

/// How much of what a child still sends is read before the connection closes, so that it gets to read the answer.
const MAX_LINGER: usize = 1 << 20;
/// How long.
const LINGER: Duration = Duration::from_millis(500);

/// The request makes no sense.
pub(super) fn malformed(to: &Wire, why: &str) {
    answer(to, "400 Bad Request", &format!("aegis: bad request: {why}\n"));
}

/// There is no connection for it.
pub(super) fn not_made(to: &Wire, what: &str, why: &NotMade) {
    match why {
        NotMade::Denied(why) => {
            let to_allow = why.suggestion.as_ref().map(|text| format!("to allow: {text}\n")).unwrap_or_default();
            answer(to, "403 Forbidden", &format!("aegis: {}\n{to_allow}", why.reason));
        }
        NotMade::Unreachable(why, _) => answer(to, "502 Bad Gateway", &format!("aegis: {what}: {why}\n")),
        NotMade::Unrecorded => {
            answer(to, "503 Service Unavailable", &format!("aegis: {what}: it could not be journalled; nothing was sent\n"))
        }
    }
}

/// The host did not answer as it should.
pub(super) fn bad_gateway(to: &Wire, what: &str, fault: Fault) {
    answer(to, "502 Bad Gateway", &format!("aegis: {what}: {fault}\n"));
}

/// Too many requests altogether.
pub(super) fn exhausted(to: &Wire) {
    answer(to, "503 Service Unavailable", "aegis: this command has made as many requests as it may\n");
}

fn answer(to: &Wire, status: &str, text: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    // one who no longer listens needs no answer
    let _ = to.send(format!("{head}{text}").as_bytes());
}

/// Closes a connection of which not everything was read: a plain close would take the answer away from the child.
pub(super) fn linger(from: &mut Reader<'_>, to: &Wire) {
    to.shut(Shutdown::Write);
    let (begun, mut read) = (Instant::now(), 0);
    while begun.elapsed() < LINGER && read < MAX_LINGER {
        let count = from.buffered().len();
        from.take(count);
        read += count;
        match from.more_within(LINGER) {
            Ok(true) => {}
            _ => break,
        }
    }
    to.shut(Shutdown::Both);
}
