//! Findings, and how they are shown: text with a source frame, JSON, SARIF.

use serde::{Deserialize, Serialize};

use super::Span;
use crate::source::Source;

/// How certain a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It fails whenever the script runs.
    Error,
    /// It may never run.
    Warning,
}

/// One thing that is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How certain it is.
    pub severity: Severity,
    /// Stable: `capability`, `denied`, `unknown_name`, `unknown_member`, `type`, `syntax`, `limit`.
    pub code: String,
    /// One line.
    pub message: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the end.
    pub end_column: u32,
    /// The line with the place marked.
    pub frame: String,
    /// What to do instead.
    pub suggestion: Option<String>,
}

impl Finding {
    pub(crate) fn new(severity: Severity, code: &str, message: String, suggestion: Option<String>, source: &Source, span: Span) -> Finding {
        let (start, end) = (source.position(span.start), source.position(span.end.max(span.start)));
        Finding {
            severity,
            code: code.to_owned(),
            message,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            frame: source.frame(span.start, span.end),
            suggestion,
        }
    }
}

/// `error: message`, the frame, the way out.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {} [{}]\n{}", self.message, self.code, self.frame)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "\n  = {suggestion}")?;
        }
        Ok(())
    }
}

/// The findings of one script as JSON.
#[must_use]
pub fn findings_json(name: &str, findings: &[Finding]) -> String {
    serde_json::json!({ "script": name, "findings": findings }).to_string()
}

/// The findings of one script as SARIF 2.1.0.
#[must_use]
pub fn findings_sarif(name: &str, findings: &[Finding]) -> String {
    let mut codes: Vec<&str> = findings.iter().map(|f| f.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let results: Vec<serde_json::Value> = findings
        .iter()
        .map(|f| {
            let text = f.suggestion.as_ref().map_or_else(|| f.message.clone(), |s| format!("{}; {s}", f.message));
            serde_json::json!({
                "ruleId": f.code,
                "level": match f.severity { Severity::Error => "error", Severity::Warning => "warning" },
                "message": { "text": text },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri(name) },
                    "region": {
                        "startLine": f.line, "startColumn": f.column, "endLine": f.end_line, "endColumn": f.end_column,
                    },
                }}],
            })
        })
        .collect();
    serde_json::json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "aegis",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|c| serde_json::json!({ "id": c })).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
    .to_string()
}

/// A path as a URI reference (RFC 3986): what is not unreserved or `/` is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for b in path.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}
