//! Namespaces of one's own: made by an ordinary user in a user namespace, by root in the same way, as that takes away what root is elsewhere.

use std::fs;

use rustix::thread::UnshareFlags;

use crate::error::{Calling, SandboxError};

/// Makes this process, the first of its user namespace, who it is outside, so that files belong to whom they belong; and leaves all other
/// namespaces of the system.
pub(super) fn settle(user: u32, group: u32) -> Result<(), SandboxError> {
    // an ordinary user may set groups only after promising never to drop one
    fs::write("/proc/self/setgroups", "deny").calling("write setgroups")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1")).calling("write uid_map")?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1")).calling("write gid_map")?;
    let others = UnshareFlags::NEWNS | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWCGROUP;
    // SAFETY: descriptors are not unshared, which is what could go wrong; the process has one thread.
    unsafe { rustix::thread::unshare_unsafe(others) }.calling("unshare")
}

/// Switches the loopback device of the network namespace on: programs talk to themselves over it.
pub(super) fn loopback_up() -> Result<(), SandboxError> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    use std::os::fd::AsRawFd;
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None).calling("socket")?;
    // SAFETY: plain data, for which zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo\0") {
        *to = (*from).cast_signed();
    }
    request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or(1);
    // SAFETY: a valid request, which the kernel reads only.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &request) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()).calling("ioctl(SIOCSIFFLAGS)") }
}
