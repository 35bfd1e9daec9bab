//! Which policy holds: `aegis.toml` upward, in full only where it was trusted on this machine.

use std::os::unix::fs::chown;

use crate::place::{Place, wait};

const GRANTS: &str = "version = 1\n[filesystem]\nread_allow = [\"**\"]\n";
const READS: &str = "p = \"data.txt\"\nprint(fs.read(p))\n";

fn place(test: &str) -> Option<Place> {
    let place = Place::with_home(test)?;
    place.file("aegis.toml", GRANTS);
    place.file("data.txt", "data");
    place.file("script.star", READS);
    Some(place)
}

#[test]
fn an_untrusted_policy_grants_nothing_and_says_how_to_trust_it() {
    let Some(place) = place("discovery::an_untrusted_policy_grants_nothing") else { return };
    let ended = place.aegis(&["run", "script.star"]);
    ended.is(3, &["aegis.toml is not trusted on this machine", "aegis trust aegis.toml"]).prints("");
    place.aegis(&["trust", "aegis.toml"]).is(0, &[]);
    let ended = place.aegis(&["run", "script.star"]);
    ended.is(0, &[]).prints("data\n");
    assert_eq!(ended.err, "");
}

#[test]
fn a_change_ends_trust_and_revoking_does() {
    let Some(place) = place("discovery::a_change_ends_trust") else { return };
    place.aegis(&["trust", "aegis.toml"]).is(0, &[]);
    place.file("aegis.toml", format!("{GRANTS}# changed\n"));
    place.aegis(&["run", "script.star"]).is(3, &["not trusted"]).prints("");
    place.file("aegis.toml", GRANTS);
    place.aegis(&["run", "script.star"]).is(0, &[]).prints("data\n");
    let ended = place.aegis(&["trust", "--revoke", "aegis.toml"]);
    ended.is(0, &[]).prints("aegis.toml is no longer trusted\n");
    place.aegis(&["run", "script.star"]).is(3, &["not trusted"]).prints("");
    place.aegis(&["trust", "--revoke", "aegis.toml"]).is(5, &["was not trusted"]).in_one_line();
}

#[test]
fn a_change_of_what_it_inherits_ends_trust() {
    let Some(place) = place("discovery::a_change_of_what_it_inherits_ends_trust") else { return };
    place.file("team.toml", GRANTS);
    place.file("aegis.toml", "inherits = \"./team.toml\"\n");
    place.aegis(&["trust", "aegis.toml"]).is(0, &[]);
    place.aegis(&["run", "script.star"]).is(0, &[]).prints("data\n");
    place.file("team.toml", format!("{GRANTS}# changed\n"));
    let ended = place.aegis(&["run", "script.star"]);
    assert_ne!(ended.code, Some(0), "{ended:#?}");
    ended.prints("");
}

#[test]
fn upward_from_below() {
    let Some(place) = place("discovery::upward_from_below") else { return };
    place.aegis(&["trust", "aegis.toml"]).is(0, &[]);
    place.dir("deep/er");
    let mut command = place.command();
    command.current_dir(place.project.join("deep/er")).args(["run", "../../script.star"]);
    wait(command).is(0, &[]).prints("data\n");
}

#[test]
fn not_above_the_home() {
    let Some(place) = Place::with_home("discovery::not_above_the_home") else { return };
    std::fs::write(place.top().join("aegis.toml"), "[nonsense]\n").unwrap();
    place.file("script.star", "print(1)");
    place.aegis(&["run", "script.star"]).is(0, &["no aegis.toml here", "aegis init --lang"]).prints("1\n");
    std::fs::write(place.home.join("aegis.toml"), "[nonsense]\n").unwrap();
    crate::place::give(&place.home.join("aegis.toml"));
    place.aegis(&["run", "script.star"]).is(5, &["aegis.toml"]).in_one_line();
}

#[test]
fn not_across_a_change_of_owner() {
    let Some(place) = Place::with_home("discovery::not_across_a_change_of_owner") else { return };
    place.file("aegis.toml", "[nonsense]\n");
    let deep = place.dir("theirs/mine");
    place.file("theirs/mine/script.star", "print(1)");
    chown(place.project.join("theirs"), Some(4242), None).unwrap();
    let mut command = place.command();
    command.current_dir(deep).args(["run", "script.star"]);
    wait(command).is(0, &["no aegis.toml here"]).prints("1\n");
}

#[test]
fn an_untrusted_policy_tightens_the_users_own() {
    let Some(place) = place("discovery::an_untrusted_policy_tightens_the_users_own") else { return };
    let config = place.home.join(".config/aegis");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("policy.toml"), "root = \"git\"\n[filesystem]\nread_allow = [\"~/project/**\"]\nwrite_allow = [\"~/project/out/**\"]\n").unwrap();
    for path in [place.home.join(".config"), config.clone(), config.join("policy.toml")] {
        crate::place::give(&path);
    }
    // the user's policy alone
    std::fs::rename(place.project.join("aegis.toml"), place.project.join("other.toml")).unwrap();
    place.aegis(&["run", "script.star"]).is(0, &[]).prints("data\n");
    // the project's takes away
    place.file("aegis.toml", "[filesystem]\nread_allow = [\"**\"]\ndeny = [\"data.txt\"]\n");
    place.aegis(&["run", "script.star"]).is(3, &["not trusted", "your own policy holds", "denied: fs.read data.txt"]).prints("");
    // ... and does not give
    place.file("aegis.toml", "[filesystem]\nread_allow = [\"/etc/**\"]\nwrite_allow = [\"**/*.txt\"]\n");
    place.file("script.star", "p = \"/etc/passwd\"\nprint(fs.read(p))\n");
    assert_ne!(place.aegis(&["run", "script.star"]).code, Some(0));
}

#[test]
fn variables_do_not_choose_what_is_trusted() {
    let Some(place) = place("discovery::variables_do_not_choose_what_is_trusted") else { return };
    // a store that someone else made, with trust in it
    place.aegis(&["trust", "aegis.toml"]).is(0, &[]);
    let store = place.home.join(".local/state");
    let stolen = place.project.join("stolen");
    std::fs::rename(&store, &stolen).unwrap();
    for variable in ["XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        let mut command = place.command();
        command.args(["run", "script.star"]).env(variable, &stolen);
        wait(command).is(3, &["not trusted"]).prints("");
    }
}

#[test]
fn a_policy_that_is_named_counts_in_full() {
    let Some(place) = place("discovery::a_policy_that_is_named_counts_in_full") else { return };
    place.aegis(&["run", "--policy", "aegis.toml", "script.star"]).is(0, &[]).prints("data\n");
}

#[test]
fn scripts_and_agents_cannot_trust() {
    let Some(place) = place("discovery::scripts_and_agents_cannot_trust") else { return };
    let aegis = crate::place::binary().display();
    place.file("policy.toml", format!("[subprocess]\nallow_commands = [\"{aegis}\"]\n"));
    for words in ["\"trust\", \"aegis.toml\"", "\"run\", \"--yes\", \"script.star\"", "\"run\", \"--no-audit\", \"script.star\"", "\"run\", \"--policy\", \"other.toml\", \"x.star\""] {
        place.file("call.star", format!("argv = [\"{aegis}\", {words}]\nprint(subprocess.run(argv).exit_code)\n"));
        let ended = place.aegis(&["run", "--policy", "policy.toml", "--no-audit", "call.star"]);
        ended.is(2, &["denied"]).prints("");
    }
    place.aegis(&["run", "script.star"]).is(3, &["not trusted"]);
}
