//! The names in a directory.

use std::ffi::{CStr, OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use aegis_policy::{PathOp, Verdict};
use rustix::fs::{AtFlags, Dir, FileType, statat};

use crate::resolve::{Guarded, Intent, Judge, OpenDir, PathError, Prepared, Tree};

/// Entries that a directory may have to be listed for a script.
pub const MAX_ENTRIES: usize = 100_000;

impl Prepared {
    /// The names in the directory, sorted; those of directories end in `/`. Entries that may not be read are left out, as if they were not
    /// there; a link is judged by what it leads to. A name that is not UTF-8 is shown with replacement characters.
    ///
    /// # Errors
    /// [`PathError::TooMany`] if there are more than `limit`, see [`MAX_ENTRIES`].
    pub fn list(&self, tree: &Tree, limit: usize, judge: Judge<'_>, guarded: Guarded<'_>) -> Result<Vec<String>, PathError> {
        let dir = self.dir()?;
        let mut names = Vec::new();
        for (count, entry) in entries(dir)?.enumerate() {
            if count >= limit {
                return Err(PathError::TooMany { what: "entries in the directory", limit });
            }
            let (name, kind) = entry?;
            let path = dir.real.join(&name);
            if !tree.may_be_shown(&path, kind, judge, guarded) {
                continue;
            }
            let mut shown = name.to_string_lossy().into_owned();
            if kind == FileType::Directory {
                shown.push('/');
            }
            names.push(shown);
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Tree {
    /// Whether an entry may be known of. Of a link that leads nowhere, the place where it leads is judged.
    pub(crate) fn may_be_shown(&self, real: &Path, kind: FileType, judge: Judge<'_>, guarded: Guarded<'_>) -> bool {
        if kind != FileType::Symlink {
            return judge(PathOp::Read, real) != Verdict::Deny;
        }
        let Some(text) = real.to_str() else { return judge(PathOp::Read, real) != Verdict::Deny };
        !matches!(self.resolve(text, Intent::Exists, judge, guarded), Err(PathError::Denied { .. }))
    }
}

/// The entries of a directory but `.` and `..`, in no order.
pub(crate) fn entries(dir: &OpenDir) -> Result<impl Iterator<Item = Result<(OsString, FileType), PathError>> + '_, PathError> {
    let reader = Dir::read_from(&dir.fd).map_err(|e| PathError::io("list the directory", e))?;
    Ok(reader.filter(|entry| !matches!(entry, Ok(e) if is_dots(e.file_name()))).map(move |entry| {
        let entry = entry.map_err(|e| PathError::io("list the directory", e))?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_os_string();
        let kind = match entry.file_type() {
            // Some file systems do not say.
            FileType::Unknown => statat(dir.fd.as_fd(), &name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)),
            kind => kind,
        };
        Ok((name, kind))
    }))
}

fn is_dots(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}
