//! Every rule of merging.

use std::time::Duration;

use super::*;
use crate::merged::{Confine, Unlisted};
use crate::{Capability, ChildNetwork, Durability};

fn over_base(own: &str) -> Merged {
    load(&format!("inherits = \"base-rules\"\n{own}")).unwrap()
}

fn weakened(m: &Merged) -> Vec<String> {
    m.weakened.iter().map(|w| format!("{} by {}", w.what, w.by)).collect()
}

fn notes(m: &Merged) -> Vec<String> {
    m.notes.iter().map(|n| format!("{} by {}", n.what, n.by)).collect()
}

#[test]
fn lists_are_united_inherited_first() {
    let m = over_base("[filesystem]\ndeny = [\"own\"]\n[subprocess]\ndeny_args = { git = [\"clean\"] }\n");
    assert_eq!(patterns(&m.lists.fs_deny), ["**/.env*", "~/.ssh", "own"]);
    let files: Vec<_> = m.lists.fs_deny.iter().map(|e| (e.rule.place(), e.rule.is_preset(), e.base.to_path_buf())).collect();
    assert_eq!(files[0], ("preset base-rules:4".into(), true, PathBuf::from("/")));
    assert_eq!(files[2], ("policy.toml:3".into(), false, PathBuf::from("/")));
    let args: Vec<_> = m.lists.deny_args.iter().map(|a| a.entry.rule.pattern()).collect();
    assert_eq!(args, ["push --force", "reset --hard", "clean"]);
    assert_eq!(m.lists.requires_approval.len(), 1);
    assert_eq!(m.files.iter().map(|f| &*f.name).collect::<Vec<_>>(), ["policy.toml", "preset base-rules"]);
}

#[test]
fn exclamation_removes_and_is_reported() {
    let m = over_base(
        "requires_approval = [\"!fs.delete\"]\n[filesystem]\ndeny = [\"!~/.ssh\"]\n[subprocess]\ndeny_commands = [{ match = \"!rm\", reason = \"needed\" }]\ndeny_args = { git = [\"!push --force\"] }\n",
    );
    assert_eq!(patterns(&m.lists.fs_deny), ["**/.env*"]);
    assert_eq!(patterns(&m.lists.deny_commands), ["sudo"]);
    assert_eq!(m.lists.deny_args.iter().map(|a| a.entry.rule.pattern()).collect::<Vec<_>>(), ["reset --hard"]);
    assert!(m.lists.requires_approval.is_empty());
    assert_eq!(
        weakened(&m),
        [
            "requires_approval \"fs.delete\" (preset base-rules:2) by policy.toml:2",
            "[filesystem].deny \"~/.ssh\" (preset base-rules:4) by policy.toml:4",
            "[subprocess].deny_commands \"rm\" (preset base-rules:10) by policy.toml:6",
            "[subprocess].deny_args \"push --force\" (preset base-rules:11) by policy.toml:7",
        ]
    );
}

#[test]
fn what_is_removed_can_be_added_again() {
    let m = over_base("[subprocess]\ndeny_commands = [\"!rm\", { match = \"rm\", reason = \"mine\" }]\n");
    assert_eq!(patterns(&m.lists.deny_commands), ["sudo", "rm"]);
    assert_eq!(m.lists.deny_commands[1].rule.why(), Some("mine"));
}

#[test]
fn exclamation_that_removes_nothing() {
    for (own, expected) in [
        (
            "[subprocess]\ndeny_commands = [\"!rmm\"]\n",
            "3:18: \"!rmm\" in [subprocess].deny_commands removes nothing: it is not inherited; did you mean \"!rm\"?",
        ),
        ("[subprocess]\nallow_commands = [\"!rm\"]\n", "3:19: \"!rm\" in [subprocess].allow_commands removes nothing: it is not inherited"),
        (
            "[subprocess]\ndeny_args = { hg = [\"!push --force\"] }\n",
            "3:21: \"!push --force\" in [subprocess].deny_args removes nothing: it is not inherited",
        ),
        (
            "[subprocess]\ndeny_args = { git = [\"!push --forc\"] }\n",
            "3:22: \"!push --forc\" in [subprocess].deny_args removes nothing: it is not inherited; did you mean \"!push --force\"?",
        ),
        ("[filesystem]\ndeny = [\"x\", \"!x\"]\n", "3:14: \"!x\" in [filesystem].deny removes nothing: it is not inherited"),
        ("[environment]\ndeny_vars = [\"!A\"]\n", "3:14: \"!A\" in [environment].deny_vars removes nothing: it is not inherited"),
    ] {
        assert_eq!(message(&format!("inherits = \"base-rules\"\n{own}")), format!("policy.toml:{expected}"));
    }
    assert_eq!(
        message("requires_approval = [\"!fs.read\"]\n"),
        "policy.toml:1:22: \"!fs.read\" in requires_approval removes nothing: it is not inherited"
    );
}

