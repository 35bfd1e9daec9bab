//! The writer.

use std::fs::File;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{fdatasync, fstat, fsync, ftruncate};
use rustix::io::Errno;

use crate::clock::Clock;
use crate::digest::Sha256Digest;
use crate::error::JournalError;
use crate::line::{MAX_RECORD_BYTES, assemble, encode_body};
use crate::lines::to_u64;
use crate::link::{Link, link, run};
use crate::lock::Lock;
use crate::open::open_for_append;
use crate::record::{Record, Repair};
use crate::run_id::RunId;
use crate::source::read_range;
use crate::tail::read_tail;
use crate::text::Text;
use crate::torn::set_aside;

/// Position of a record in its journal, from 1.
pub type Seq = u64;

/// When a record counts as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the operating system has it: it survives the end of any process.
    #[default]
    Os,
    /// When the disk has it: it survives a loss of power.
    Fsync,
}

/// How a journal is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// When a record counts as written.
    pub durability: Durability,
}

/// An open journal. One is one run: it has a name of its own that stands in each of its records. Threads may share it, and other
/// processes may write the same file: whole records interleave in one chain.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    run: RunId,
    durability: Durability,
    writer: Mutex<Writer>,
}

impl Journal {
    /// Opens the journal at `path`, which is created if it is missing, and sets a torn last line aside.
    ///
    /// # Errors
    /// If `path` is not a regular file of ours, cannot be opened or locked, or does not end in a chain.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Journal, JournalError> {
        let given = path.as_ref();
        let failed = |source: io::Error| JournalError::Open { path: given.into(), source };
        // A later change of directory must not lead a reopened journal elsewhere.
        let path = std::path::absolute(given).map_err(failed)?;
        let run = RunId::generate().map_err(failed)?;
        let file = Arc::new(open_for_append(&path)?);
        if options.durability == Durability::Fsync {
            // The name of a new file is durable only with its directory.
            let directory = path.parent().unwrap_or(Path::new("/"));
            File::open(directory).and_then(|d| Ok(fsync(&d)?)).map_err(failed)?;
        }
        let mut writer = Writer {
            path: path.clone(),
            run: run.clone(),
            file,
            end: None,
            seq: 0,
            prev: Sha256Digest::ZERO,
            left_torn: false,
            clock: Clock::new(),
            body: Vec::with_capacity(1024),
            line: Vec::with_capacity(1024),
        };
        writer.locked(|_, _| Ok(()))?;
        Ok(Journal { path, run, durability: options.durability, writer: Mutex::new(writer) })
    }

    /// The file, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of this run.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// Writes one record. When this returns, the record is in the file; with [`Durability::Fsync`], on the disk.
    ///
    /// # Errors
    /// If the record could not be written whole: then nothing of it is in the file. Also if the file was changed by others in a way
    /// that no writer does, or if the disk does not confirm the record.
    pub fn append(&self, record: &dyn Record) -> Result<Seq, JournalError> {
        // A panic in another thread leaves at worst a stale buffer, which is cleared before each use.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = writer.append(record)?;
        if self.durability == Durability::Fsync {
            let file = Arc::clone(&writer.file);
            // Other threads may write meanwhile; the kernel takes their records to the disk in the same pass.
            drop(writer);
            fdatasync(&*file).map_err(|e| JournalError::Io { path: self.path.clone(), source: e.into() })?;
        }
        Ok(seq)
    }
}

#[derive(Debug)]
struct Writer {
    path: PathBuf,
    run: RunId,
    file: Arc<File>,
    /// Size of the file when we saw it last, under the lock; it ended with a whole line. None before the first look.
    end: Option<u64>,
    /// Of the last record.
    seq: u64,
    /// Hash of the last record's line.
    prev: Sha256Digest,
    /// Whether a write of ours failed halfway and could not be taken back.
    left_torn: bool,
    clock: Clock,
    body: Vec<u8>,
    line: Vec<u8>,
}

impl Writer {
    fn append(&mut self, record: &dyn Record) -> Result<Seq, JournalError> {
        let mut body = mem::take(&mut self.body);
        let result = if encode_body(&mut body, record) {
            self.locked(|writer, file| writer.put(file, &body))
        } else {
            Err(JournalError::TooLong { kind: record.kind() })
        };
        self.body = body;
        result?;
        self.prev = Sha256Digest::of(self.line.strip_suffix(b"\n").unwrap_or_default());
        Ok(self.seq)
    }

    /// Does `act` under the lock, on a file that has a name, and whose last record we know.
    fn locked(&mut self, act: impl FnOnce(&mut Writer, &File) -> Result<(), JournalError>) -> Result<(), JournalError> {
        loop {
            let file = Arc::clone(&self.file);
            let lock = Lock::take(&file).map_err(|e| self.failed(e))?;
            let _lock = lock.ok_or_else(|| JournalError::Locked { path: self.path.clone() })?;
            let stat = fstat(&*file).map_err(|e| self.failed(e.into()))?;
            if stat.st_nlink == 0 {
                // It was deleted: what is written into it is lost.
                self.file = Arc::new(open_for_append(&self.path)?);
                self.end = None;
                continue;
            }
            let size = u64::try_from(stat.st_size).unwrap_or(0);
            if self.end != Some(size) {
                self.catch_up(&file, size)?;
            }
            return act(self, &file);
        }
    }

