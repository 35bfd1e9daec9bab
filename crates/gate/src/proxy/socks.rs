//! SOCKS5 (RFC 1928): no authentication, CONNECT only, judged as a tunnel is.

use std::net::{Ipv4Addr, Ipv6Addr};

use aegis_policy::RequestUrl;

use super::admit::NotMade;
use super::fault::Fault;
use super::shared::{Shared, Wish};
use super::target::tunnel_to;
use super::tunnel;
use super::wire::{Reader, Wire};

/// The field REP of an answer.
#[derive(Debug, Clone, Copy)]
enum Rep {
    Succeeded = 0,
    Failure = 1,
    NotAllowed = 2,
    HostUnreachable = 4,
    Refused = 5,
    NoSuchCommand = 7,
    NoSuchAddressType = 8,
}

/// Serves one connection, whose first byte is there.
pub(super) fn serve(shared: &Shared, reader: &mut Reader<'_>, child: &Wire) {
    let Ok(wanted) = negotiate(reader, child) else { return };
    let Some(id) = shared.next_id() else {
        let _ = child.send(&answer(Rep::Failure));
        return;
    };
    match wanted {
        Err((rep, why)) => {
            shared.malformed(id, "socks5", why);
            let _ = child.send(&answer(rep));
        }
        Ok(url) => {
            let what = format!("SOCKS5 {}", tunnel::authority(&url));
            let wish = Wish { id, protocol: "socks5", what: &what, url: Some(&url) };
            match tunnel::open(shared, &wish, child, &url) {
                Ok(upstream) => {
                    let ready = child.send(&answer(Rep::Succeeded));
                    tunnel::run(shared, &wish, reader, child, &upstream, &url, ready);
                }
                Err(not_made) => {
                    let rep = match not_made {
                        NotMade::Denied(_) => Rep::NotAllowed,
                        NotMade::Unreachable(_, Fault::Io(std::io::ErrorKind::ConnectionRefused)) => Rep::Refused,
                        NotMade::Unreachable(..) => Rep::HostUnreachable,
                        NotMade::Unrecorded => Rep::Failure,
                    };
                    let _ = child.send(&answer(rep));
                }
            }
        }
    }
}

/// The greeting and the request; an inner error has an answer.
fn negotiate(reader: &mut Reader<'_>, child: &Wire) -> Result<Result<RequestUrl, (Rep, &'static str)>, Fault> {
    let [_, count] = fixed(reader)?;
    let methods = reader.exactly(usize::from(count))?;
    if !methods.contains(&0) {
        child.send(&[5, 0xff])?;
        return Err(Fault::Malformed("SOCKS5 without authentication is all there is"));
    }
    child.send(&[5, 0])?;
    let [version, command, reserved, kind] = fixed(reader)?;
    if (version, reserved) != (5, 0) {
        return Ok(Err((Rep::Failure, "not a request of SOCKS5")));
    }
    let host = match kind {
        1 => Ipv4Addr::from(fixed::<4>(reader)?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(fixed::<16>(reader)?)),
        3 => {
            let [length] = fixed(reader)?;
            let name = reader.exactly(usize::from(length))?;
            // a NUL ends a name for some and not for others; so may a blank, a slash, an `@`, a byte that is not ASCII
            let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            if !name.is_empty() && name.iter().all(plain) { String::from_utf8_lossy(&name).into_owned() } else { String::new() }
        }
        _ => return Ok(Err((Rep::NoSuchAddressType, "an address type that SOCKS5 does not have"))),
    };
    let [high, low] = fixed(reader)?;
    if command != 1 {
        return Ok(Err((Rep::NoSuchCommand, "of SOCKS5 only CONNECT goes through")));
    }
    let port = u16::from_be_bytes([high, low]);
    Ok(tunnel_to(&format!("{host}:{port}")).map_err(|_| (Rep::NotAllowed, "the target of SOCKS5 is not a host and a port")))
}

fn fixed<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], Fault> {
    reader.exactly(N)?.try_into().map_err(|_| Fault::Closed)
}

const fn answer(rep: Rep) -> [u8; 10] {
    [5, rep as u8, 0, 1, 0, 0, 0, 0, 0, 0]
}
