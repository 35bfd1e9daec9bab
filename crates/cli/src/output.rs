//! Where a script's output goes.

use std::io::{self, IsTerminal, Write};

use aegis_script::{LogLevel, OutputSink};
use sha2::{Digest, Sha256};

/// Standard output, as it happens. On a terminal control characters are escaped, so that no script can draw a prompt or rewrite
/// what stands there.
pub(crate) struct Stdout {
    escape: bool,
    pub(crate) hash: Sha256,
}

impl Stdout {
    pub(crate) fn new() -> Stdout {
        Stdout { escape: io::stdout().is_terminal(), hash: Sha256::new() }
    }
}

impl OutputSink for Stdout {
    fn print(&mut self, text: &str) -> io::Result<()> {
        self.hash.update(text.as_bytes());
        let mut out = io::stdout().lock();
        if self.escape {
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

/// Kept for `--json`.
pub(crate) struct Collected {
    pub(crate) text: String,
    pub(crate) hash: Sha256,
}

impl Collected {
    pub(crate) fn new() -> Collected {
        Collected { text: String::new(), hash: Sha256::new() }
    }
}

impl OutputSink for Collected {
    fn print(&mut self, text: &str) -> io::Result<()> {
        self.hash.update(text.as_bytes());
        self.text.push_str(text);
        Ok(())
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
    writeln!(io::stderr(), "{level} (line {line}): {}", aegis_gate::escaped(message))
}

/// Lines and tabs stay; everything else that a terminal obeys is shown as text.
fn for_terminal(text: &str) -> String {
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
