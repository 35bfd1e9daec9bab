//! A settings file: found through its links, judged, read, replaced whole, and backed up once.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown, lchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Larger than any settings file, and small enough to be edited in memory.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Why a settings file was not read or not written. Paths are as they were named.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Others could put something else in its place.
    #[error("{0}: others can write it; chmod o-w,g-w it first")]
    OthersCanWrite(PathBuf),
    /// It is another user's, or its directory is.
    #[error("{0}: belongs to another user")]
    NotYours(PathBuf),
    /// A link that leads nowhere.
    #[error("{0}: a link that leads nowhere")]
    LinkToNothing(PathBuf),
    /// A directory, a device or the like.
    #[error("{0}: not a file")]
    NotAFile(PathBuf),
    /// More than any settings file holds.
    #[error("{0}: larger than any settings file")]
    TooLarge(PathBuf),
    /// Some host wrote it while we did.
    #[error("{0}: changed while it was edited; run this again")]
    Changed(PathBuf),
    /// What the system says.
    #[error("{path}: {doing}: {error}")]
    System {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        error: io::Error,
    },
}

/// A settings file as it was found; perhaps it is still to be made.
#[derive(Debug)]
pub struct SettingsFile {
    named: PathBuf,
    real: PathBuf,
    private: bool,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    text: String,
    meta: Metadata,
}

impl SettingsFile {
    /// Finds and reads the file at an absolute path. A private one is made for its owner alone.
    ///
    /// # Errors
    /// [`FileError`]; nothing was changed.
    pub fn open(named: &Path, private: bool) -> Result<SettingsFile, FileError> {
        let system = |doing| move |error| FileError::System { path: named.to_path_buf(), doing, error };
        let real = match fs::canonicalize(named) {
            Ok(real) => real,
            Err(error) if error.kind() == ErrorKind::NotFound => still_to_be_made(named)?,
            Err(error) => return Err(system("find it")(error)),
        };
        judge_directories(named, &real)?;
        let held = match File::open(&real) {
            Ok(file) => Some(read(file, named, &real)?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(system("open it")(error)),
        };
        Ok(SettingsFile { named: named.to_path_buf(), real, private, held })
    }

    /// The path as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.named
    }

