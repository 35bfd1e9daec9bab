//! From the first word of a command line to the program it means.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use aegis_sandbox::child::FileId;

/// A program: where it lies, and which object that was when it was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binary {
    /// As found: absolute, links not followed, so that a multi-call binary sees its own name.
    pub(crate) path: PathBuf,
    /// Without links.
    pub(crate) real: PathBuf,
    pub(crate) id: FileId,
    /// Whether it was named by an absolute path rather than found in PATH or below the working directory.
    pub(crate) by_path: bool,
}

/// Why there is no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoBinary {
    #[error("no such program in PATH")]
    NotFound,
    #[error("not a program that can be run")]
    NotExecutable,
    #[error("not the name of a program")]
    Malformed,
}

impl Binary {
    /// Finds the program once. A bare name is looked for in the absolute directories of `search`; a name with `/` starts at `cwd`.
    pub(crate) fn resolve(word: &str, search: &[PathBuf], cwd: &Path) -> Result<Binary, NoBinary> {
        if word.is_empty() || word.contains('\0') {
            return Err(NoBinary::Malformed);
        }
        if word.contains('/') {
            return Self::at(&cwd.join(word), word.starts_with('/')).map_err(|e| e.unwrap_or(NoBinary::NotFound));
        }
        let mut seen = NoBinary::NotFound;
        for directory in search {
            match Self::at(&directory.join(word), false) {
                Ok(binary) => return Ok(binary),
                Err(Some(error)) => seen = error,
                Err(None) => {}
            }
        }
        Err(seen)
    }

    /// Every name on the way to the file: as found, the links that this leads through, and the file's own.
    pub(crate) fn names(&self) -> Vec<PathBuf> {
        let mut names = vec![self.path.clone(), self.real.clone()];
        let mut here = self.path.clone();
        // as many as the kernel follows
        for _ in 0..40 {
            let Ok(target) = std::fs::read_link(&here) else { break };
            let Some(directory) = here.parent().and_then(|d| std::fs::canonicalize(d).ok()) else { break };
            let next = directory.join(target);
            let Some(name) = next.file_name().map(ToOwned::to_owned) else { break };
            let Some(directory) = next.parent().and_then(|d| std::fs::canonicalize(d).ok()) else { break };
            here = directory.join(name);
            names.push(here.clone());
        }
        names
    }

    /// The program at that path; `Err(None)` where nothing is.
    fn at(path: &Path, by_path: bool) -> Result<Binary, Option<NoBinary>> {
        let meta = std::fs::metadata(path).map_err(|_| None)?;
        if !meta.is_file() || meta.mode() & 0o111 == 0 {
            return Err(Some(NoBinary::NotExecutable));
        }
        let real = std::fs::canonicalize(path).map_err(|_| None)?;
        Ok(Binary { path: path.to_path_buf(), real, id: FileId { device: meta.dev(), inode: meta.ino() }, by_path })
    }
}

/// The absolute directories of a PATH value; empty and relative ones would mean another directory for each command.
pub(crate) fn search_path(value: Option<&std::ffi::OsString>) -> Vec<PathBuf> {
    let value = value.map_or(&b"/usr/local/bin:/usr/bin:/bin"[..], |v| v.as_bytes());
    value.split(|b| *b == b':').map(|d| PathBuf::from(std::ffi::OsStr::from_bytes(d))).filter(|d| d.is_absolute()).collect()
}
