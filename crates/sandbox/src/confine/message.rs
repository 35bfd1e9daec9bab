//! Plans and requests as bytes: numbers of eight bytes, little-endian, and strings behind their length.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::error::SandboxError;

#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Writer, &T)) {
        self.number(items.len() as u64);
        for one in items {
            item(self, one);
        }
    }
}

/// What is still to be read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], SandboxError> {
        let length = usize::try_from(length).map_err(|_| SandboxError::Launcher)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(SandboxError::Launcher)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self) -> Result<u64, SandboxError> {
        let bytes = self.take(8)?.try_into().map_err(|_| SandboxError::Launcher)?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], SandboxError> {
        let length = self.number()?;
        self.take(length)
    }

    pub(super) fn path(&mut self) -> Result<PathBuf, SandboxError> {
        Ok(PathBuf::from(OsStr::from_bytes(self.bytes()?)))
    }

    pub(super) fn string(&mut self) -> Result<CString, SandboxError> {
        CString::new(self.bytes()?).map_err(|_| SandboxError::Launcher)
    }

    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Reader<'a>) -> Result<T, SandboxError>) -> Result<Vec<T>, SandboxError> {
        let count = self.number()?;
        (0..count).map(|_| item(self)).collect()
    }
}
