//! The thread that answers what the kernel asks, for one run.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::thread::UnshareFlags;

use super::caller::Caller;
use super::calls::form;
use super::made::Made;
use super::notify::{Listener, Question};
use super::object::Root;
use super::perform::{Answer, Changes};
use crate::child::FileId;
use crate::error::{Calling, SandboxError};

/// What a command wants to do to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// Content, mode or times of what is there, or something new under this name.
    Write {
        /// Without links.
        path: &'a Path,
        /// What is there, with the number of its names if it has others.
        file: Option<(FileId, u64)>,
    },
    /// What is there is to be read by the descriptor with which it is written, or gets another name under which it could be.
    Read {
        /// Without links.
        path: &'a Path,
    },
    /// The name is to go.
    Remove {
        /// Without links.
        path: &'a Path,
        /// What has it was made by commands of this launcher: nothing is lost that was there before.
        is_own: bool,
    },
}

/// Decides on changes.
pub trait JudgeChange: Send {
    /// Whether it may happen.
    fn may(&mut self, change: &Change<'_>) -> bool;

    /// A command looked for a name and found nothing that it could read, where that is traced.
    fn found_nothing(&mut self, _path: &Path) {}
}

/// Answers until nobody is left who could ask. Dropping it ends it; calls that wait then fail.
#[derive(Debug)]
pub struct Mediator {
    thread: Option<JoinHandle<()>>,
    /// Closed to end the thread.
    stop: Option<OwnedFd>,
}

/// What a [`Mediator`] answers with.
type Work = (Listener, Changes);

/// A thread that will be a [`Mediator`]: it takes about as long to start one as the launcher needs until there is something to answer.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Before `mediator`: the thread ends when nobody can give it work any more.
    work: Sender<Work>,
    mediator: Mediator,
}

impl Mediator {
    /// Starts the thread.
    pub(crate) fn wait() -> Result<Waiting, SandboxError> {
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC).calling("pipe")?;
        let (work, given) = channel::<Work>();
        let run = move || {
            // the mode of a new file is what the caller and its mask say; the mask of this thread alone is taken away
            // SAFETY: nothing else relies on this new thread sharing its mask and directory.
            if unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }.is_ok() {
                rustix::process::umask(rustix::fs::Mode::empty());
            }
            let Ok((listener, mut changes)) = given.recv() else { return };
            // an error means that the kernel asks no more; calls that wait fail when the listener is closed
            while let Ok(Some(question)) = listener.next(stopped.as_fd()) {
                answer(&listener, &question, &mut changes);
            }
        };
        let thread = std::thread::Builder::new().name("changes".to_owned()).spawn(run).calling("start a thread")?;
        Ok(Waiting { mediator: Mediator { thread: Some(thread), stop: Some(stop) }, work })
    }
}

impl Mediator {
    /// Lets it end by itself: nobody is there any more who could ask.
    pub(crate) fn leave(mut self) {
        self.stop = None;
        self.thread = None;
    }
}

impl Waiting {
    /// `root` is the tree that commands see, `scratch` one of their temporary directories; in `free` ones they have rights of their own. `readable` is what can
    /// be read at all.
    pub(crate) fn answer(
        self,
        listener: OwnedFd,
        root: OwnedFd,
        scratch: &OwnedFd,
        free: Vec<PathBuf>,
        readable: Vec<PathBuf>,
        judge: Box<dyn JudgeChange>,
    ) -> Result<Mediator, SandboxError> {
        let scratch = rustix::fs::fstat(scratch).calling("fstat")?.st_dev;
        let changes = Changes { root: Root(root), scratch, free, readable, made: Made::default(), judge };
        let Waiting { mediator, work } = self;
        // a thread that is gone has closed the listener, so that nothing is changed
        work.send((Listener::new(listener), changes)).map_err(|_| SandboxError::Launcher)?;
        Ok(mediator)
    }
}

impl Drop for Mediator {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // a judge that panicked has answered nothing more
            let _ = thread.join();
        }
    }
}

fn answer(listener: &Listener, question: &Question, changes: &mut Changes) {
    let caller = Caller { pid: question.pid };
    let Some(form) = form(question.nr.into()) else { return listener.go_on(question) };
    let is_there = || listener.still_waits(question);
    match changes.perform(caller, form, question.args, &is_there) {
        Ok(Answer::Value) => listener.give(question, Ok(0)),
        Ok(Answer::File { file, close_on_exec }) => listener.give_file(question, file, close_on_exec),
        Ok(Answer::GoOn) => listener.go_on(question),
        Err(errno) => listener.give(question, Err(errno)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_was_given_nothing_ends() {
        let (tell, told) = channel();
        std::thread::spawn(move || {
            drop(Mediator::wait());
            tell.send(())
        });
        told.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
    }
}
