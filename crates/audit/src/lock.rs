//! The lock under which a record is appended.

use std::fs::File;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

/// How long an append waits for other writers.
const PATIENCE: Duration = Duration::from_millis(200);

/// A write lock on the whole file, bound to its open file description (`F_OFD_SETLK`). Never `flock`: for that one, a descriptor
/// that can only read is enough to keep every writer out.
#[derive(Debug)]
pub(crate) struct Lock<'f>(&'f File);

impl<'f> Lock<'f> {
    /// Takes the lock. None if another holds it for longer than 200 ms.
    pub(crate) fn take(file: &'f File) -> std::io::Result<Option<Lock<'f>>> {
        let mut until = None;
        let mut pause = Duration::from_micros(10);
        loop {
            match set(file, libc::F_WRLCK) {
                Ok(()) => return Ok(Some(Lock(file))),
                Err(Errno::EAGAIN | Errno::EACCES) => {}
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
            let now = Instant::now();
            let until = *until.get_or_insert(now + PATIENCE);
            if now >= until {
                return Ok(None);
            }
            sleep(pause.min(until - now));
            pause = (pause * 2).min(Duration::from_millis(1));
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // It cannot fail on an open descriptor; and closing the file would free the lock all the same.
        let _ = set(self.0, libc::F_UNLCK);
    }
}

fn set(file: &File, kind: libc::c_int) -> nix::Result<()> {
    let whole = libc::flock {
        l_type: libc::c_short::try_from(kind).map_err(|_| Errno::EINVAL)?,
        l_whence: libc::c_short::try_from(libc::SEEK_SET).map_err(|_| Errno::EINVAL)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_SETLK(&whole)).map(drop)
}