    /// Learns what others wrote since we last looked.
    fn catch_up(&mut self, file: &File, size: u64) -> Result<(), JournalError> {
        let floor = match self.end {
            None => {
                (self.seq, self.prev) = (0, Sha256Digest::ZERO);
                0
            }
            Some(end) if size < end => return Err(self.tampered("it became shorter")),
            Some(end) => {
                self.check_successor(file, end, size)?;
                end
            }
        };
        let tail = read_tail(file, floor, size).map_err(|e| self.failed(e))?;
        let tail = tail.ok_or_else(|| JournalError::NotAChain { path: self.path.clone() })?;
        if let Some(last) = tail.last {
            let Link { seq, .. } = link(&last).map_err(|_| JournalError::NotAChain { path: self.path.clone() })?;
            (self.seq, self.prev) = (seq, Sha256Digest::of(&last));
        }
        self.end = Some(size);
        if !tail.torn.is_empty() {
            self.end = None; // until the repair is done
            self.repair(file, size - to_u64(tail.torn.len()), &tail.torn)?;
        }
        Ok(())
    }

    /// What stands behind our last record must follow it.
    fn check_successor(&self, file: &File, end: u64, size: u64) -> Result<(), JournalError> {
        let longest = to_u64(MAX_RECORD_BYTES);
        let bytes = read_range(file, end, size.min(end.saturating_add(longest))).map_err(|e| self.failed(e))?;
        let Some(line) = memchr::memchr(b'\n', &bytes).and_then(|at| bytes.get(..at)) else {
            // A torn line, which is judged elsewhere; or one of an older writer that knows no bound.
            return Ok(());
        };
        match link(line) {
            Ok(next) if Some(next.seq) == self.seq.checked_add(1) && next.prev == self.prev.hex() => Ok(()),
            _ => Err(self.tampered("what follows our last record does not continue it")),
        }
    }

    /// Sets a torn last line aside and records that.
    fn repair(&mut self, file: &File, whole: u64, torn: &[u8]) -> Result<(), JournalError> {
        let torn_run = run(torn).map(|(run, _)| run);
        if torn_run.as_ref() == Some(&self.run) && !self.left_torn {
            // Only a writer that dies leaves half a line, and we live.
            return Err(self.tampered("a record of this run was cut"));
        }
        let aside = set_aside(&self.path, self.seq.saturating_add(1), torn).map_err(|e| self.failed(e))?;
        ftruncate(file, whole).map_err(|e| self.failed(e.into()))?;
        self.end = Some(whole);
        let record = Repair {
            torn_bytes: to_u64(torn.len()),
            torn_sha256: Sha256Digest::of(torn),
            torn_run: torn_run.as_ref().map(RunId::as_str),
            set_aside: Text::from(aside.file_name().unwrap_or_default()),
        };
        let mut body = Vec::new();
        if !encode_body(&mut body, &record) {
            return Err(JournalError::TooLong { kind: record.kind() });
        }
        if let Err(e) = self.put(file, &body) {
            // No repair without its record: the torn line goes back where it stood.
            let _ = rustix::io::write(file, torn);
            self.end = None;
            return Err(e);
        }
        self.prev = Sha256Digest::of(self.line.strip_suffix(b"\n").unwrap_or_default());
        self.left_torn = false;
        Ok(())
    }

    /// Appends one line behind `self.end`. All of it, or nothing.
    fn put(&mut self, file: &File, body: &[u8]) -> Result<(), JournalError> {
        let start = self.end.unwrap_or(0);
        let seq = self.seq.checked_add(1).ok_or_else(|| JournalError::NotAChain { path: self.path.clone() })?;
        assemble(&mut self.line, seq, &mut self.clock, &self.run, body, &self.prev);
        let mut rest = self.line.as_slice();
        while !rest.is_empty() {
            match rustix::io::write(file, rest) {
                Ok(0) => return Err(self.take_back(file, start, Errno::NOSPC)),
                Ok(n) => rest = rest.get(n..).unwrap_or_default(), // after a short write the next one says why
                Err(Errno::INTR) => {}
                Err(e) => return Err(self.take_back(file, start, e)),
            }
        }
        self.seq = seq;
        self.end = Some(start + to_u64(self.line.len()));
        Ok(())
    }

    /// Removes what a failed write left.
    fn take_back(&mut self, file: &File, start: u64, why: Errno) -> JournalError {
        if ftruncate(file, start).is_err() {
            self.end = None;
            self.left_torn = true;
        }
        self.failed(why.into())
    }

    fn failed(&self, source: io::Error) -> JournalError {
        let path = self.path.clone();
        match Errno::from_io_error(&source) {
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => JournalError::Full { path, source },
            Some(Errno::ROFS) => JournalError::ReadOnly { path },
            _ => JournalError::Io { path, source },
        }
    }

    fn tampered(&self, what: &'static str) -> JournalError {
        JournalError::Tampered { path: self.path.clone(), what }
    }
}
