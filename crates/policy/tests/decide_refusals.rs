//! What a policy is refused for at load, with the code that programs read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};

use aegis_policy::{Finder, LoadCode, LoadError, Policy, Surroundings};

struct Project(tempfile::TempDir);

impl Project {
    fn with(files: &[(&str, &str)]) -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = project.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        project
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }
    fn load(&self) -> Result<Policy, LoadError> {
        let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
        Policy::load(&self.path("aegis.toml"), &finder, &Surroundings { sealed: vec![self.path("state")], ..Surroundings::default() })
    }
    fn code(&self) -> Option<LoadCode> {
        self.load().err().map(|e| e.code())
    }
}

#[test]
fn a_policy_that_grants_itself() {
    for (text, refused) in [
        ("[filesystem]\nwrite_allow = [\"**\"]\n", true),
        ("[filesystem]\nwrite_allow = [\"*.toml\"]\n", true),
        ("[filesystem]\nlocal_only_write = [\"aegis.*\"]\n", true),
        ("[filesystem]\ndelete_allow = [\"**\"]\n", true),
        ("[filesystem]\nwrite_allow = [\"src/**\"]\n", false),
        ("[filesystem]\nread_allow = [\"**\"]\n", false),
        ("[filesystem]\nwrite_allow = [\"*.toml\"]\ndeny = [\"*.toml\"]\n", false),
        // inherited files, the journal, its key, and the state of the program
        ("inherits = \"./team/t.toml\"\n[filesystem]\nwrite_allow = [\"team/**\"]\n", true),
        ("[filesystem]\nwrite_allow = [\"log/**\"]\n[audit]\npath = \"log/journal\"\n", true),
        ("[filesystem]\nwrite_allow = [\"log/**\"]\n[audit]\nkey = \"log/key\"\n", true),
        ("[filesystem]\nwrite_allow = [\"state\"]\n", true),
        ("[filesystem]\nwrite_allow = [\"log/**\"]\n", false),
    ] {
        let project = Project::with(&[("aegis.toml", text), ("team/t.toml", "")]);
        assert_eq!(project.code(), refused.then_some(LoadCode::SelfGrant), "{text}");
    }
    let project = Project::with(&[("aegis.toml", "[filesystem]\nread_allow = [\"**\"]\n\nwrite_allow = [\n\"a\",\n\"**\"]\n")]);
    let error = project.load().unwrap_err();
    assert_eq!((error.line(), error.key()), (Some(6), Some("[filesystem].write_allow")));
}

#[test]
fn an_entry_that_can_never_match() {
    let long = "x".repeat(256);
    for text in [
        format!("[filesystem]\nread_allow = [\"src/{long}/a\"]\n"),
        format!("[filesystem]\ndeny = [\"{long}*\"]\n"),
        "[environment]\nallow_vars = [\"A=B\"]\n".to_owned(),
        "[environment]\nlocal_only_vars = [\"A=\"]\n".to_owned(),
    ] {
        assert_eq!(Project::with(&[("aegis.toml", &text)]).code(), Some(LoadCode::NeverMatches), "{text}");
    }
    let text = format!("[filesystem]\nread_allow = [\"{}\"]\n[environment]\nallow_vars = [\"A\"]\n", "x".repeat(255));
    assert_eq!(Project::with(&[("aegis.toml", &text)]).code(), None);
}

#[test]
fn a_failing_test_is_found_when_asked_for() {
    let project = Project::with(&[("aegis.toml", "inherits = \"no-network\"\n[[test]]\naccess = \"fs.read x\"\nexpect = \"allow\"\n")]);
    let policy = project.load().unwrap();
    let (finder, around) = (Finder::of_this_user(), Surroundings::default());
    let error = policy.check_tests(&finder, &around).unwrap_err();
    assert_eq!(error.code(), LoadCode::FailedTest);
    assert!(error.message().contains("aegis.toml:3: fs.read x is deny, expected allow"), "{error}");
    let project = Project::with(&[("aegis.toml", "inherits = \"no-network\"\n[[test]]\naccess = \"fs.read 'a b'\"\nexpect = \"deny\"\n")]);
    assert!(project.load().unwrap().check_tests(&finder, &around).unwrap() > 3, "its own test and those of the preset");
}
