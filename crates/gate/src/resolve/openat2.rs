//! Two ways to let the kernel resolve a path in one call.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

/// How often a call that a signal or a concurrent rename interrupted is repeated.
const ATTEMPTS: u32 = 32;

/// Opens beneath the directory with no symbolic link on the way: where this succeeds, the lexical path is the real one. ELOOP where there
/// is a link, also as the last component; EXDEV where the path would leave the directory.
pub(crate) fn beneath(dir: BorrowedFd<'_>, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    open(dir, relative, flags, ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS)
}

/// Opens wherever links and `..` lead. Links of procfs that only the kernel can follow are ELOOP: followed by us, they would lead into our
/// own process.
pub(crate) fn following(dir: BorrowedFd<'_>, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    open(dir, relative, flags, ResolveFlags::NO_MAGICLINKS)
}

fn open(dir: BorrowedFd<'_>, relative: &Path, flags: OFlags, resolve: ResolveFlags) -> Result<OwnedFd, Errno> {
    let mut last = Errno::AGAIN;
    for _ in 0..ATTEMPTS {
        match openat2(dir, relative, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            Err(e @ (Errno::INTR | Errno::AGAIN)) => last = e,
            done => return done,
        }
    }
    Err(last)
}
