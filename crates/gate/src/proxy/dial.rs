//! Connecting to a vetted address, and to no other.

use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use aegis_sandbox::Cancel;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};

use super::bounds::wait_once;
use super::fault::Fault;

/// A connection to that address, unless it takes too long or the proxy ends.
pub(super) fn dial(to: SocketAddr, longest: Duration, stop: &Cancel) -> Result<TcpStream, Fault> {
    let system = |errno: Errno| Fault::from(std::io::Error::from(errno));
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None).map_err(system)?;
    match connect(&socket, &to) {
        Ok(()) => return Ok(socket.into()),
        Err(Errno::INPROGRESS | Errno::INTR) => {}
        Err(errno) => return Err(system(errno)),
    }
    let until = Instant::now() + longest;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Fault::Io(std::io::ErrorKind::TimedOut));
        }
        if wait_once(socket.as_fd(), PollFlags::OUT, stop, left)? {
            sockopt::socket_error(&socket).map_err(system)?.map_err(system)?;
            return Ok(socket.into());
        }
    }
}