#[test]
fn the_smaller_limit_wins() {
    let m = over_base(
        "[runtime]\nmax_seconds = 20\nmax_calls_per_capability = { \"net.http_post\" = 5, \"fs.read\" = 500, \"fs.write\" = 7 }\n[network]\ntimeout_seconds = 99\n",
    );
    assert_eq!(m.settings.limits.max_time, Duration::from_secs(20));
    assert_eq!(m.settings.limits.net_timeout, Duration::from_secs(10));
    assert_eq!(m.settings.limits.max_calls, [(Capability::NetHttpPost, 5), (Capability::FsRead, 100), (Capability::FsWrite, 7)].into());
    assert!(m.weakened.is_empty());
    assert_eq!(
        notes(&m),
        [
            "[network].timeout_seconds: 10 -> 99 has no effect without override = true in [runtime] by policy.toml:6",
            "[runtime].max_calls_per_capability.\"fs.read\": 100 -> 500 has no effect without override = true in [runtime] by policy.toml:4",
        ]
    );
}

#[test]
fn a_limit_that_nobody_inherits_may_be_above_the_default() {
    let m = over_base("[runtime]\nmax_steps = 900000000\n");
    assert_eq!(m.settings.limits.max_steps, 900_000_000);
    assert!(m.weakened.is_empty() && m.notes.is_empty());
}

#[test]
fn override_raises_limits_of_every_section_and_is_reported() {
    let m = over_base(
        "[runtime]\noverride = true\nmax_seconds = 300\nmax_calls_per_capability = { \"fs.read\" = 500 }\n[network]\ntimeout_seconds = 5\n[subprocess]\ntimeout_seconds = 4\n",
    );
    assert_eq!(m.settings.limits.max_time, Duration::from_secs(300));
    assert_eq!(m.settings.limits.net_timeout, Duration::from_secs(5));
    assert_eq!(m.settings.limits.max_calls, [(Capability::NetHttpPost, 20), (Capability::FsRead, 500)].into());
    assert_eq!(
        weakened(&m),
        [
            "[runtime].max_calls_per_capability.\"fs.read\": 100 -> 500 by policy.toml:5",
            "[runtime].max_seconds: 30 -> 300 by policy.toml:4",
        ],
        "lowering needs no override and is not reported"
    );
    let off = over_base("[runtime]\noverride = false\nmax_seconds = 300\n");
    assert_eq!(off.settings.limits.max_time, Duration::from_secs(30));
    let elsewhere = over_base("[network]\ntimeout_seconds = 99\n[subprocess]\noverride = true\n");
    assert_eq!(elsewhere.settings.limits.net_timeout, Duration::from_secs(10), "only [runtime] overrides limits");
}

#[test]
fn words_only_become_stricter() {
    let loose = "[subprocess]\nconfine = \"off\"\nnetwork = \"proxy\"\n[audit]\ndurability = \"os\"\n[agents]\nunlisted = \"none\"\n[runtime]\ntiming = \"plain\"\n";
    let m = over_base(loose);
    assert_eq!((m.settings.confine, m.settings.child_network), (Confine::Auto, ChildNetwork::Deny));
    assert_eq!((m.settings.durability, m.settings.unlisted, m.settings.padded_timing), (Durability::Fsync, Unlisted::Ask, true));
    assert!(m.weakened.is_empty());
    assert_eq!(notes(&m).len(), 5);
    assert!(
        notes(&m).contains(
            &"[agents].unlisted: \"ask\" -> \"none\" has no effect without override = true in [agents] by policy.toml:8".to_owned()
        )
    );

    let every = ["subprocess", "audit", "agents", "runtime"]
        .iter()
        .fold(loose.to_owned(), |text, section| text.replace(&format!("[{section}]"), &format!("[{section}]\noverride = true")));
    let m = over_base(&every);
    assert_eq!((m.settings.confine, m.settings.child_network), (Confine::Off, ChildNetwork::Proxy));
    assert_eq!((m.settings.durability, m.settings.unlisted, m.settings.padded_timing), (Durability::Os, Unlisted::None, false));
    assert!(m.notes.is_empty());
    assert_eq!(
        weakened(&m),
        [
            "[agents].unlisted: \"ask\" -> \"none\" by policy.toml:11",
            "[audit].durability: \"fsync\" -> \"os\" by policy.toml:8",
            "[runtime].timing: \"padded\" -> \"plain\" by policy.toml:14",
            "[subprocess].confine: \"auto\" -> \"off\" by policy.toml:4",
            "[subprocess].network: \"deny\" -> \"proxy\" by policy.toml:5",
        ]
    );
    let wrong_section = over_base("[runtime]\noverride = true\n[subprocess]\nconfine = \"off\"\n");
    assert_eq!(wrong_section.settings.confine, Confine::Auto);
}

