//! CONNECT: bytes in both directions, once it is clear to which host they go.

use std::net::Shutdown;
use std::thread;

use aegis_effect::ErrorCode;
use aegis_policy::{Access, RequestUrl};

use super::admit::{NotMade, Upstream, admit};
use super::fault::Fault;
use super::hello::{self, Opening};
use super::reply;
use super::shared::{Shared, Why, Wish};
use super::wire::{Reader, Wire};

/// The port on which everybody speaks TLS.
const HTTPS: u16 = 443;

/// Answers a CONNECT, and is the tunnel until it ends.
pub(super) fn connect(shared: &Shared, id: u64, reader: &mut Reader<'_>, child: &Wire, url: &RequestUrl) {
    let what = format!("CONNECT {}", authority(url));
    let wish = Wish { id, protocol: "connect", what: &what, url: Some(url) };
    match open(shared, &wish, child, url) {
        Err(not_made) => reply::not_made(child, &what, &not_made),
        Ok(upstream) => {
            let ready = child.send(b"HTTP/1.1 200 Connection established\r\n\r\n");
            run(shared, &wish, reader, child, &upstream, url, ready);
        }
    }
}

/// A connection for a tunnel, which the policy must allow as one: neither verb nor path shows in it.
pub(super) fn open<'s>(shared: &'s Shared, wish: &Wish<'_>, child: &Wire, url: &RequestUrl) -> Result<Upstream<'s>, NotMade> {
    admit(shared, child.bounds(), wish, &Access::Connect { url }, url)
}

/// `host:port`, as it was judged.
pub(super) fn authority(url: &RequestUrl) -> String {
    match url.ip {
        Some(ip) => std::net::SocketAddr::new(ip, url.port).to_string(),
        None => format!("{}:{}", url.host, url.port),
    }
}

/// Is the tunnel. `ready` is whether the child could be told that it is there.
pub(super) fn run(
    shared: &Shared,
    wish: &Wish<'_>,
    reader: &mut Reader<'_>,
    child: &Wire,
    upstream: &Upstream<'_>,
    url: &RequestUrl,
    ready: Result<(), Fault>,
) {
    let host = &upstream.wire;
    let ended = ready.and_then(|()| {
        thread::scope(|scope| {
            let down = || one_way(&mut Reader::new(host), child, host);
            let start = || thread::Builder::new().spawn_scoped(scope, down).map_err(Fault::from);
            // where the host may speak first, it is heard at once
            let early = if url.port == HTTPS { None } else { Some(start()?) };
            let checked = check(reader, url);
            if checked.is_err() {
                shut(host, child);
            }
            checked?;
            let down = match early {
                Some(down) => down,
                None => start()?,
            };
            let up = one_way(reader, host, child);
            let down = down.join().unwrap_or(Err(Fault::Ended));
            up.and(down)
        })
    });
    shut(host, child);
    match ended {
        Ok(()) => upstream.end(Ok(()), "closed"),
        Err(Fault::Malformed(reason)) => {
            let reason = format!("denied: {}: {reason}", wish.what);
            upstream.end(Err(ErrorCode::PolicyDenied), &reason);
            shared.refuse(wish, &Why { code: ErrorCode::PolicyDenied, reason, rule: None, suggestion: None });
        }
        Err(fault) => upstream.end(Err(ErrorCode::Network), &fault.to_string()),
    }
}

fn shut(host: &Wire, child: &Wire) {
    host.shut(Shutdown::Both);
    child.shut(Shutdown::Both);
}

/// Waits for the first bytes of the child, before the host gets any of them. Many hosts live at one address, and which of them answers is
/// decided by the name that TLS asks for; so that must be the host of the tunnel, which is the one that was judged. It is left out only
/// where the host is an address, for which TLS has no name. What is not TLS asks for no other host by the same means, and goes through;
/// but on the port of https nothing else is expected, and it would be something that hides.
///
/// This holds what chooses a host by that name. A host that serves several names by itself can still be asked for another of its own
/// inside TLS, where only it can see that.
fn check(reader: &mut Reader<'_>, url: &RequestUrl) -> Result<(), Fault> {
    loop {
        match hello::read(reader.buffered()) {
            Opening::Unfinished => {
                if !reader.more()? {
                    let nothing = reader.buffered().is_empty();
                    return if nothing { Ok(()) } else { Err(Fault::Closed) };
                }
            }
            Opening::Other if url.port == HTTPS => return Err(Fault::Malformed("on port 443 only TLS goes through a tunnel")),
            Opening::Other => return Ok(()),
            Opening::Unclear(why) => return Err(Fault::Malformed(why)),
            Opening::Hello(Some(name)) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                let same = url.ip.is_none() && name.eq_ignore_ascii_case(&url.host);
                return if same { Ok(()) } else { Err(Fault::Malformed("the TLS name inside is not the host of the tunnel")) };
            }
            Opening::Hello(None) if url.ip.is_some() => return Ok(()),
            Opening::Hello(None) => return Err(Fault::Malformed("TLS inside asks for no name, so the host cannot be told")),
        }
    }
}

/// One direction, to its end; then the receiver is told. A direction that breaks takes the other one with it.
fn one_way(from: &mut Reader<'_>, to: &Wire, other: &Wire) -> Result<(), Fault> {
    let carried = (|| {
        while from.any()? {
            to.send(from.buffered())?;
            let count = from.buffered().len();
            from.take(count);
        }
        Ok(())
    })();
    match carried {
        Ok(()) => to.shut(Shutdown::Write),
        Err(_) => shut(to, other),
    }
    carried
}