    /// What stands in it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.held.as_ref().map(|held| held.text.as_str())
    }

    /// Where the backup lies.
    #[must_use]
    pub fn backup(&self) -> PathBuf {
        let mut name = self.real.file_name().unwrap_or_default().to_owned();
        name.push(".aegis-backup");
        self.real.with_file_name(name)
    }

    /// The file as it was before our first change, where a backup says so.
    pub(crate) fn backed_up(&self) -> Option<String> {
        let path = self.backup();
        let meta = fs::symlink_metadata(&path).ok().filter(Metadata::is_file)?;
        let directory = fs::metadata(self.directory()).ok()?;
        if meta.uid() != directory.uid() || others_can_write(&meta) {
            return None;
        }
        read(File::open(&path).ok()?, &path, &path).ok().map(|held| held.text)
    }

    /// Puts a new text in the place of the old, in one step. With `keep` the old one is kept beside it, unless an older one is there.
    pub(crate) fn replace(&self, text: &str, keep: bool) -> Result<(), FileError> {
        self.make_directory()?;
        let new = self.temporary(text)?;
        self.unchanged()?;
        if let Some(held) = &self.held {
            if keep {
                self.back_up(&held.text)?;
            }
            new.persist(&self.real).map_err(|error| self.system("replace it")(error.error))?;
        } else if let Err(error) = new.persist_noclobber(&self.real) {
            return Err(match error.error.kind() {
                ErrorKind::AlreadyExists => FileError::Changed(self.named.clone()),
                _ => self.system("make it")(error.error),
            });
        }
        self.settle()
    }

    /// Takes the file away.
    pub(crate) fn remove(&self) -> Result<(), FileError> {
        self.unchanged()?;
        fs::remove_file(&self.real).map_err(self.system("remove it"))?;
        self.settle()
    }

    /// Takes the backup away, once the file is again what it was.
    pub(crate) fn forget_backup(&self) -> Result<(), FileError> {
        match fs::remove_file(self.backup()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.system("remove its backup")(error)),
            _ => Ok(()),
        }
    }

    fn back_up(&self, text: &str) -> Result<(), FileError> {
        let copy = self.temporary(text)?;
        match copy.persist_noclobber(self.backup()) {
            Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(self.system("keep a backup")(error.error)),
            _ => Ok(()),
        }
    }

    /// The text under a temporary name, on the disk, with the owner and the mode of the file.
    fn temporary(&self, text: &str) -> Result<NamedTempFile, FileError> {
        let mut new = tempfile::Builder::new()
            .prefix(".aegis-")
            .suffix(".tmp")
            .tempfile_in(self.directory())
            .map_err(self.system("make a temporary file beside it"))?;
        new.write_all(text.as_bytes()).map_err(self.system("write a temporary file beside it"))?;
        let mine = new.as_file().metadata().map_err(self.system("look at a temporary file"))?;
        let (owner, mode) = match &self.held {
            Some(held) => ((held.meta.uid(), held.meta.gid()), held.meta.mode() & 0o777),
            None => (self.new_owner(&mine), if self.private { 0o600 } else { 0o644 }),
        };
        if owner != (mine.uid(), mine.gid()) {
            fchown(new.as_file(), Some(owner.0), Some(owner.1)).map_err(self.system("keep its owner"))?;
        }
        // after the owner, whose change clears bits of the mode
        new.as_file().set_permissions(Permissions::from_mode(mode)).map_err(self.system("keep its mode"))?;
        new.as_file().sync_all().map_err(self.system("bring it to the disk"))?;
        Ok(new)
    }

    /// Root makes files in a user's directory for that user.
    fn new_owner(&self, mine: &Metadata) -> (u32, u32) {
        match fs::metadata(self.directory()) {
            Ok(directory) if directory.uid() != mine.uid() => (directory.uid(), directory.gid()),
            _ => (mine.uid(), mine.gid()),
        }
    }

    fn make_directory(&self) -> Result<(), FileError> {
        let missing: Vec<&Path> = self.directory().ancestors().take_while(|at| !at.exists()).collect();
        for at in missing.into_iter().rev() {
            let mode = if self.private { 0o700 } else { 0o755 };
            fs::DirBuilder::new().mode(mode).create(at).map_err(self.system("make its directory"))?;
            let (Ok(made), Some(Ok(above))) = (fs::metadata(at), at.parent().map(fs::metadata)) else { continue };
            if made.uid() != above.uid() {
                lchown(at, Some(above.uid()), Some(above.gid())).map_err(self.system("give its directory to its owner"))?;
            }
        }
        Ok(())
    }

    /// Whether what stands there is still what was read.
    fn unchanged(&self) -> Result<(), FileError> {
        let now = fs::metadata(&self.real);
        let same = match (&self.held, &now) {
            (Some(held), Ok(now)) => identity(&held.meta) == identity(now),
            (None, Err(error)) => error.kind() == ErrorKind::NotFound,
            _ => false,
        };
        if same { Ok(()) } else { Err(FileError::Changed(self.named.clone())) }
    }

    /// A crash of the machine must not undo what we reported.
    fn settle(&self) -> Result<(), FileError> {
        File::open(self.directory()).and_then(|directory| directory.sync_all()).map_err(self.system("bring its directory to the disk"))
    }

    fn directory(&self) -> &Path {
        self.real.parent().unwrap_or(Path::new("/"))
    }

    fn system(&self, doing: &'static str) -> impl Fn(io::Error) -> FileError {
        let path = self.named.clone();
        move |error| FileError::System { path: path.clone(), doing, error }
    }
}

