//! The records of a journal, one by one, for people and programs.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::lines::{Ending, MAX_READ_LINE_BYTES, each_line, to_u64};
use crate::open::open_for_reading;
use crate::source::Source;

/// How often a followed journal is looked at.
const POLL: Duration = Duration::from_millis(200);

/// How many bytes of lines are read ahead of the caller.
const BATCH_BYTES: usize = 256 * 1024;

/// Which records are wanted. What cannot be read is always shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of runs whose name begins so.
    pub run: Option<String>,
    /// Only of this kind, or of kinds below it: `effect` takes `effect.intent` too.
    pub kind: Option<String>,
}

impl Filter {
    fn accepts(&self, record: &Map<String, Value>) -> bool {
        let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
        let run = self.run.as_ref().is_none_or(|wanted| text("run").starts_with(wanted.as_str()));
        let kind = self
            .kind
            .as_ref()
            .is_none_or(|wanted| text("kind").strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
        run && kind
    }
}

/// A line of a journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, from 1.
    pub line: u64,
    /// Its bytes, without the newline; of an overlong line, none.
    pub raw: Vec<u8>,
    /// What it says.
    pub content: Content,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A JSON object.
    Record(Map<String, Value>),
    /// Not a record, and why.
    Unreadable(&'static str),
}

impl Content {
    fn of(line: &[u8]) -> Content {
        match serde_json::from_slice(line) {
            Ok(Value::Object(record)) => Content::Record(record),
            _ => Content::Unreadable("not a record"),
        }
    }
}

/// Reads a journal from its start. Not a judge: `verify` says whether it can be believed.
#[derive(Debug)]
pub struct Entries(Walk<File>);

impl Entries {
    /// Opens the journal at `path`. With `follow`, the end of the file is not the end: the iterator waits there for more.
    ///
    /// # Errors
    /// If it cannot be opened, or is not a regular file.
    pub fn open(path: impl AsRef<Path>, filter: Filter, follow: bool) -> io::Result<Entries> {
        Ok(Entries(Walk::new(open_for_reading(path.as_ref())?, filter, follow)))
    }
}

impl Iterator for Entries {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<io::Result<Entry>> {
        self.0.next()
    }
}

/// The same over any source.
#[derive(Debug)]
pub(crate) struct Walk<S> {
    source: S,
    filter: Filter,
    /// Whether to wait for more at the end.
    follow: bool,
    /// What was read and not yet given out, the next one last.
    ahead: Vec<Entry>,
    at: u64,
    line: u64,
    ended: bool,
}

impl<S> Walk<S> {
    pub(crate) const fn new(source: S, filter: Filter, follow: bool) -> Walk<S> {
        Walk { source, filter, follow, ahead: Vec::new(), at: 0, line: 0, ended: false }
    }
}

/// Of which the end may move.
pub(crate) trait Growing {
    /// Present length, and whether it can still grow.
    fn state(&self) -> io::Result<(u64, bool)>;
}

impl Growing for File {
    fn state(&self) -> io::Result<(u64, bool)> {
        let metadata = self.metadata()?;
        Ok((metadata.size(), metadata.nlink() > 0))
    }
}

impl<S: Source + Growing> Walk<S> {
    /// Reads the next lines. `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        let (size, grows) = self.source.state()?;
        if size < self.at {
            self.ended = true;
            self.ahead.push(self.unreadable("the journal became shorter"));
            return Ok(true);
        }
        let start = self.at;
        let mut held = 0;
        let ending = each_line(&self.source, start..size, |at, line| {
            self.line += 1;
            self.at = at + to_u64(line.len()) + 1;
            let content = Content::of(line);
            let wanted = match &content {
                Content::Record(record) => self.filter.accepts(record),
                Content::Unreadable(_) => true,
            };
            if wanted {
                held += line.len() + 64;
                self.ahead.push(Entry { line: self.line, raw: line.to_vec(), content });
            }
            if held >= BATCH_BYTES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        match ending {
            Ending::Stopped | Ending::Whole => {}
            Ending::TooLong(at) => {
                self.ended = true;
                let mut entry = self.unreadable("longer than any record; the rest is not shown");
                self.at = at;
                entry.line += 1;
                self.ahead.push(entry);
            }
            // A writer may be at work on it, or the next one sets it aside and writes in its place.
            Ending::Torn(_) if self.follow && grows => {}
            Ending::Torn(at) => {
                self.ended = true;
                let raw = crate::source::read_range(&self.source, at, size.min(at + to_u64(MAX_READ_LINE_BYTES)))?;
                self.ahead.push(Entry { line: self.line + 1, raw, content: Content::Unreadable("torn: the line has no end") });
            }
        }
        self.ahead.reverse();
        Ok(!self.ahead.is_empty() || (self.follow && grows) || ending == Ending::Stopped)
    }

    const fn unreadable(&self, why: &'static str) -> Entry {
        Entry { line: self.line, raw: Vec::new(), content: Content::Unreadable(why) }
    }
}

impl<S: Source + Growing> Iterator for Walk<S> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<io::Result<Entry>> {
        loop {
            if let Some(entry) = self.ahead.pop() {
                return Some(Ok(entry));
            }
            if self.ended {
                return None;
            }
            match self.fill() {
                Ok(true) if self.ahead.is_empty() => sleep(POLL),
                Ok(true) => {}
                Ok(false) => return None,
                Err(e) => {
                    self.ended = true;
                    return Some(Err(e));
                }
            }
        }
    }
}
