//! How a process ended.

use std::fmt;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// It ended by itself with this code (0 to 255).
    Exited(i32),
    /// This signal killed it.
    Signal(i32),
    /// It ended, but somebody else took its status: this process ignores SIGCHLD, or foreign code waits for all children.
    Unknown,
}

impl End {
    /// Whether it exited with 0.
    #[must_use]
    pub fn success(self) -> bool {
        self == End::Exited(0)
    }

    /// As shells have it: 128 and the signal where one ended it; 255 where it is not known.
    #[must_use]
    pub const fn exit_code(self) -> i32 {
        match self {
            End::Exited(code) => code,
            End::Signal(signal) => 128 + signal,
            End::Unknown => 255,
        }
    }

    /// The name of the signal that killed it, for the signals that matter here.
    #[must_use]
    pub fn signal_name(self) -> Option<&'static str> {
        let End::Signal(signal) = self else { return None };
        Some(match signal {
            libc::SIGABRT => "SIGABRT",
            libc::SIGBUS => "SIGBUS",
            libc::SIGFPE => "SIGFPE",
            libc::SIGHUP => "SIGHUP",
            libc::SIGILL => "SIGILL",
            libc::SIGINT => "SIGINT",
            libc::SIGKILL => "SIGKILL",
            libc::SIGPIPE => "SIGPIPE",
            libc::SIGQUIT => "SIGQUIT",
            libc::SIGSEGV => "SIGSEGV",
            libc::SIGSYS => "SIGSYS",
            libc::SIGTERM => "SIGTERM",
            libc::SIGTRAP => "SIGTRAP",
            libc::SIGXCPU => "SIGXCPU",
            libc::SIGXFSZ => "SIGXFSZ",
            _ => return None,
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (*self, self.signal_name()) {
            (End::Exited(code), _) => write!(f, "exit code {code}"),
            (End::Signal(_), Some(name)) => write!(f, "killed by {name}"),
            (End::Signal(signal), None) => write!(f, "killed by signal {signal}"),
            (End::Unknown, _) => f.write_str("ended with an unknown status"),
        }
    }
}
