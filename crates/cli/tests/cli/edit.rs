//! `aegis policy edit`: only what loads takes the place of the policy.

use std::os::unix::fs::PermissionsExt;

use crate::place::{Ended, Place, wait};

const OLD: &str = "version = 1\n[filesystem]\nread_allow = [\"src/**\"]\n";

/// Edits `aegis.toml` with a shell script as editor.
fn edit(place: &Place, variable: &str, editor: &str) -> Ended {
    let path = place.top().join("editor.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{editor}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = place.command();
    command.args(["policy", "edit"]).env(variable, &path);
    wait(command)
}

fn place(test: &str) -> Option<Place> {
    let place = Place::with_home(test)?;
    place.file("aegis.toml", OLD);
    Some(place)
}

#[test]
fn a_valid_text_replaces_the_old_one() {
    let Some(place) = place("edit::a_valid_text_replaces_the_old_one") else { return };
    let ended = edit(&place, "EDITOR", "echo 'write_allow = [\"out/**\"]' >> \"$1\"");
    assert!(ended.is(0, &[]).out.contains("aegis trust aegis.toml"), "{ended:#?}");
    assert_eq!(place.read("aegis.toml"), format!("{OLD}write_allow = [\"out/**\"]\n"));
    assert_eq!(std::fs::read_dir(&place.project).unwrap().count(), 1, "the copy is gone");
}

#[test]
fn an_invalid_text_leaves_the_old_one() {
    let Some(place) = place("edit::an_invalid_text_leaves_the_old_one") else { return };
    let ended = edit(&place, "VISUAL", "echo 'write_alow = []' >> \"$1\"");
    ended.is(5, &["aegis: aegis.toml:4:1: unknown key \"write_alow\"", "the policy is unchanged"]).in_one_line();
    assert_eq!(place.read("aegis.toml"), OLD);
    edit(&place, "EDITOR", "echo 'write_allow = [\"**\"]' >> \"$1\"").is(5, &["narrow the pattern", "the policy is unchanged"]);
    edit(&place, "EDITOR", "echo x > \"$1\"; exit 3").is(5, &["the policy is unchanged"]);
    assert_eq!(place.read("aegis.toml"), OLD);
    assert_eq!(std::fs::read_dir(&place.project).unwrap().count(), 1, "the copies are gone");
}

#[test]
fn nothing_changed_and_nothing_to_edit_with() {
    let Some(place) = place("edit::nothing_changed_and_nothing_to_edit_with") else { return };
    assert!(edit(&place, "EDITOR", "true").is(0, &[]).out.contains("unchanged"));
    place.aegis(&["policy", "edit"]).is(5, &["set $VISUAL or $EDITOR"]).in_one_line();
    let mut command = place.command();
    command.args(["policy", "edit"]).env("EDITOR", "/no/such/editor");
    wait(command).is(5, &["/no/such/editor"]).in_one_line();
}
