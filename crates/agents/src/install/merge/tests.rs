//! Properties of the merge, on generated files of every style and on texts of no style at all.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::host::Host;
use crate::install::shape::{Form, RULESYNC};
use crate::written::{Style, parsed, style, value, written};

fn hook(policy: &str) -> Hook {
    Hook::new(Path::new("/opt/it's/aegis"), Some(Path::new(policy))).unwrap()
}

fn kinds() -> impl Strategy<Value = &'static JsonHooks> {
    let of_hosts = Host::ALL.into_iter().filter_map(|host| match host.hooks()?.form {
        Form::Shared(hooks) | Form::Alone(hooks) => Some(hooks),
        Form::Plugin => None,
    });
    prop::sample::select(of_hosts.chain([&RULESYNC]).collect::<Vec<_>>())
}

/// An entry of somebody else, or an older one of ours.
fn entry() -> impl Strategy<Value = Value> {
    let command = prop::sample::select(vec![
        "say done",
        "echo aegis-hook",
        "/old/aegis hook --host x",
        "'/old/aegis-hook' --policy=/p || exit 2",
        "/usr/bin/aegis run x",
    ]);
    (command, prop::option::of(1..90_u32), any::<bool>()).prop_map(|(command, timeout, is_async)| {
        let mut entry = json!({"type": "command", "command": command, "bash": command});
        let members = entry.as_object_mut().unwrap();
        members.extend(timeout.map(|timeout| ("timeout".to_owned(), json!(timeout))));
        members.extend(is_async.then(|| ("async".to_owned(), json!(true))));
        entry
    })
}

fn group(is_grouped: bool) -> BoxedStrategy<Value> {
    if !is_grouped {
        return entry().boxed();
    }
    let matcher = prop::option::of(prop::sample::select(vec!["Bash", "*", "", "Edit|Write"]));
    (matcher, prop::collection::vec(entry(), 0..3))
        .prop_map(|(matcher, entries)| match matcher {
            Some(matcher) => json!({"matcher": matcher, "hooks": entries}),
            None => json!({"hooks": entries}),
        })
        .boxed()
}

/// A file as its host reads it, with hooks of others and old ones of ours.
fn file() -> impl Strategy<Value = (&'static JsonHooks, Value, Style)> {
    kinds().prop_flat_map(|hooks| {
        let part = hooks.sections.first().unwrap();
        let names: Vec<&str> = part.events.iter().map(|(key, _)| *key).chain(["Stop", "x"]).collect();
        let events = prop::collection::btree_map(prop::sample::select(names), prop::collection::vec(group(part.is_grouped), 0..3), 0..4);
        let others = prop::collection::btree_map("[a-z]{1,5}\\.?", value(), 0..if hooks.reader.name == "Codex" { 1 } else { 3 });
        (prop::option::of(events), others, style()).prop_map(move |(events, others, style)| {
            let mut whole = if hooks.reader.name == "Codex" { serde_json::Map::new() } else { others.into_iter().collect() };
            for name in ["hooks", "version", "permissions"] {
                whole.remove(name);
            }
            if let Some(events) = events {
                let mut inner = json!(events);
                for name in part.path.iter().skip(1).rev() {
                    inner = json!({*name: inner});
                }
                whole.insert((*part.path.first().unwrap()).to_owned(), inner);
            }
            let style = Style {
                comments: style.comments && hooks.reader.comments,
                mark: style.mark && hooks.reader.byte_order_mark,
                trailing_commas: false,
                ..style
            };
            (hooks, Value::Object(whole), style)
        })
    })
}

