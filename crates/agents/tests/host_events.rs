//! Events of another mediator's corpus, and what it answered. Ours says the same or is stricter; every difference is listed with its reason.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use aegis_agents::hooks::{Asked, HookHost, Stance, answer, read, rule, settle};
use aegis_policy::{Finder, Policy, Surroundings};
use serde_json::Value;

/// The policy of the corpus, in our words. What no rule names is left to the host there.
const POLICY: &str = r#"
version = 1
requires_approval = ["fs.write /w/**"]
[filesystem]
read_allow = ["/w/**"]
write_allow = ["/w/**"]
deny = ["/etc"]
[network]
http_get_allow = ["github.com", "*.github.com"]
[subprocess]
allow_commands = ["git status **"]
ask_commands = ["git push **"]
deny_commands = ["rm"]
[agents]
allow_tools = ["mcp__memory__*", "mcp_memory_*"]
deny_tools = ["mcp__evil__*"]
unlisted = "none"
"#;

fn policy() -> Policy {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    Policy::from_text("corpus.toml", POLICY, Path::new("/tmp"), &finder, &Surroundings::default()).unwrap()
}

/// What an answer does, whatever its form and words.
fn meaning(printed: &Value) -> &'static str {
    let texts = printed.to_string();
    ["deny", "ask", "allow"].into_iter().find(|word| texts.contains(&format!("\":\"{word}\""))).unwrap_or("none")
}

/// Rows that differ.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("codex-PreToolUse-ask", "deny", "whatever is no denial runs there: a question is put by `aegis approve`"),
    ("claude-bypass-deny", "deny", "no mode lowers a denial"),
    ("claude-bypass-mcp-codex", "deny", "nobody is asked in that mode, and no other approval policy is handed down"),
    ("claude-tool-Write-/w/a", "ask", "Write and Edit both write the file"),
    ("claude-tool-Grep-/etc", "deny", "a search reads what lies there"),
    ("gemini-tool-write_file-file_path", "deny", "Write and Edit both write the file"),
    ("gemini-tool-web_fetch-prompt", "allow", "the address stands in the prompt, and a rule allows it"),
    ("gemini-tool-list_directory-dir_path", "deny", "the directory is denied by its path"),
    ("gemini-tool-mcp_memory_get-", "allow", "the tool is listed under Gemini's name for it"),
    ("codex-apply_patch", "deny", "the patch writes a file that needs approval, and nobody is asked there"),
];

#[test]
fn every_row() {
    let policy = policy();
    let mut different = Vec::new();
    let mut count = 0;
    for line in include_str!("corpus/host_events.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let id = row["id"].as_str().unwrap();
        let host = HookHost::from_word(row["agent"].as_str().unwrap()).unwrap();
        let event = read(Asked { host: Some(host), event: row["event"].as_str() }, row["stdin"].to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        let ruling = rule(&policy, &event, Some(Path::new("/home/mia")), None);
        let told = settle(ruling.stance, &event).told();
        let ours: Value = serde_json::from_str(&answer(&event, told, "because").stdout).unwrap();
        let (theirs, ours) = (meaning(&row["stdout"]), meaning(&ours));
        match DIFFERENT.iter().find(|(other, ..)| *other == id) {
            Some((_, expected, _)) => {
                assert_eq!(ours, *expected, "{id}: {:?}", ruling.parts);
                assert_ne!(ours, theirs, "{id} does not differ");
                different.push(id.to_owned());
            }
            None => assert_eq!(ours, theirs, "{id}: {:?}", ruling.parts),
        }
        // found out by its shape it is the same, where it has a shape
        let found = read(Asked { host: None, event: None }, row["stdin"].to_string().as_bytes()).unwrap();
        assert_eq!((found.tool, found.name), (event.tool, event.name), "{id}");
        count += 1;
    }
    assert!(count >= 40, "{count}");
    assert_eq!(different.len(), DIFFERENT.len(), "{different:?}");
}

/// An answer that lets a call through is only given for what the policy allows.
#[test]
fn nothing_else_is_decided_at_other_events() {
    let event = read(
        Asked { host: Some(HookHost::Claude), event: Some("PostToolUse") },
        br#"{"hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"ls"},"cwd":"/w"}"#,
    )
    .unwrap();
    assert_eq!(answer(&event, Stance::NoOpinion, "").stdout, "{}\n");
}
