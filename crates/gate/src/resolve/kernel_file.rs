//! Objects that are the kernel's and no files. What /proc/self gives depends on who reads it: read by us for a script, it would be our own
//! memory, environment and descriptors. So nothing on these file systems is a file, whatever a policy says.

use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{fstatfs, major};

use crate::resolve::prepared::Meta;

/// procfs, sysfs, debugfs, tracefs, configfs, securityfs, bpf, efivarfs, selinuxfs (linux/magic.h).
const KERNEL_FILE_SYSTEMS: [u32; 9] =
    [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x6265_6570, 0x7363_6673, 0xcafe_4a11, 0xde5e_81e4, 0xf97c_ff8c];

/// Whether the object stands on a file system of the kernel. Where that cannot be said, it does.
pub(crate) fn is_on_kernel_fs(fd: BorrowedFd<'_>, meta: &Meta) -> bool {
    // These have no block device; a file that has one needs no second question.
    if major(meta.dev) != 0 {
        return false;
    }
    match fstatfs(fd) {
        Ok(fs) => KERNEL_FILE_SYSTEMS.iter().any(|magic| i128::from(fs.f_type) & 0xffff_ffff == i128::from(*magic)),
        Err(_) => true,
    }
}

/// Whether opening may already do something (a watchdog, a tape), so that the kind of node is looked at before.
pub(crate) fn may_be_special(absolute: &Path) -> bool {
    ["/dev", "/proc", "/sys"].iter().any(|dir| absolute.starts_with(dir))
}
