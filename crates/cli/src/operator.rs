//! `--operator-log`: the whole output of runs, what is withheld from the public included.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aegis_gate::Gate;
use aegis_script::{LogLevel, OutputSink, RunReport};

use crate::output::{Printed, for_terminal};

/// The file, open from before the run on: one that cannot be written is no surprise at its end.
pub(crate) struct OperatorLog {
    file: File,
    text: String,
}

impl OperatorLog {
    /// Opens it to be added to; only the operator can read one that is made here.
    pub(crate) fn open(path: &Path) -> io::Result<OperatorLog> {
        let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
        let file = File::options().append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(OperatorLog { file, text: String::new() })
    }

    /// What a script prints stands behind a bar, so that it cannot pass for what stands there without one.
    fn heard(&mut self, text: &str) {
        for part in text.split_inclusive('\n') {
            if self.text.is_empty() || self.text.ends_with('\n') {
                self.text.push_str("| ");
            }
            self.text.push_str(&for_terminal(part));
        }
    }

    fn line(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(&aegis_gate::escaped(text));
        self.text.push('\n');
    }

    /// Writes what was heard and how the run really ended; the second net goes over all of it, since what was opened is plain text.
    pub(crate) fn write(mut self, script: &str, report: &RunReport, gate: &mut Gate) -> io::Result<()> {
        let begin = format!("--- run of {}\n", aegis_gate::escaped(script));
        let (status, error, result) = match &report.withheld {
            Some(end) => (end.status, &end.error, &end.result),
            None => (report.status, &report.error, &report.result),
        };
        if let Some(result) = result {
            self.line(&format!("--- result: {result}"));
        }
        let why = error.as_ref().map(|e| format!(": line {}: {}", e.line, e.message)).unwrap_or_default();
        self.line(&format!("--- ended: {} (exit {}){why}", exit_word(status), status.exit_code()));
        let text = gate.redacted(begin + &self.text);
        self.file.write_all(text.as_bytes())
    }
}

fn exit_word(status: aegis_script::Status) -> String {
    serde_json::to_value(status).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A sink for the public, and one for the operator beside it.
pub(crate) struct Heard {
    pub(crate) public: Printed,
    pub(crate) operator: Option<OperatorLog>,
}

impl OutputSink for Heard {
    fn print(&mut self, text: &str) -> io::Result<()> {
        if let Some(operator) = &mut self.operator {
            operator.heard(text);
        }
        self.public.print(text)
    }

    fn log(&mut self, level: LogLevel, message: &str, line: u32) -> io::Result<()> {
        if let Some(operator) = &mut self.operator {
            // what is said without a place is said by the runner, not by the script
            match line {
                0 => operator.line(&format!("--- {message}")),
                line => operator.line(&format!("log (line {line}): {message}")),
            }
        }
        self.public.log(level, message, line)
    }

    fn withheld(&mut self, text: &str) -> io::Result<()> {
        if let Some(operator) = &mut self.operator {
            operator.heard(text);
        }
        Ok(())
    }
}
