//! The memory that broker and worker share: two rings of words, one for each direction.
//!
//! Everything in it is atomic, so that whatever the other side writes, and whenever, is a value and never undefined behaviour. What it
//! means is checked by the reader.

use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::process::{Resource, getrlimit};

use crate::error::{Calling, SandboxError};
use crate::memory::file_in_memory;

/// Words of 8 bytes in a ring; a power of two.
pub(super) const WORDS: u32 = 8192;

/// A value on a cache line of its own: the two sides write different ones all the time.
#[repr(C, align(64))]
#[derive(Debug)]
pub(super) struct Alone<T>(pub(super) T);

/// One direction.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Ring {
    /// Words ever written, modulo 2^32; the writer's.
    pub(super) written: Alone<AtomicU32>,
    /// Words ever read, modulo 2^32; the reader's.
    pub(super) read: Alone<AtomicU32>,
    /// 1 while the reader sleeps at the socket; set by it, cleared by whoever wakes it.
    pub(super) reader_sleeps: Alone<AtomicU32>,
    /// The same for a writer that waits for room.
    pub(super) writer_sleeps: Alone<AtomicU32>,
    pub(super) words: [AtomicU64; WORDS as usize],
}

/// All of it.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) to_worker: Ring,
    pub(super) to_broker: Ring,
    /// How long the worker looks for an answer before it sleeps, in microseconds; the broker's.
    pub(super) worker_spin: Alone<AtomicU32>,
}

const SIZE: NonZeroUsize = match NonZeroUsize::new(size_of::<Layout>()) {
    Some(size) => size,
    None => NonZeroUsize::MIN,
};

/// A mapping of the shared memory. Unmapped when dropped.
#[derive(Debug)]
pub struct SharedPages {
    at: NonNull<Layout>,
}

// SAFETY: the mapping belongs to no thread, and all that is done with it are atomic operations.
unsafe impl Send for SharedPages {}
// SAFETY: as above.
unsafe impl Sync for SharedPages {}

impl SharedPages {
    /// New memory, zeroed, and the descriptor by which a worker maps it. Its size is sealed: nobody can cut it off under the other side.
    /// None where the limit on file sizes, which counts here too, leaves no room: exceeding it is a deadly signal.
    pub(crate) fn create() -> Result<Option<(SharedPages, OwnedFd)>, SandboxError> {
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| usize::try_from(limit).is_ok_and(|limit| limit < SIZE.get())) {
            return Ok(None);
        }
        let fd = file_in_memory(MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&fd, u64::try_from(SIZE.get()).unwrap_or(u64::MAX)).calling("ftruncate")?;
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL).calling("fcntl(F_ADD_SEALS)")?;
        Ok(Some((SharedPages::map(fd.as_fd())?, fd)))
    }

    /// The memory behind a descriptor that [`Self::create`] made; none if there is no such descriptor.
    pub(crate) fn open(fd: BorrowedFd<'_>) -> Result<Option<SharedPages>, SandboxError> {
        let sealed = match fcntl_get_seals(fd) {
            Err(Errno::BADF) => return Ok(None),
            seals => seals.is_ok_and(|seals| seals.contains(SealFlags::SHRINK | SealFlags::SEAL)),
        };
        let size = fstat(fd).ok().and_then(|stat| usize::try_from(stat.st_size).ok());
        if !sealed || size != Some(SIZE.get()) {
            return Err(SandboxError::NotAWorker);
        }
        SharedPages::map(fd).map(Some)
    }

    fn map(fd: BorrowedFd<'_>) -> Result<SharedPages, SandboxError> {
        // SAFETY: a new mapping at a place that the kernel chooses; its size is that of `Layout` and cannot change.
        let at = unsafe { mmap(std::ptr::null_mut(), SIZE.get(), ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, fd, 0) };
        let at = at.calling("mmap")?;
        NonNull::new(at.cast()).map(|at| SharedPages { at }).ok_or(SandboxError::NotAWorker)
    }

    pub(super) fn layout(&self) -> &Layout {
        // SAFETY: mapped for as long as `self` lives, page aligned, large enough; every field is an atomic, for which any bits are valid.
        unsafe { self.at.as_ref() }
    }
}

impl Drop for SharedPages {
    fn drop(&mut self) {
        // SAFETY: the mapping made by `map`, to which nothing refers any more. A failure would leave it mapped.
        let _ = unsafe { munmap(self.at.as_ptr().cast(), SIZE.get()) };
    }
}