/// What is of others, with nothing that is empty.
fn of_others(hooks: &JsonHooks, value: &Value) -> Value {
    fn pruned(value: &Value, command: &str) -> Option<Value> {
        match value {
            Value::Object(members) => {
                let is_ours = members.get(command).and_then(Value::as_str).is_some_and(|text| Known::of(text, &[]).is_some());
                let left: serde_json::Map<String, Value> =
                    members.iter().filter_map(|(key, value)| Some((key.clone(), pruned(value, command)?))).collect();
                let holds = !is_ours && left.keys().any(|key| key != "matcher");
                holds.then_some(Value::Object(left))
            }
            Value::Array(items) => {
                let left: Vec<Value> = items.iter().filter_map(|item| pruned(item, command)).collect();
                (!left.is_empty()).then_some(Value::Array(left))
            }
            plain => Some(plain.clone()),
        }
    }
    let mut left = pruned(value, hooks.sections.first().unwrap().command_key()).unwrap_or(json!({}));
    if hooks.has_version {
        left.as_object_mut().unwrap().remove("version");
    }
    left
}

fn became(edited: Edited, text: &str) -> String {
    match edited {
        Edited::Same => text.to_owned(),
        Edited::Text(new) => new,
        Edited::Gone => String::new(),
    }
}

proptest! {
    #[test]
    fn others_keep_what_they_have((hooks, content, style) in file()) {
        let text = written(&content, &style);
        let new = became(installed(&text, hooks, &hook("/p q")).unwrap(), &text);
        prop_assert!(is_installed(&new, hooks, &hook("/p q")).unwrap(), "{new}");
        prop_assert_eq!(of_others(hooks, &parsed(&new)), of_others(hooks, &content), "{}", &new);
        prop_assert_eq!(installed(&new, hooks, &hook("/p q")).unwrap(), Edited::Same, "twice is once");
        if !style.comments {
            let plain: Result<Value, _> = serde_json::from_str(new.trim_start_matches('\u{feff}'));
            prop_assert!(plain.is_ok(), "{new}");
        }
        // brought up to date, nothing else moves
        let later = became(installed(&new, hooks, &hook("/later")).unwrap(), &new);
        prop_assert_eq!(later.lines().count(), new.lines().count());
        // back again, to the byte where nothing of ours was there
        let had_ours = !found(&text, hooks).unwrap().is_empty();
        let left = became(uninstalled(&later, hooks, Some(&text)).unwrap(), &later);
        if !had_ours {
            prop_assert_eq!(&left, &text);
        }
        prop_assert_eq!(of_others(hooks, &parsed(&left)), of_others(hooks, &content), "{}", &left);
        prop_assert!(found(&left, hooks).unwrap().is_empty(), "{}", &left);
        // and without knowing what was there
        let left = became(uninstalled(&later, hooks, None).unwrap(), &later);
        if !left.is_empty() {
            prop_assert_eq!(of_others(hooks, &parsed(&left)), of_others(hooks, &content), "{}", &left);
        }
    }

    #[test]
    fn no_text_makes_it_panic(hooks in kinds(), text in "[{}\\[\\]\",:/* a-c=\\n\\\\.#'é\u{feff}]{0,24}") {
        if let Ok(Edited::Text(new)) = installed(&text, hooks, &hook("/p")) {
            let _ = parsed(&new);
        }
        let _ = uninstalled(&text, hooks, Some(&text));
    }

    #[test]
    fn whatever_stands_there_the_result_is_whole(hooks in kinds(), groups in value(), inner in value(), more in value(), style in style()) {
        let key = hooks.sections.first().unwrap().events.first().unwrap().0;
        for hooks_value in [json!({key: groups}), json!({key: [{"hooks": inner}, more]}), json!({key: [{"hooks": [inner]}], "x": more}), groups.clone()] {
            let style = Style { comments: false, mark: false, trailing_commas: false, ..style.clone() };
            let text = written(&json!({"hooks": hooks_value}), &style);
            if let Ok(edited) = installed(&text, hooks, &hook("/p")) {
                let new = became(edited, &text);
                let value: Value = serde_json::from_str(&new).unwrap_or_else(|e| panic!("{e}: {new}"));
                prop_assert!(value.is_object());
                let left = became(uninstalled(&new, hooks, None).unwrap(), &new);
                if !left.is_empty() {
                    let _: Value = serde_json::from_str(&left).unwrap_or_else(|e| panic!("{e}: {left}"));
                }
            }
            let _ = uninstalled(&text, hooks, None);
        }
    }
}
