//! Where a script's output goes.

use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use aegis_script::{LogLevel, OutputSink};
use sha2::{Digest, Sha256};

/// A line on stdout.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}

/// A line on stderr.
macro_rules! complain {
    ($($text:tt)*) => { $crate::output::complaint(format_args!($($text)*)) };
}

/// What [`say!`] does. Ends the program where the line cannot be written; whoever has read enough is no error.
pub(crate) fn line(text: Arguments<'_>) {
    let written = writeln!(io::stdout(), "{text}").and_then(|()| io::stdout().flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain!("aegis: the output cannot be written: {error}");
            std::process::exit(i32::from(crate::exit::FAILURE));
        }
        _ => {}
    }
}

/// What [`complain!`] does. Where nobody hears it, there is nobody to tell.
pub(crate) fn complaint(text: Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Bytes on stdout, as the whole output of a verb.
pub(crate) fn put(bytes: &[u8]) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => crate::exit::failure(&format!("the output cannot be written: {error}")),
        _ => ExitCode::SUCCESS,
    }
}

/// A diff; to a file or a pipe as it is, so that `patch` takes it.
pub(crate) fn diff(diff: String) -> ExitCode {
    let shown = if io::stdout().is_terminal() { for_terminal(&diff) } else { diff };
    put(shown.as_bytes())
}

/// What a script prints: on standard output as it happens, or kept for `--json`.
pub(crate) struct Printed {
    to: To,
    pub(crate) hash: Sha256,
}

enum To {
    /// On a terminal control characters are escaped, so that no script can draw a prompt or rewrite what stands there.
    Stdout {
        escape: bool,
    },
    Kept(String),
}

impl Printed {
    pub(crate) fn on_stdout() -> Printed {
        Printed { to: To::Stdout { escape: io::stdout().is_terminal() }, hash: Sha256::new() }
    }

    pub(crate) fn kept() -> Printed {
        Printed { to: To::Kept(String::new()), hash: Sha256::new() }
    }

    /// What was kept.
    pub(crate) fn text(&self) -> &str {
        match &self.to {
            To::Kept(text) => text,
            To::Stdout { .. } => "",
        }
    }
}

impl OutputSink for Printed {
    fn print(&mut self, text: &str) -> io::Result<()> {
        self.hash.update(text.as_bytes());
        let escape = match &mut self.to {
            To::Kept(kept) => {
                kept.push_str(text);
                return Ok(());
            }
            To::Stdout { escape } => *escape,
        };
        let mut out = io::stdout().lock();
        if escape {
            out.write_all(for_terminal(text).as_bytes())?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        out.flush()
    }

    fn log(&mut self, level: LogLevel, message: &str, line: u32) -> io::Result<()> {
        log(level, message, line)
    }
}

fn log(level: LogLevel, message: &str, line: u32) -> io::Result<()> {
    let level = match level {
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
    };
    match line {
        0 => writeln!(io::stderr(), "aegis: {}", aegis_gate::escaped(message)),
        line => writeln!(io::stderr(), "{level} (line {line}): {}", aegis_gate::escaped(message)),
    }
}

/// Lines and tabs stay; everything else that a terminal obeys is shown as text.
pub(crate) fn for_terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let (body, end) = match part.strip_suffix(['\n', '\t']) {
            Some(body) => (body, part.get(body.len()..).unwrap_or_default()),
            None => (part, ""),
        };
        out.push_str(&aegis_gate::escaped(body));
        out.push_str(end);
    }
    out
}
