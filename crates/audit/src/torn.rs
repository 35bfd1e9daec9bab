//! Setting a torn line aside.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How many names are tried; each is taken only if an earlier repair was itself cut short.
const ATTEMPTS: u32 = 100;

/// Writes `torn` into a new file `<journal>.torn-<seq>` beside the journal and onto the disk. Returns its path.
pub(crate) fn set_aside(journal: &Path, seq: u64, torn: &[u8]) -> io::Result<PathBuf> {
    for attempt in 0..ATTEMPTS {
        let path = name(journal, seq, attempt);
        // Only a new file: nothing that stands there already, not even a link, is written to.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(torn).and_then(|()| file.sync_all());
                if let Err(e) = written {
                    let _ = std::fs::remove_file(&path); // half a copy helps nobody, and the journal still has all of it
                    return Err(e);
                }
                return Ok(path);
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many files of torn lines"))
}

fn name(journal: &Path, seq: u64, attempt: u32) -> PathBuf {
    let mut name: OsString = journal.file_name().unwrap_or(OsStr::new("journal")).into();
    name.push(format!(".torn-{seq}"));
    if attempt > 0 {
        name.push(format!(".{attempt}"));
    }
    journal.with_file_name(name)
}
