//! Texts that load, and what they become.

use std::time::Duration;

use super::*;
use crate::merged::{Confine, Shape, Unlisted};
use crate::schema::keys::{Form, Kind, Merge, SECTIONS};
use crate::{Capability, ChildNetwork, Durability, Verdict};
use proptest::prelude::*;

const WHOLE: &str = include_str!("whole.toml");

#[test]
fn a_file_with_everything() {
    let m = load(WHOLE).unwrap();
    assert_eq!(m.settings.name.as_deref(), Some("my project"));
    assert_eq!(m.settings.description.as_deref(), Some("two\nlines"));
    assert_eq!(m.settings.root, Path::new("/"));
    assert_eq!(m.settings.confine, Confine::Auto);
    assert_eq!(m.settings.child_network, ChildNetwork::Proxy);
    assert_eq!(m.settings.durability, Durability::Fsync);
    assert_eq!(m.settings.unlisted, Unlisted::Deny);
    assert!(m.settings.padded_timing && m.settings.reveal_denied);
    assert_eq!(m.settings.audit_path.as_deref(), Some(Path::new("/home/mia/.local/state/aegis/my-project/audit.jsonl")));
    assert_eq!(m.settings.audit_key.as_deref(), Some(Path::new("/keys/audit.key")));
    let limits = &m.settings.limits;
    assert_eq!(
        (limits.max_time, limits.net_timeout, limits.child_timeout),
        (Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(3))
    );
    assert_eq!((limits.max_response_bytes, limits.max_child_output_bytes, limits.max_steps, limits.max_memory_bytes), (4, 5, 6, 7));
    assert_eq!((limits.max_output_bytes, limits.max_callstack_size, limits.max_total_calls), (8, 9, 10));
    assert_eq!(limits.max_calls, [(Capability::NetHttpPost, 20)].into());

    let approvals: Vec<_> = m.lists.requires_approval.iter().map(|a| (a.capability, a.pattern.as_deref(), a.entry.rule.why())).collect();
    assert_eq!(
        approvals,
        [
            (Capability::FsDelete, None, None),
            (Capability::FsWrite, Some("src/**"), None),
            (Capability::NetHttpPost, Some("api.example.com"), Some("costs money"))
        ]
    );
    let args: Vec<_> = m.lists.deny_args.iter().map(|a| (&*a.command, a.entry.rule.pattern())).collect();
    assert_eq!(args, [("git", "push --force"), ("git", "reset --hard"), ("npm", "publish")]);
    let flows: Vec<_> = m.lists.flows.iter().map(|f| (f.source(), f.to.clone(), f.entry.rule.line())).collect();
    let to = vec!["host:api.openai.com".to_owned(), "command:gpg".to_owned()];
    assert_eq!(flows[0], ("env:OPENAI_API_KEY", to, 95));
    assert_eq!(flows[1].0, "env:A");
    assert_eq!((flows[2].0, flows[2].1.len()), ("file:~/.config/app/token", 1));
    let d: Vec<_> = m.lists.declassify.iter().map(|d| (d.from.as_str(), d.max_bytes, d.shape.clone(), d.reason.as_str())).collect();
    assert_eq!(d[0], ("host:api.openai.com", 65536, Shape::Text, "chat answers are shown to the user"));
    assert_eq!(d[1].2, Shape::OneOf(vec!["yes".into(), "no".into()]));
    assert_eq!(d[2].2, Shape::Regex("[a-z]+".into()));
    assert_eq!(m.lists.tools["Read"].capabilities, [Capability::FsRead]);
    assert_eq!(m.lists.tools["WebSearch"].backend_method.as_deref(), Some("GET"));
    assert_eq!((m.lists.tests[0].entry.rule.pattern(), m.lists.tests[0].expect), ("exec git push --force origin main", Verdict::Deny));
    assert_eq!(m.native["claude"]["sandbox"]["allowLocalBinding"], toml::Value::Boolean(true));
    assert!(m.weakened.is_empty() && m.notes.is_empty());
    assert_eq!(m.files.len(), 1);
    assert_eq!(m.trust_hash.len(), 64);
}

#[test]
fn every_list_of_the_table_arrives_with_its_place() {
    let mut m = load(WHOLE).unwrap();
    for key in SECTIONS.iter().flat_map(|s| s.keys) {
        let Kind::Entries(_, list) = key.kind else { continue };
        let list = list(&mut m.lists);
        assert!(!list.is_empty(), "{} is not in the example", key.place);
        for entry in list {
            let rule = &entry.rule;
            let line = WHOLE.lines().nth(rule.line() as usize - 1).unwrap();
            assert!(line.contains(rule.pattern()), "{rule}");
            assert_eq!((rule.list(), rule.file(), rule.is_preset()), (key.place, "policy.toml", false));
            assert_eq!(&*entry.base, Path::new("/"));
        }
    }
    let denied = &m.lists.fs_deny[1].rule;
    assert_eq!((denied.pattern(), denied.why()), ("secrets", Some("not yours")));
}

#[test]
fn an_empty_file_has_the_defaults() {
    let m = load("").unwrap();
    assert_eq!(m.settings.confine, Confine::Auto);
    assert_eq!(m.settings.child_network, ChildNetwork::Deny);
    assert_eq!(m.settings.durability, Durability::Os);
    assert_eq!(m.settings.unlisted, Unlisted::Ask);
    assert_eq!(m.settings.limits.max_time, Duration::from_secs(60));
    assert_eq!(m.settings.audit_path, None);
    assert!(m.lists.read_allow.is_empty());
}

