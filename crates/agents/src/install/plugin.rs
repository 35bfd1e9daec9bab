//! The plugin for OpenCode: a file that is ours alone, in the language of its plugins.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::hook::Hook;

const TEXT: &str = include_str!("aegis.js");

/// The event that the plugin asks about.
pub(crate) const EVENT: &str = "tool.execute.before";

/// How its first line begins, in each version of it.
const MARK: &str = "// aegis: made by `aegis agents install`";

const PROGRAM: &str = "const PROGRAM = ";
const ARGUMENTS: &str = "const ARGUMENTS = ";
const TIMEOUT: &str = "const TIMEOUT_MS = ";

/// The plugin that starts this hook.
pub(crate) fn text(host: &str, hook: &Hook) -> String {
    // a JSON text is one of JavaScript too; the arguments last, so that nothing in them is taken for a place of another
    TEXT.replace("@PROGRAM@", &json!(hook.program()).to_string()).replace("@ARGUMENTS@", &json!(hook.arguments(host, EVENT)).to_string())
}

/// Whether Aegis wrote this.
pub(crate) fn is_ours(text: &str) -> bool {
    text.starts_with(MARK)
}

/// The hook that a plugin of ours starts.
pub(crate) fn hook(text: &str) -> Option<Hook> {
    let program: String = serde_json::from_str(constant(text, PROGRAM)?).ok()?;
    let arguments: Vec<String> = serde_json::from_str(constant(text, ARGUMENTS)?).ok()?;
    let policy = arguments.iter().position(|argument| argument == "--policy").and_then(|at| arguments.get(at + 1));
    Hook::new(Path::new(&program), policy.map(Path::new)).ok()
}

/// How long the plugin waits.
pub(crate) fn timeout(text: &str) -> Option<Duration> {
    constant(text, TIMEOUT)?.parse().ok().map(Duration::from_millis)
}

fn constant<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix(';'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (program, policy) in [("/opt/aegis-hook", Some("/a \"b\"/@PROGRAM@\u{2028}.toml")), ("/opt/it's/aegis", None)] {
            let hook = Hook::new(Path::new(program), policy.map(Path::new)).unwrap();
            let text = text("opencode", &hook);
            assert!(is_ours(&text));
            assert_eq!(super::hook(&text), Some(hook));
            assert_eq!(timeout(&text), Some(Duration::from_secs(20)));
            assert!(!text.contains("@ARGUMENTS@"));
        }
        assert!(!is_ours("export const Mine = 1\n"));
    }
}
