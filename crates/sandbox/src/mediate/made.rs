//! What commands have made themselves.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, StatxFlags, statx};

/// So many are known; of more it is not known that they are the commands' own.
const MOST: usize = 200_000;

/// A file as no other one ever is: the number of one that is gone is given away again, at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Born {
    device: (u32, u32),
    inode: u64,
    seconds: i64,
    nanos: u32,
}

/// The files and directories that were made since the launcher started.
#[derive(Debug, Default)]
pub(super) struct Made(HashSet<Born>);

impl Made {
    /// A name was made just now.
    pub(super) fn add(&mut self, directory: impl AsFd, name: &OsStr) {
        if self.0.len() < MOST
            && let Some(born) = born(directory, name)
        {
            self.0.insert(born);
        }
    }

    /// Whether what has this name was made so.
    pub(super) fn has(&self, directory: impl AsFd, name: &OsStr) -> bool {
        !self.0.is_empty() && born(directory, name).is_some_and(|born| self.0.contains(&born))
    }
}

/// None where the file system does not know when a file was made.
fn born(directory: impl AsFd, name: &OsStr) -> Option<Born> {
    let what = statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO | StatxFlags::BTIME).ok()?;
    let knows = StatxFlags::from_bits_retain(what.stx_mask).contains(StatxFlags::BTIME);
    let device = (what.stx_dev_major, what.stx_dev_minor);
    knows.then_some(Born { device, inode: what.stx_ino, seconds: what.stx_btime.tv_sec, nanos: what.stx_btime.tv_nsec })
}
