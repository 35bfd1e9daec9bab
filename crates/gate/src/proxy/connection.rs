//! One connection of a child, from its first byte.

use std::net::TcpStream;
use std::sync::Arc;

use super::bounds::Bounds;
use super::fault::Fault;
use super::head::{Head, is_token};
use super::shared::Shared;
use super::target::{self, Asked};
use super::wire::{Reader, Wire};
use super::{forward, reply, socks, tunnel};

/// Serves it until it ends.
pub(super) fn serve(shared: &Shared, stream: TcpStream) {
    let caps = &shared.parts.caps;
    let bounds = Arc::new(Bounds::new(caps.total, caps.idle, shared.stop.clone()));
    let Ok(child) = Wire::new(stream, bounds, caps.bytes_up, caps.bytes_down) else { return };
    let mut reader = Reader::new(&child);
    if !matches!(reader.any(), Ok(true)) {
        return;
    }
    match reader.buffered().first() {
        Some(5) => socks::serve(shared, &mut reader, &child),
        Some(first) if is_token(*first) => while request(shared, &mut reader, &child) {},
        _ => {
            if let Some(id) = shared.next_id() {
                shared.malformed(id, "http", "neither HTTP nor SOCKS5");
            }
            reply::malformed(&child, "neither HTTP nor SOCKS5");
        }
    }
    reply::linger(&mut reader, &child);
}

/// One request; whether another may follow.
fn request(shared: &Shared, reader: &mut Reader<'_>, child: &Wire) -> bool {
    let head = match reader.head() {
        Ok(None) => return false,
        Ok(Some(bytes)) => Head::parse(&bytes),
        Err(Fault::Malformed(why)) => Err(why),
        Err(_) => return false,
    };
    let Some(id) = shared.next_id() else {
        reply::exhausted(child);
        return false;
    };
    match head.and_then(|head| target::read(&head)) {
        Ok(Asked::Http(asked)) => forward::forward(shared, id, reader, child, &asked),
        Ok(Asked::Tunnel(url)) => {
            tunnel::connect(shared, id, reader, child, &url);
            false
        }
        Err(why) => {
            shared.malformed(id, "http", why);
            reply::malformed(child, why);
            false
        }
    }
}
