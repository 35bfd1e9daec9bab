//! Where a run's output goes.

use std::io;

use crate::wire::LogLevel;

/// Takes what a script prints, as it happens.
pub trait OutputSink {
    /// Printed text.
    ///
    /// # Errors
    /// Those of the sink; the run ends with them.
    fn print(&mut self, text: &str) -> io::Result<()>;

    /// `log.info` or `log.warn` at that line of the script. Dropped unless a sink wants it.
    ///
    /// # Errors
    /// Those of the sink; the run ends with them.
    fn log(&mut self, level: LogLevel, message: &str, line: u32) -> io::Result<()> {
        let _ = (level, message, line);
        Ok(())
    }

    /// What the script printed after it had branched on local-only data, for the operator's eyes only; it comes where
    /// [`super::RunOptions::operator_view`] asks for it. Local-only values in it are `[REDACTED]`, but it depends on them. Dropped unless
    /// a sink wants it.
    ///
    /// # Errors
    /// Those of the sink; the run ends with them.
    fn withheld(&mut self, text: &str) -> io::Result<()> {
        let _ = text;
        Ok(())
    }
}

/// Collects the output.
impl OutputSink for String {
    fn print(&mut self, text: &str) -> io::Result<()> {
        self.push_str(text);
        Ok(())
    }
}