#[test]
fn the_defaults_of_the_table_are_those_of_an_empty_file() {
    let empty = format!("{:?}", load("").unwrap().settings);
    let mut text = String::new();
    for section in SECTIONS.iter().filter(|s| matches!(s.form, Form::Root | Form::Table)) {
        if section.form == Form::Table {
            text.push_str(&format!("[{}]\n", section.name));
        }
        for key in section.keys.iter().filter(|key| !key.default.is_empty()) {
            text.push_str(&format!("{} = {}\n", key.name, key.default));
        }
    }
    assert_eq!(format!("{:?}", load(&text).unwrap().settings), empty, "{text}");
}

#[test]
fn duplicates_in_a_list_are_allowed() {
    assert_eq!(patterns(&load("[filesystem]\ndeny = [\"x\", \"x\"]\n").unwrap().lists.fs_deny), ["x", "x"]);
}

#[test]
fn an_older_sandbox_none_is_auto_and_is_told() {
    let m = load("[subprocess]\nsandbox = \"none\"\n").unwrap();
    assert_eq!(m.settings.confine, Confine::Auto);
    assert_eq!(m.notes.len(), 1);
    assert_eq!(m.notes[0].by, "policy.toml:2");
}

#[test]
fn schema_and_reference_have_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&crate::json_schema()).unwrap();
    let reference = crate::key_reference();
    for section in SECTIONS {
        let properties = &schema["properties"];
        let keys = match section.form {
            Form::Root => properties,
            Form::Table => &properties[section.name]["properties"],
            Form::Repeated => &properties[section.name]["items"]["properties"],
            Form::Named => &properties[section.name]["additionalProperties"]["anyOf"][1]["properties"],
        };
        for key in section.keys {
            assert_eq!(keys[key.name]["description"], key.doc, "{}", key.place);
            assert!(keys[key.name]["default"].is_null() == key.default.is_empty(), "{}", key.place);
            assert!(reference.contains(&format!("| `{}` | ", key.name)), "{}", key.place);
            assert_eq!(key.place, if section.name.is_empty() { key.name.to_owned() } else { format!("[{}].{}", section.name, key.name) });
            assert!(key.merge != Merge::Smaller || matches!(key.kind, Kind::Limit(..) | Kind::Calls), "{}", key.place);
            assert!(key.merge != Merge::Stricter || matches!(key.kind, Kind::Word(_)), "{}", key.place);
        }
    }
}

/// The statements of the whole example, each with the number of its section and that section's line.
fn statements() -> Vec<(usize, String, String)> {
    let mut section = (0, String::new());
    let mut all: Vec<(usize, String, String)> = Vec::new();
    for line in WHOLE.lines() {
        if line.starts_with('[') {
            section = (section.0 + 1, line.to_owned());
        } else if line.starts_with(' ') || line.starts_with(']') || line == "lines\"\"\"" {
            let last = &mut all.last_mut().unwrap().2;
            *last = format!("{last}\n{line}");
        } else if !line.is_empty() && !line.starts_with('#') {
            all.push((section.0, section.1.clone(), line.to_owned()));
        }
    }
    all
}

proptest! {
    /// Any subset of the keys loads, or is refused for a part that is missing; nothing panics, and what loads is what was stated.
    #[test]
    fn any_subset_of_keys_loads(picked in proptest::collection::vec(any::<bool>(), statements().len())) {
        let mut text = String::new();
        let mut section = 0;
        let mut lists = 0;
        for ((number, title, statement), _) in statements().into_iter().zip(&picked).filter(|(_, picked)| **picked) {
            if number != section {
                text.push_str(&format!("{title}\n"));
                section = number;
            }
            let place = format!("{title}.{}", statement.split(' ').next().unwrap());
            lists += SECTIONS.iter().flat_map(|s| s.keys).filter(|k| k.place == place && matches!(k.kind, Kind::Entries(..))).count();
            text.push_str(&format!("{statement}\n"));
        }
        match load(&text) {
            Ok(mut merged) => {
                let filled = SECTIONS.iter().flat_map(|s| s.keys).filter(|key| match key.kind {
                    Kind::Entries(_, list) => !list(&mut merged.lists).is_empty(),
                    _ => false,
                });
                prop_assert_eq!(filled.count(), lists);
            }
            Err(error) => prop_assert!(matches!(error.code(), crate::LoadCode::MissingKey | crate::LoadCode::Contradiction | crate::LoadCode::BadValue), "{}\n{}", error, text),
        }
        prop_assert!(crate::migrate(&text).is_err() || load(&crate::migrate(&text).unwrap()).is_ok() == load(&text).is_ok());
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        crate::fuzzing::policy_text(text.as_bytes());
    }

    /// The whole example with a few bytes changed.
    #[test]
    fn no_damage_panics(edits in proptest::collection::vec((0..WHOLE.len(), any::<u8>()), 1..6), cut in 0..WHOLE.len()) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (at, byte) in edits {
            bytes[at] = byte;
        }
        crate::fuzzing::policy_text(&bytes);
        crate::fuzzing::policy_text(&bytes[cut..]);
    }
}
