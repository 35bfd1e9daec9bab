//! Which project policies the operator has trusted: a file of paths and hashes in the state directory.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use serde::{Deserialize, Serialize};

/// The store in the state directory.
const STORE: &str = "trusted.jsonl";
/// Held while the store is rewritten.
const LOCK: &str = "trusted.lock";
/// Larger stores are damaged.
const MAX_STORE_BYTES: u64 = 16 << 20;

/// Why the trust store cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Reading or writing failed.
    #[error("the trust store {path} cannot be used: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else could have written it.
    #[error("the trust store {path} is refused: {why}")]
    Refused {
        /// The file or directory.
        path: String,
        /// Owner, mode, or kind of file.
        why: String,
    },
    /// It is not what this program writes.
    #[error("the trust store {path} is damaged in line {line}; remove it and trust again")]
    Damaged {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
    },
    /// Only paths in UTF-8 can be recorded.
    #[error("the path {path} is not UTF-8 and cannot be trusted")]
    Path {
        /// As far as it can be shown.
        path: String,
    },
    /// The hash is not a hash.
    #[error("not a SHA-256 in lower-case hex")]
    Hash,
}

/// One trusted policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    path: String,
    sha256: String,
}

/// Which project policies the operator has trusted, by path and hash over the file and all it inherits.
///
/// The directory (0700) and the file (0600) must belong to the user and be writable by nobody else, else nothing is trusted.
#[derive(Debug)]
pub struct TrustStore {
    dir: PathBuf,
    uid: u32,
}

impl TrustStore {
    /// Opens the store in a state directory, which is made if it is not there.
    ///
    /// # Errors
    /// The directory cannot be made, or belongs to somebody else, or others may use it.
    pub fn open(dir: &Path) -> Result<TrustStore, TrustError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| io_error(dir, e))?;
        let dir = fs::canonicalize(dir).map_err(|e| io_error(dir, e))?;
        let store = TrustStore { dir, uid: rustix::process::geteuid().as_raw() };
        store.admit_directory()?;
        Ok(store)
    }

    /// Whether this policy was trusted with this hash.
    ///
    /// # Errors
    /// The store cannot be read, may have been written by others, or is damaged. Then nothing is trusted.
    pub fn is_trusted(&self, path: &Path, hash: &str) -> Result<bool, TrustError> {
        let path = canonical(path)?;
        Ok(self.read()?.get(&path).is_some_and(|known| known == hash))
    }

    /// Trusts a policy with this hash, and no longer with another.
    ///
    /// # Errors
    /// As [`TrustStore::is_trusted`]; also where the store cannot be written. Then it is as it was.
    pub fn record(&self, path: &Path, hash: &str) -> Result<(), TrustError> {
        if hash.len() != 64 || !hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(TrustError::Hash);
        }
        let path = canonical(path)?;
        self.change(|records| {
            records.insert(path, hash.to_owned());
        })
    }

    /// No longer trusts a policy; whether it was trusted.
    ///
    /// # Errors
    /// As [`TrustStore::record`].
    pub fn revoke(&self, path: &Path) -> Result<bool, TrustError> {
        let path = canonical(path)?;
        let mut was_there = false;
        self.change(|records| was_there = records.remove(&path).is_some())?;
        Ok(was_there)
    }

    fn change(&self, edit: impl FnOnce(&mut BTreeMap<String, String>)) -> Result<(), TrustError> {
        let lock_path = self.dir.join(LOCK);
        let lock = private().create(true).truncate(false).open(&lock_path).map_err(|e| io_error(&lock_path, e))?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|e| io_error(&lock_path, e.into()))?;
        let mut records = self.read()?;
        edit(&mut records);
        self.write(&records)
    }

    fn read(&self) -> Result<BTreeMap<String, String>, TrustError> {
        self.admit_directory()?;
        let path = self.dir.join(STORE);
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(e) => return Err(io_error(&path, e)),
        };
        let meta = file.metadata().map_err(|e| io_error(&path, e))?;
        if !meta.is_file() {
            return Err(refused(&path, "it is not a regular file"));
        }
        admit(&path, &meta, self.uid, 0o022)?;
        let mut text = String::new();
        file.take(MAX_STORE_BYTES).read_to_string(&mut text).map_err(|e| io_error(&path, e))?;
        let mut records = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let damaged = || TrustError::Damaged { path: path.display().to_string(), line: at.saturating_add(1) };
            let record: Record = serde_json::from_str(line).map_err(|_| damaged())?;
            if records.insert(record.path, record.sha256).is_some() {
                return Err(damaged());
            }
        }
        Ok(records)
    }

    fn write(&self, records: &BTreeMap<String, String>) -> Result<(), TrustError> {
        let path = self.dir.join(STORE);
        let fresh = self.dir.join(format!("{STORE}.{}", std::process::id()));
        let written =
            write_whole(&fresh, records).and_then(|()| fs::rename(&fresh, &path)).and_then(|()| File::open(&self.dir)?.sync_all());
        written.map_err(|e| {
            // What is left of a failed attempt; the store itself is untouched.
            let _ = fs::remove_file(&fresh);
            io_error(&path, e)
        })
    }

    fn admit_directory(&self) -> Result<(), TrustError> {
        let meta = fs::metadata(&self.dir).map_err(|e| io_error(&self.dir, e))?;
        if !meta.is_dir() {
            return Err(refused(&self.dir, "it is not a directory"));
        }
        admit(&self.dir, &meta, self.uid, 0o077)
    }
}

fn write_whole(path: &Path, records: &BTreeMap<String, String>) -> io::Result<()> {
    // Left by a process that ended in the middle; the lock is held, so nobody writes it now.
    let _ = fs::remove_file(path);
    let mut file = private().create_new(true).open(path)?;
    let mut text = String::new();
    for (path, sha256) in records {
        text.push_str(&serde_json::to_string(&Record { path: path.clone(), sha256: sha256.clone() })?);
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// The canonical directory and the name in it, as the loader gives it; also of a file that is gone.
fn canonical(path: &Path) -> Result<String, TrustError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let dir = fs::canonicalize(parent).map_err(|e| io_error(path, e))?;
    let whole = path.file_name().map(|name| dir.join(name));
    let text = whole.as_deref().and_then(Path::to_str).map(str::to_owned);
    text.ok_or_else(|| TrustError::Path { path: path.display().to_string() })
}

/// Owned by the user, and none of the forbidden mode bits.
fn admit(path: &Path, meta: &fs::Metadata, uid: u32, forbidden: u32) -> Result<(), TrustError> {
    if meta.uid() != uid {
        return Err(refused(path, &format!("it belongs to user {}", meta.uid())));
    }
    if meta.mode() & forbidden != 0 {
        return Err(refused(path, &format!("others may use it (mode {:03o}); run: chmod go-rwx {}", meta.mode() & 0o777, path.display())));
    }
    Ok(())
}

fn refused(path: &Path, why: &str) -> TrustError {
    TrustError::Refused { path: path.display().to_string(), why: why.to_owned() }
}

fn io_error(path: &Path, source: io::Error) -> TrustError {
    TrustError::Io { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests;
