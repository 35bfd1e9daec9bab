//! Completions, manual page, schema: made from the one definition of the command line and of the policy file.

use crate::place::{Place, wait};

const VERBS: [&str; 9] = ["run", "check", "init", "policy", "why", "audit", "trust", "completions", "man"];

#[test]
fn completions_know_every_verb() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = place.aegis(&["completions", shell]);
        ended.is(0, &[]);
        for verb in VERBS {
            assert!(ended.out.contains(verb), "{shell}: {verb}");
        }
    }
    // the shell that is here takes what was written for it
    place.file("aegis.bash", place.aegis(&["completions", "bash"]).out);
    let mut command = place.program("/bin/bash");
    if std::path::Path::new("/bin/bash").exists() {
        command.args(["-c", "source ./aegis.bash && complete -p aegis"]);
        assert!(wait(command).is(0, &[]).out.contains("aegis"));
    }
}

#[test]
fn the_manual_page_has_every_verb() {
    let place = Place::new();
    let ended = place.aegis(&["man"]);
    assert!(ended.is(0, &[]).out.contains(".TH aegis 1"));
    for verb in VERBS {
        assert!(ended.out.contains(&format!("aegis\\-{verb}")), "{verb}");
    }
}

#[test]
fn the_schema_is_json_and_takes_a_policy() {
    let place = Place::new();
    let ended = place.aegis(&["policy", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ended.is(0, &[]).out).unwrap();
    assert!(schema["properties"]["filesystem"]["properties"]["read_allow"].is_object(), "{schema:#}");
}

#[test]
fn show_prints_what_is_in_force() {
    let place = Place::new();
    place.file("team.toml", "[filesystem]\nread_allow = [\"docs/**\", \"src/**\"]\n");
    place.file("policy.toml", "inherits = [\"secure-defaults\", \"./team.toml\"]\n[filesystem]\nread_allow = [\"!docs/**\"]\ndeny = [\"!.env\"]\n");
    let ended = place.aegis(&["policy", "show", "policy.toml"]);
    ended.is(0, &[]);
    assert!(ended.out.contains("src/**") && !ended.out.contains("\n  docs/**"), "{}", ended.out);
    assert!(ended.out.contains("weakened") && ended.out.contains(".env"), "{}", ended.out);
    let json: serde_json::Value = serde_json::from_str(&place.aegis(&["policy", "show", "--json", "policy.toml"]).is(0, &[]).out).unwrap();
    assert_eq!(json["files"].as_array().unwrap().len(), 3);
    // and a run says what was weakened
    place.file("script.star", "print(1)");
    place.aegis(&["run", "--policy", "policy.toml", "--no-audit", "script.star"]).is(0, &["weakened", ".env"]).prints("1\n");
}

#[test]
fn the_journal_is_shown_and_verified() {
    let place = Place::new();
    let policy = "[filesystem]\nread_allow = [\"**\"]\n";
    place.file("a.txt", "a");
    place.run(policy, "print(fs.read(\"a.txt\"))\nr = try_(fs.read, \"/etc/passwd\")\n").is(0, &[]);
    let journal = place.journal.to_str().unwrap();
    assert!(place.aegis(&["audit", "verify", journal]).is(0, &[]).out.contains("intact: 5 records"), "{:#?}", place.aegis(&["audit", "verify", journal]));
    let denied = place.aegis(&["audit", "show", "--kind", "denied", journal]);
    assert_eq!(denied.is(0, &[]).out.lines().count(), 1);
    assert!(denied.out.contains("/etc/passwd"));
    place.aegis(&["audit", "verify", "--min-seq", "1000", journal]).is(1, &[]);
    let text = std::fs::read_to_string(&place.journal).unwrap();
    std::fs::write(&place.journal, text.replace("a.txt", "b.txt")).unwrap();
    assert!(place.aegis(&["audit", "verify", journal]).is(1, &[]).out.contains("broken"));
}