/// Where a file that is not there would really lie.
fn still_to_be_made(named: &Path) -> Result<PathBuf, FileError> {
    if fs::symlink_metadata(named).is_ok() {
        return Err(FileError::LinkToNothing(named.to_path_buf()));
    }
    let Some(above) = named.parent() else { return Err(FileError::NotAFile(named.to_path_buf())) };
    let name = named.file_name().ok_or_else(|| FileError::NotAFile(named.to_path_buf()))?;
    let above = match fs::canonicalize(above) {
        Ok(above) => above,
        Err(error) if error.kind() == ErrorKind::NotFound => still_to_be_made(above)?,
        Err(error) => return Err(FileError::System { path: above.to_path_buf(), doing: "find it", error }),
    };
    Ok(above.join(name))
}

/// The directories on the way as named, of each link and of the real place. Nobody else may be able to put something in the way, and the
/// directory that is written to is the user's own; root may work for another user, but then on nothing that is not that user's.
fn judge_directories(named: &Path, real: &Path) -> Result<(), FileError> {
    let mut steps = vec![named.to_path_buf()];
    let mut at = named.to_path_buf();
    // no more than the system itself follows
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&at) else { break };
        at = at.parent().unwrap_or(Path::new("/")).join(target);
        steps.push(at.clone());
    }
    steps.push(real.to_path_buf());
    let mut owners = Vec::new();
    for step in &steps {
        owners.extend(judge_way(step)?);
        owners.extend(fs::symlink_metadata(step).ok().filter(Metadata::is_symlink).map(|link| link.uid()));
    }
    match owners.split_first() {
        Some((first, others)) if others.iter().all(|owner| owner == first) => Ok(()),
        _ => Err(FileError::NotYours(named.to_path_buf())),
    }
}

/// The directories above a path; the owner of the nearest that is there.
fn judge_way(path: &Path) -> Result<Option<u32>, FileError> {
    let mut nearest = None;
    for at in path.ancestors().skip(1) {
        let meta = match fs::metadata(at) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(FileError::System { path: at.to_path_buf(), doing: "look at it", error }),
        };
        // what is only on the way may be shared, if nobody can rename what is in it
        let is_shared_safely = nearest.is_some() && (meta.mode() & 0o1000 != 0 || meta.mode() & 0o002 == 0);
        if others_can_write(&meta) && !is_shared_safely {
            return Err(FileError::OthersCanWrite(at.to_path_buf()));
        }
        if nearest.is_none() && !is_root() && meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(FileError::NotYours(at.to_path_buf()));
        }
        nearest.get_or_insert(meta.uid());
    }
    Ok(nearest)
}

/// Reads a file after a look at what was opened.
fn read(mut file: File, named: &Path, real: &Path) -> Result<Held, FileError> {
    let system = |doing| move |error| FileError::System { path: named.to_path_buf(), doing, error };
    let meta = file.metadata().map_err(system("look at it"))?;
    if !meta.is_file() {
        return Err(FileError::NotAFile(named.to_path_buf()));
    }
    if others_can_write(&meta) {
        return Err(FileError::OthersCanWrite(named.to_path_buf()));
    }
    let directory = real.parent().map(fs::metadata).and_then(Result::ok).map(|meta| meta.uid());
    if directory.is_some_and(|owner| owner != meta.uid()) {
        return Err(FileError::NotYours(named.to_path_buf()));
    }
    if meta.len() > MOST_BYTES {
        return Err(FileError::TooLarge(named.to_path_buf()));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => system("read it")(io::Error::new(ErrorKind::InvalidData, "not UTF-8 text")),
        _ => system("read it")(error),
    })?;
    Ok(Held { text, meta })
}

/// Writable by everybody, or by a group that is not its owner's alone. Where each user has a group of the same number, that group is.
fn others_can_write(meta: &Metadata) -> bool {
    meta.mode() & 0o002 != 0 || (meta.mode() & 0o020 != 0 && meta.gid() != meta.uid())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn identity(meta: &Metadata) -> (u64, u64, u64, i64, i64) {
    (meta.dev(), meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec())
}
