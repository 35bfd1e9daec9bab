//! Messages with descriptors, between processes of this program.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType, recvmsg, sendmsg, socketpair,
};

use crate::cpu;
use crate::error::{Calling, SandboxError};

/// The longest message, in bytes, and the most descriptors in one.
const LONGEST: usize = 8192;
const MOST: usize = 4;

/// Two ends that keep messages apart. The first waits at most so long for the other.
pub(crate) fn pair(patience: Duration) -> Result<(OwnedFd, OwnedFd), SandboxError> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).calling("socketpair")?;
    set_socket_timeout(&ours, Timeout::Recv, Some(patience)).calling("setsockopt")?;
    set_socket_timeout(&ours, Timeout::Send, Some(patience)).calling("setsockopt")?;
    Ok((ours, theirs))
}

/// Sends a message; it must not be empty, as that would look like the end.
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(SandboxError::Call { call: "sendmsg", source: std::io::ErrorKind::InvalidInput.into() });
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL).calling("sendmsg").map(|_| ())
}

/// Looks for the next message without sleeping for so long, where another core can write it: to be woken takes longer than what is expected
/// soon.
pub(crate) fn look_for(socket: BorrowedFd<'_>, time: Duration) {
    if cpu::cores() < 2 {
        return;
    }
    let begin = Instant::now();
    let mut byte = [0];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    while matches!(rustix::net::recv(socket, &mut byte, flags), Err(Errno::AGAIN)) && begin.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// The next message and what came with it; nothing where the other end is closed.
pub(crate) fn receive(socket: BorrowedFd<'_>) -> Result<(Vec<u8>, Vec<OwnedFd>), SandboxError> {
    let mut bytes = vec![0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut was_reset = false;
    let got = loop {
        match recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(got) => break got.bytes,
            Err(Errno::INTR) => {}
            // the other end went away without reading all of ours; what it said before is behind the error
            Err(Errno::CONNRESET) if !was_reset => was_reset = true,
            Err(errno) => return Err(errno).calling("recvmsg"),
        }
    };
    let rights = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let fds = rights.flatten().collect();
    bytes.truncate(got);
    Ok((bytes, fds))
}
