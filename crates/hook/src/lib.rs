//! `aegis hook`: what a coding agent starts before it uses a tool.
//!
//! | module | what it holds |
//! |---|---|
//! | `arguments` | its command line |
//! | `input` | the question, from standard input, within a size and a time |
//! | `decide` | from the question to the answer |
//! | `record` | the journal of hooks |
//! | `grant` | what waits for a person, and what a person let through once |
//! | `ancestors` | the processes above this one: an agent is not the person who approves |
//! | `state` | the directory in which all that lies |
//!
//! It is a library and a small program of its own: neither the interpreter nor the network client nor the MCP server of `aegis` is in it, and
//! it starts in a fraction of the time. It fails closed: whatever goes wrong, also a panic or its own time running out, is answered in the
//! form that blocks.
#![forbid(unsafe_code)]

mod ancestors;
mod arguments;
mod decide;
mod grant;
mod input;
mod record;
mod state;

use std::ffi::OsString;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aegis_agents::hooks::{Answer, blocked};
use arguments::Arguments;

pub use ancestors::{Process, agent_above};
pub use grant::{Grants, TERM, Waiting};
pub use record::journal_of;
pub use state::State;

/// After so long the answer is that it is blocked. Hosts wait 30 seconds where Aegis is installed, and let the call through then.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Only one answer is printed.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Answers one question of a coding agent. `words` is the command line behind `aegis hook`.
pub fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    let began = Instant::now();
    let arguments = match Arguments::read(words) {
        Ok(arguments) => arguments,
        Err(why) => return tell(&blocked(None, None, &why)),
    };
    let (host, event) = (arguments.host, arguments.event.clone());
    let late = {
        let event = event.clone();
        move || {
            std::thread::sleep(MAX_TIME);
            let code = if give(&blocked(host, event.as_deref(), "it took too long to decide")) { 2 } else { 0 };
            std::process::exit(code);
        }
    };
    // without the watch the host's own limit would be the end of it, and it lets calls through
    if let Err(error) = std::thread::Builder::new().stack_size(64 << 10).spawn(late) {
        return tell(&blocked(host, event.as_deref(), &format!("no thread can be started: {error}")));
    }
    // what a panic says is for its reader, not for the host
    std::panic::set_hook(Box::new(|_| {}));
    let answer = catch_unwind(AssertUnwindSafe(|| decide::decide(&arguments, began)));
    tell(&answer.unwrap_or_else(|_| blocked(host, event.as_deref(), "a bug in Aegis; please report it")))
}

fn tell(answer: &Answer) -> ExitCode {
    if give(answer) { ExitCode::from(2) } else { ExitCode::from(answer.code) }
}

/// Prints an answer, once in the life of the process; says whether that failed.
fn give(answer: &Answer) -> bool {
    if ANSWERED.swap(true, Ordering::SeqCst) {
        // the other thread has answered, and ends the process
        loop {
            std::thread::park();
        }
    }
    let failed = {
        let mut out = std::io::stdout().lock();
        out.write_all(answer.stdout.as_bytes()).and_then(|()| out.flush()).is_err()
    };
    if failed || !answer.stderr.is_empty() {
        let text = if failed { "aegis: blocked: the answer cannot be written\n" } else { &answer.stderr };
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    failed
}
