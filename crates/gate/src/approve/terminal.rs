//! Asks on the terminal itself, never on stdin: what a script feeds or typed ahead is no answer.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};

use rustix::termios::{QueueSelector, tcflush};

use super::{Answer, ApprovalRequest, Approver, escaped};

/// Asks on `/dev/tty`.
#[derive(Debug)]
pub struct TerminalApprover {
    tty: File,
}

impl TerminalApprover {
    /// Opens the terminal, if this process has one.
    #[must_use]
    pub fn open() -> Option<TerminalApprover> {
        let tty = File::options().read(true).write(true).open("/dev/tty").ok()?;
        Some(TerminalApprover { tty })
    }

    fn question(request: &ApprovalRequest) -> String {
        let mut text = format!("\naegis: {} needs approval\n", request.call);
        if request.argv.is_empty() {
            text.push_str(&format!("  target: {}\n", escaped(&request.target)));
        } else {
            let argv = serde_json::to_string(&request.argv).unwrap_or_default();
            text.push_str(&format!("  program: {}\n  argv: {}\n", escaped(&request.target), escaped(&argv)));
        }
        if let Some(cwd) = &request.cwd {
            text.push_str(&format!("  in: {}\n", escaped(cwd)));
        }
        for variable in &request.env {
            text.push_str(&format!("  with: {}\n", escaped(variable)));
        }
        if let Some(content) = &request.content {
            text.push_str(&format!("  content: {}\n", escaped(content)));
        }
        if let Some(rule) = &request.rule {
            text.push_str(&format!("  rule: {}\n", escaped(rule)));
        }
        if let Some(why) = &request.why {
            text.push_str(&format!("  reason: {}\n", escaped(why)));
        }
        if let Some(note) = &request.note {
            text.push_str(&format!("  note: {}\n", escaped(note)));
        }
        text.push_str("  [y] once  [r] for this run  [n] no  [s] no, and stop: ");
        text
    }
}

impl Approver for TerminalApprover {
    fn ask(&mut self, request: &ApprovalRequest) -> Answer {
        // what was typed before the question was shown answers nothing
        if tcflush(&self.tty, QueueSelector::IFlush).is_err() {
            return Answer::No;
        }
        if self.tty.write_all(Self::question(request).as_bytes()).is_err() {
            return Answer::No;
        }
        let mut line = String::new();
        let Ok(reader) = self.tty.try_clone() else { return Answer::No };
        if BufReader::new(reader).read_line(&mut line).is_err() {
            return Answer::No;
        }
        match line.trim() {
            "y" | "Y" | "yes" => Answer::Once,
            "r" | "R" => Answer::ThisRun,
            "s" | "S" => Answer::Stop,
            _ => Answer::No,
        }
    }

    fn name(&self) -> &'static str {
        "terminal"
    }
}
