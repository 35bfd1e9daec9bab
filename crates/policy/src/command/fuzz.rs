//! What the fuzz target of this module calls.

use std::path::Path;

use super::{ArgPattern, CommandPattern, ExecRequest};

/// The first line is a pattern, every further one a word of an argv.
pub fn command(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n').map(str::to_owned);
    let pattern = lines.next().unwrap_or_default();
    let argv: Vec<String> = lines.collect();
    let request = ExecRequest::parse(&argv, Path::new("/work"));
    if let Ok(pattern) = CommandPattern::parse(&pattern) {
        let _ = (pattern.allows(&request), pattern.catches(&request));
        for hazard in request.hazards() {
            let _ = pattern.names_option(hazard);
        }
    }
    if let Ok(pattern) = ArgPattern::parse(request.program(), &pattern) {
        let _ = pattern.matches(&request);
    }
}
