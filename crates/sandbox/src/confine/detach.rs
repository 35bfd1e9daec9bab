//! The system's own file tree goes. The kernel waits for every processor until it is gone, and the launcher has other work meanwhile.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{chdir, pivot_root};

use super::mounts::at;
use crate::error::{Calling, SandboxError};

type Gone = JoinHandle<Result<(), SandboxError>>;

/// A thread that waits until the tree that commands see is there. Made ahead, while there is time.
#[derive(Debug)]
pub(super) struct Detacher {
    go: Sender<()>,
    gone: Gone,
}

/// The system's tree is on its way out; nothing may be started before it is [`Leaving::gone`].
#[derive(Debug)]
#[must_use = "the system's tree may still be there"]
pub(super) struct Leaving(Gone);

impl Detacher {
    pub(super) fn new() -> Result<Detacher, SandboxError> {
        let (go, waiting) = channel();
        let detach = move || {
            // closed without a word: there is no other tree, and all of this ends
            if waiting.recv().is_ok() { at(unmount(".", UnmountFlags::DETACH), "leave", Path::new("/")) } else { Ok(()) }
        };
        let gone = Builder::new().name("detach".to_owned()).stack_size(64 * 1024).spawn(detach).calling("start a thread")?;
        Ok(Detacher { go, gone })
    }

    /// Makes the current directory the root, over which the old root comes to lie, and lets that go with all that is mounted below it. Until
    /// then it is the current directory of all threads.
    pub(super) fn change_root(self) -> Result<Leaving, SandboxError> {
        at(pivot_root(".", "."), "enter", Path::new("/"))?;
        self.go.send(()).map_err(|_| SandboxError::Launcher)?;
        Ok(Leaving(self.gone))
    }
}

impl Leaving {
    /// Waits for that, and enters the new tree.
    pub(super) fn gone(self) -> Result<(), SandboxError> {
        self.0.join().map_err(|_| SandboxError::Launcher)??;
        at(chdir("/"), "enter", Path::new("/"))
    }
}
