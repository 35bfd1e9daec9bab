//! Policies that do not load: nothing runs, and one line says where and what instead.

use crate::place::{Place, text};

const SCRIPT: &str = "print(\"ran\")\n";

/// A policy that is refused, with what is said.
#[track_caller]
fn refused(policy: &str, says: &[&str]) {
    let place = Place::new();
    place.run(policy, SCRIPT).is(5, says).in_one_line().prints("");
    assert!(!place.journal.exists(), "a run began");
    for verb in [
        &["policy", "validate", "policy.toml"][..],
        &["policy", "show", "policy.toml"],
        &["check", "--policy", "policy.toml", "script.star"],
    ] {
        place.aegis(verb).is(5, says).in_one_line().prints("");
    }
}

#[test]
fn broken_toml() {
    refused("version = 1\n[filesystem\n", &["aegis: policy.toml:2:12: not valid TOML"]);
    refused("version = 1\nname = \"a\nb\"\n", &["aegis: policy.toml:3:3: not valid TOML"]);
}

#[test]
fn unknown_keys_sections_and_names() {
    refused("[filesystem]\nread_alow = [\"x\"]\n", &["aegis: policy.toml:2:1: unknown key \"read_alow\"", "did you mean \"read_allow\"?"]);
    refused("[filesytem]\nread_allow = []\n", &["policy.toml:1:", "filesytem", "did you mean"]);
    refused("requires_approval = [\"fs.wirte\"]\n", &["policy.toml:1:", "fs.wirte", "did you mean"]);
    refused("inherits = \"secure-default\"\n", &["policy.toml:1:", "did you mean \"secure-defaults\"?"]);
    refused("version = 2\n", &["policy.toml:1:"]);
    refused("[filesystem]\nread_allow = \"x\"\n", &["policy.toml:2:"]);
}

#[test]
fn a_policy_that_grants_itself() {
    for pattern in ["**", "*.toml", "policy.toml", "./policy.toml"] {
        refused(&format!("version = 1\n[filesystem]\nwrite_allow = [\"{pattern}\"]\n"), &["policy.toml:3: ", "narrow the pattern"]);
    }
    refused("[filesystem]\ndelete_allow = [\"policy.*\"]\n", &["policy.toml:2: ", "narrow the pattern"]);
    let place = Place::new();
    let pattern = format!("[filesystem]\nwrite_allow = [\"{}/*\"]\n", text(&place.project));
    place.run(&pattern, SCRIPT).is(5, &["policy.toml:2: ", "narrow the pattern"]).prints("");
}

#[test]
fn no_policy_file() {
    let place = Place::new();
    place.file("script.star", SCRIPT);
    place
        .aegis(&["run", "--policy", "absent.toml", "script.star"])
        .is(5, &["aegis: absent.toml: cannot be read: no such file\n"])
        .prints("");
    place.aegis(&["run", "--policy", ".", "script.star"]).is(5, &["aegis: "]).in_one_line().prints("");
    place.aegis(&["run", "--policy", "/dev/zero", "script.star"]).is(5, &["/dev/zero"]).in_one_line().prints("");
}

#[test]
fn a_policy_that_others_can_write() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let path = place.file("policy.toml", "version = 1\n");
    place.file("script.star", SCRIPT);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    place.aegis(&["run", "--policy", "policy.toml", "--no-audit", "script.star"]).is(5, &["policy.toml: "]).in_one_line().prints("");
}
