//! The process that makes a call: what its arguments point to, and where it is.

use std::ffi::OsString;
use std::fs;
use std::io::IoSliceMut;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// A thread that waits in a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) pid: u32,
}

/// The kernel's PATH_MAX, with the NUL.
const LONGEST: usize = 4096;
const PAGE: u64 = 4096;

impl Caller {
    /// The name at an address.
    pub(super) fn text(self, address: u64) -> Result<OsString, Errno> {
        let mut text = Vec::new();
        let mut at = address;
        while text.len() < LONGEST {
            // within one page, as the next may not be there
            let length = usize::try_from(PAGE - at % PAGE).unwrap_or(1).min(LONGEST - text.len());
            let mut piece = vec![0; length];
            let got = self.read(at, &mut piece)?;
            let piece = piece.get(..got).unwrap_or_default();
            if let Some(end) = piece.iter().position(|byte| *byte == 0) {
                text.extend_from_slice(piece.get(..end).unwrap_or_default());
                return Ok(OsString::from_vec(text));
            }
            if got < length {
                return Err(Errno::FAULT);
            }
            text.extend_from_slice(piece);
            at = at.wrapping_add(u64::try_from(length).unwrap_or(1));
        }
        Err(Errno::NAMETOOLONG)
    }

    /// Numbers at an address.
    pub(super) fn numbers<const N: usize>(self, address: u64) -> Result<[i64; N], Errno> {
        let mut bytes = vec![0; N * 8];
        if self.read(address, &mut bytes)? < bytes.len() {
            return Err(Errno::FAULT);
        }
        let mut numbers = [0; N];
        for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = bytes.try_into().map_or(0, i64::from_le_bytes);
        }
        Ok(numbers)
    }

    fn read(self, address: u64, to: &mut [u8]) -> Result<usize, Errno> {
        let mut local = [IoSliceMut::new(to)];
        let length = local.first().map_or(0, |piece| piece.len());
        let remote = libc::iovec { iov_base: usize::try_from(address).map_err(|_| Errno::FAULT)? as *mut libc::c_void, iov_len: length };
        let pid = libc::pid_t::try_from(self.pid).map_err(|_| Errno::SRCH)?;
        // SAFETY: one valid buffer of ours, which IoSliceMut lays out as an iovec; what the other address means, the kernel checks.
        let got = unsafe { libc::process_vm_readv(pid, local.as_mut_ptr().cast(), 1, &remote, 1, 0) };
        usize::try_from(got).map_err(|_| std::io::Error::last_os_error().raw_os_error().map_or(Errno::FAULT, Errno::from_raw_os_error))
    }

    /// The directory that a name starts from, as the caller knows it. `directory`: a descriptor of the caller's, or AT_FDCWD.
    pub(super) fn base(self, directory: Option<u64>) -> Result<PathBuf, Errno> {
        // the kernel takes the low 32 bits
        let fd = directory.map_or(libc::AT_FDCWD, |fd| (fd & 0xffff_ffff) as u32 as i32);
        let link = if fd == libc::AT_FDCWD { "cwd".to_owned() } else { format!("fd/{fd}") };
        self.link(&link)
    }

    /// Where a descriptor of the caller's leads.
    fn link(self, name: &str) -> Result<PathBuf, Errno> {
        match fs::read_link(format!("/proc/{}/{name}", self.pid)) {
            Ok(path) if path.is_absolute() => Ok(path),
            // a pipe, a socket
            Ok(_) => Err(Errno::NOTDIR),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Errno::BADF),
            Err(_) => Err(Errno::PERM),
        }
    }

    /// A name from its base on.
    pub(super) fn path(self, directory: Option<u64>, text: &Path) -> Result<PathBuf, Errno> {
        if text.as_os_str().is_empty() {
            return Err(Errno::NOENT);
        }
        if text.is_absolute() {
            return Ok(text.to_path_buf());
        }
        // not by Path::join, which forgets a last slash
        let base = self.base(directory)?;
        Ok(PathBuf::from(OsString::from_vec([base.as_os_str().as_bytes(), b"/", text.as_os_str().as_bytes()].concat())))
    }

    /// The file that a descriptor of the caller's is open on, as a name of ours.
    pub(super) fn descriptor(self, fd: u64) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", self.pid, (fd & 0xffff_ffff) as u32 as i32))
    }

    /// Bits that the caller takes from the mode of new files.
    pub(super) fn umask(self) -> Result<u32, Errno> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).map_err(|_| Errno::SRCH)?;
        let line = status.lines().find_map(|line| line.strip_prefix("Umask:")).ok_or(Errno::SRCH)?;
        u32::from_str_radix(line.trim(), 8).map_err(|_| Errno::SRCH)
    }
}
