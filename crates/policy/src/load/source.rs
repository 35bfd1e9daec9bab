//! A policy file's bytes, from an open file that was checked.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::load_error::{LoadCode, LoadError, printable};
use crate::position::Lines;
use crate::schema::MAX_TEXT_BYTES;

/// The text of a policy file and what it was read from.
pub(super) struct SourceText {
    pub text: String,
    /// Lower-case hex of the very bytes.
    pub sha256: String,
    /// Canonical directory and the name in it; a link keeps its own directory, since that is where the operator put it.
    pub path: PathBuf,
    pub base: Arc<Path>,
    /// Device and inode of what was opened.
    pub inode: (u64, u64),
}

/// Opens, checks and reads a policy file, once.
pub(super) fn read_file(path: &Path, name: &Arc<str>, uid: u32) -> Result<SourceText, LoadError> {
    let io = |e: &io::Error| LoadError::new(LoadCode::Io, name, format!("cannot be read: {}", plain(e)));
    // Asked before opening too: opening a device or a FIFO can have effects of its own.
    admit(&std::fs::metadata(path).map_err(|e| io(&e))?, name, uid)?;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(|e| io(&e))?;
    let meta = file.metadata().map_err(|e| io(&e))?;
    admit(&meta, name, uid)?;
    let bytes = read_bounded(&file, name).map_err(|e| e.unwrap_or_else(|e| io(&e)))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    let text = utf8(bytes, name)?;
    let (base, path) = place(path).map_err(|e| io(&e))?;
    Ok(SourceText { text, sha256, path, base, inode: (meta.dev(), meta.ino()) })
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn place(path: &Path) -> io::Result<(Arc<Path>, PathBuf)> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let base = std::fs::canonicalize(parent)?;
    let path = path.file_name().map(|name| base.join(name)).ok_or(io::ErrorKind::InvalidInput)?;
    Ok((Arc::from(base), path))
}

/// Regular, owned by the user or root, not writable by others; the owner's private group (its number is the user's) is not others.
fn admit(meta: &Metadata, name: &Arc<str>, uid: u32) -> Result<(), LoadError> {
    let refuse = |message: String| Err(LoadError::new(LoadCode::Permissions, name, message));
    if !meta.is_file() {
        return refuse("a policy must be a regular file".to_owned());
    }
    if meta.uid() != uid && meta.uid() != 0 {
        return refuse(format!("a policy must belong to you or root, not to user {}", meta.uid()));
    }
    // many systems give each user a group of their own, and files of mode 664; that group has nobody else in it
    let private_group = meta.gid() == meta.uid();
    if meta.mode() & (if private_group { 0o002 } else { 0o022 }) != 0 {
        return refuse(format!("others may write this policy (mode {:03o}); run: chmod go-w {}", meta.mode() & 0o777, printable(name)));
    }
    Ok(())
}

fn read_bounded(file: &File, name: &Arc<str>) -> Result<Vec<u8>, Result<LoadError, io::Error>> {
    let limit = u64::try_from(MAX_TEXT_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(Err)?;
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(Ok(LoadError::new(LoadCode::TooLarge, name, format!("a policy has at most {MAX_TEXT_BYTES} bytes"))));
    }
    Ok(bytes)
}

fn utf8(bytes: Vec<u8>, name: &Arc<str>) -> Result<String, LoadError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default()).into_owned();
        LoadError::new(LoadCode::NotUtf8, name, "a policy must be UTF-8 text").at(Lines::of(&text).position(valid))
    })
}

/// The system's words without its number.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        kind => kind.to_string(),
    }
}
