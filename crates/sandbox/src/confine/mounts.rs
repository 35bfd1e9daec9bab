//! Mounts, one by one. An error names the path.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::mount::{MountFlags, mount, mount_bind, mount_bind_recursive};

use crate::error::SandboxError;

/// What a mount forbids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forbids(u64);

// linux/mount.h
const MOUNT_ATTR_RDONLY: u64 = 0x1;
const MOUNT_ATTR_NOSUID: u64 = 0x2;
const MOUNT_ATTR_NODEV: u64 = 0x4;
const MOUNT_ATTR_NOEXEC: u64 = 0x8;

impl Forbids {
    /// Raised privileges; for mounts of devices.
    pub(super) const SETUID: Forbids = Forbids(MOUNT_ATTR_NOSUID);
    /// Raised privileges and devices.
    pub(super) const DEVICES: Forbids = Forbids(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);

    pub(super) const fn and_writes(self) -> Forbids {
        Forbids(self.0 | MOUNT_ATTR_RDONLY)
    }

    pub(super) const fn and_programs(self) -> Forbids {
        Forbids(self.0 | MOUNT_ATTR_NOEXEC)
    }
}

/// Names what failed, and where.
pub(super) fn at<T, E: Into<io::Error>>(result: Result<T, E>, what: &str, path: &Path) -> Result<T, SandboxError> {
    result.map_err(|error| SandboxError::Confine { what: format!("{what} {}", path.display()), source: error.into() })
}

/// Shows a file or tree at another place, with all that is mounted below it.
pub(super) fn bind(from: &Path, to: &Path, forbids: Forbids) -> Result<(), SandboxError> {
    at(mount_bind_recursive(from, to), "bind", to)?;
    forbid(to, forbids, true)
}

/// The same for one file or directory.
pub(super) fn bind_one(from: &Path, to: &Path, forbids: Forbids) -> Result<(), SandboxError> {
    at(mount_bind(from, to), "bind", to)?;
    forbid(to, forbids, false)
}

/// Makes mounts stricter; what they forbid already stays.
pub(super) fn forbid(path: &Path, forbids: Forbids, with_below: bool) -> Result<(), SandboxError> {
    #[repr(C)]
    struct Attributes {
        set: u64,
        clear: u64,
        propagation: u64,
        user_namespace: u64,
    }
    let attributes = Attributes { set: forbids.0, clear: 0, propagation: 0, user_namespace: 0 };
    let name = at(CString::new(path.as_os_str().as_bytes()), "restrict", path)?;
    let flags = libc::AT_SYMLINK_NOFOLLOW | if with_below { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: a NUL-terminated name and a structure of the size that is given; the kernel reads both.
    let done =
        unsafe { libc::syscall(libc::SYS_mount_setattr, libc::AT_FDCWD, name.as_ptr(), flags, &attributes, size_of::<Attributes>()) };
    at(if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }, "restrict", path)
}

/// A new file system of the kernel's own. `options` as mount(8) has them.
pub(super) fn mount_new(kind: &str, to: &Path, flags: MountFlags, options: &str) -> Result<(), SandboxError> {
    let options = at(CString::new(options), "mount", to)?;
    at(mount(kind, to, kind, flags, options.as_c_str()), "mount", to)
}