#[test]
fn stricter_words_need_nothing() {
    let m = over_base("[agents]\nunlisted = \"deny\"\n[runtime]\nreveal = \"deny\"\n");
    assert_eq!(m.settings.unlisted, Unlisted::Deny);
    assert!(m.settings.reveal_denied && m.weakened.is_empty() && m.notes.is_empty());
}

#[test]
fn without_inheritance_a_file_says_what_it_wants() {
    let m = load("[subprocess]\nconfine = \"off\"\nnetwork = \"proxy\"\n[agents]\nunlisted = \"none\"\n").unwrap();
    assert_eq!((m.settings.confine, m.settings.child_network, m.settings.unlisted), (Confine::Off, ChildNetwork::Proxy, Unlisted::None));
    assert!(m.weakened.is_empty() && m.notes.is_empty());
}

#[test]
fn name_description_root_and_tests_are_not_inherited() {
    let m = over_base("");
    assert_eq!(m.settings.name, None);
    assert!(m.lists.tests.is_empty());
    assert_eq!(load_preset("base-rules", &finder()).unwrap().lists.tests.len(), 1);
}

#[test]
fn siblings_the_stricter_of_both() {
    let dir = Dir::with(&[
        (
            "a.toml",
            "[runtime]\nmax_seconds = 5\nmax_steps = 9\n[agents]\nunlisted = \"deny\"\n[audit]\npath = \"a.jsonl\"\n[tools]\nRead = [\"fs.read\"]\nX = [\"fs.read\"]\n[agents.native.claude]\na = 1\n",
        ),
        (
            "b.toml",
            "[runtime]\nmax_seconds = 6\nmax_steps = 8\noverride = true\n[agents]\nunlisted = \"none\"\noverride = true\n[audit]\npath = \"b.jsonl\"\n[tools]\nRead = [\"env.read\"]\n",
        ),
        ("own.toml", "inherits = [\"./a.toml\", \"./b.toml\"]\n"),
    ]);
    let m = dir.load("own.toml").unwrap();
    assert_eq!(
        (m.settings.limits.max_time, m.settings.limits.max_steps),
        (Duration::from_secs(5), 8),
        "an override counts against what its own file inherits"
    );
    assert_eq!(m.settings.unlisted, Unlisted::Deny);
    assert_eq!(m.settings.audit_path, Some(dir.path().join("b.jsonl")), "later over earlier");
    assert_eq!(m.lists.tools["Read"].capabilities, [Capability::EnvRead]);
    assert_eq!(m.lists.tools["X"].capabilities, [Capability::FsRead]);
    assert!(m.native.contains_key("claude") && m.weakened.is_empty());
}

#[test]
fn a_rule_that_one_of_two_removes_stays() {
    let dir = Dir::with(&[
        ("a.toml", "inherits = \"base-rules\"\n[subprocess]\ndeny_commands = [\"!rm\"]\n"),
        ("b.toml", "inherits = \"base-rules\"\n"),
        ("own.toml", "inherits = [\"./a.toml\", \"./b.toml\"]\n"),
    ]);
    let m = dir.load("own.toml").unwrap();
    assert_eq!(patterns(&m.lists.deny_commands), ["sudo", "rm"]);
    assert_eq!(m.weakened.len(), 1);
    assert_eq!(m.lists.fs_deny.len(), 2, "what is inherited twice stands once");
}

#[test]
fn presets_of_presets() {
    let m = load("inherits = \"team-rules\"\n").unwrap();
    assert_eq!(patterns(&m.lists.deny_commands), ["rm", "dd"]);
    assert_eq!(weakened(&m), ["[subprocess].deny_commands \"sudo\" (preset base-rules:10) by preset team-rules:3"]);
    assert_eq!(m.settings.limits.max_time, Duration::from_secs(30));
}

#[test]
fn flows_are_united() {
    let m = over_base("[network]\nlocal_only_hosts = [\"h.example.com\"]\n[[flow]]\nfrom = \"env:TOKEN\"\nto = \"host:h.example.com\"\n");
    let flows: Vec<_> = m.lists.flows.iter().map(|f| (f.source(), f.to.len())).collect();
    assert_eq!(flows, [("env:TOKEN", 0), ("file:~/.token", 0), ("env:TOKEN", 1)]);
}
