//! For fuzzers: the hook put into a text and taken out again, and what must hold of that.

use serde_json::Value;

use super::hook::Hook;
use super::merge::{found, installed, is_installed, uninstalled};
use super::shape::Form;
use crate::edit::Edited;
use crate::host::Host;

/// Panics where the text that comes out is no JSON, has no hook, changes once more, or is not what it was without it.
pub(crate) fn fuzzed(host: Host, text: &str, hook: &Hook) {
    let Some(Form::Shared(hooks)) = host.hooks().map(|facts| &facts.form) else { return };
    let had_ours = found(text, hooks).is_ok_and(|found| !found.is_empty());
    let Ok(edited) = installed(text, hooks, hook) else { return };
    let new = match &edited {
        Edited::Text(new) => new.as_str(),
        Edited::Same => text,
        Edited::Gone => return assert!(text.is_empty(), "a text is gone"),
    };
    assert_eq!(is_installed(new, hooks, hook), Ok(true));
    assert_eq!(installed(new, hooks, hook), Ok(Edited::Same), "again");
    if !hooks.reader.comments {
        let body = new.strip_prefix('\u{feff}').unwrap_or(new);
        assert!(serde_json::from_str::<Value>(body).is_ok(), "no JSON");
    }
    if !had_ours && edited != Edited::Same {
        let without = uninstalled(new, hooks, Some(text));
        let is_as_it_was = match &without {
            Ok(Edited::Text(without)) => without == text,
            Ok(Edited::Gone) => text.trim_start_matches('\u{feff}').trim().is_empty() || text.trim() == "{}",
            _ => false,
        };
        assert!(is_as_it_was, "without: {without:?}");
    }
}
