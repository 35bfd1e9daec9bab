//! `fs.*` through the whole pipeline.

use aegis_effect::{Effect, ErrorCode, Outcome, Shape};
use aegis_gate::ApprovalAnswer::Once;

use crate::world::{code, policy};

const POLICY: &str = r#"
requires_approval = ["fs.write src/asked/**", "fs.delete src/asked/**", "fs.read src/asked/**"]
[filesystem]
read_allow = ["src/**"]
write_allow = ["src/**"]
delete_allow = ["src/**"]
local_only_read = ["src/token", "src/secrets/**"]
local_only_write = ["src/secrets/**"]
deny = ["{TOP}/outside", "src/denied"]
"#;

fn every_effect(path: &str) -> Vec<Effect> {
    let path = || path.to_owned();
    vec![
        Effect::FsRead { path: path() },
        Effect::FsReadBytes { path: path() },
        Effect::FsReadRange { path: path(), offset: 0, limit: 10 },
        Effect::Load { path: path() },
        Effect::FsExists { path: path() },
        Effect::FsStat { path: path() },
        Effect::FsList { path: path() },
        Effect::FsGlob { pattern: path() + "/*" },
        Effect::FsWrite { path: path(), content: "new".into() },
        Effect::FsAppend { path: path(), content: "new".into() },
        Effect::FsReplace { path: path(), old: "o".into(), new: "n".into() },
        Effect::FsMkdir { path: path() },
        Effect::FsDelete { path: path() },
    ]
}

#[test]
fn denied_beats_not_found_for_every_effect_and_says_the_same() {
    let mut w = policy(POLICY).file("src/denied/there", "old").open();
    std::fs::create_dir(w.top.join("outside")).unwrap();
    std::fs::write(w.top.join("outside/there"), "old").unwrap();
    let outside = w.top.join("outside").to_string_lossy().into_owned();
    for base in [outside.as_str(), "src/denied", "unlisted", "src/../src/denied"] {
        let of = |name: &str| every_effect(&format!("{base}/{name}"));
        for (there, missing) in of("there").into_iter().zip(of("gone!")) {
            let (what, glob) = (format!("{there:?}"), matches!(there, Effect::FsGlob { .. }));
            if glob && (base == "unlisted" || base.contains("..")) {
                continue;
            }
            let (a, b) = (w.perform(there).unwrap_err(), w.perform(missing).unwrap_err());
            assert_eq!(a.code, ErrorCode::PolicyDenied, "{what}: {a}");
            assert_eq!(a.message.replace("there", "gone!"), b.message, "{what}");
            assert_eq!((a.code, &a.rule), (b.code, &b.rule), "{what}");
            assert_eq!(w.last()["kind"], "denied", "{what}");
        }
    }
    assert_eq!(std::fs::read_to_string(w.top.join("outside/there")).unwrap(), "old");
    assert_eq!(w.content("src/denied/there"), "old");
    assert!(!w.is_there("unlisted") && !w.is_there("src/denied/gone!"));
    w.assert_intact();
}

#[test]
fn a_link_to_a_denied_file_names_its_target_in_the_journal_only() {
    let w = policy(POLICY);
    let outside = w.top.join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("hidden-name"), "old").unwrap();
    let mut w =
        w.link(outside.join("hidden-name"), "src/link").link(&outside, "src/dir").link(outside.join("missing-name"), "src/dangling").open();
    for path in ["src/link", "src/dangling", "src/dir/hidden-name", "src/dir/../outside/hidden-name"] {
        for effect in every_effect(path) {
            if matches!(effect, Effect::FsGlob { .. }) || (matches!(effect, Effect::FsDelete { .. }) && !path.contains("dir")) {
                continue;
            }
            let what = format!("{effect:?}");
            let error = w.perform(effect).unwrap_err();
            assert_eq!(error.code, ErrorCode::PolicyDenied, "{what}: {error}");
            let shown = format!("{error} {:?}", error.suggestion).replace(path, "");
            assert!(!shown.contains("-name"), "{what}: {shown}");
            let record = w.last();
            assert!(record["resolved"].as_str().unwrap().contains("outside/"), "{what}: {record}");
        }
    }
    assert_eq!(std::fs::read_to_string(outside.join("hidden-name")).unwrap(), "old");
    assert!(!outside.join("missing-name").exists());
}

#[test]
fn allowed_effects_do_what_they_say_and_are_journalled() {
    let mut w = policy(POLICY).file("src/a.txt", "one two").open();
    assert_eq!(w.read("src/a.txt").unwrap(), Outcome::Text("one two".into()));
    assert_eq!(w.perform(Effect::FsReadRange { path: "src/a.txt".into(), offset: 4, limit: 2 }).unwrap(), Outcome::Text("tw".into()));
    w.write("src/new/b.txt", "b").unwrap();
    w.append("src/new/b.txt", "c").unwrap();
    w.replace("src/a.txt", "two", "2").unwrap();
    assert_eq!((w.content("src/new/b.txt").as_str(), w.content("src/a.txt").as_str()), ("bc", "one 2"));
    w.delete("src/a.txt").unwrap();
    assert!(!w.is_there("src/a.txt"));
    assert_eq!(w.perform(Effect::FsExists { path: "src/a.txt".into() }).unwrap(), Outcome::Bool(false));
    let pair = ["effect.intent", "effect.outcome"];
    assert_eq!(w.kinds(), [vec!["effect"; 2], pair.repeat(4), vec!["effect"]].concat());
    w.assert_intact();
}

#[test]
fn a_dangling_link_makes_nothing() {
    let w = policy(POLICY);
    let target = w.root.join("src/made");
    let mut w = w.link(&target, "src/link").open();
    for effect in every_effect("src/link")
        .into_iter()
        .filter(|e| matches!(e, Effect::FsWrite { .. } | Effect::FsAppend { .. } | Effect::FsMkdir { .. }))
    {
        assert_eq!(code(&w.perform(effect)), Some(ErrorCode::Io));
    }
    assert!(!w.is_there("src/made"));
}

#[test]
fn an_approval_is_for_the_object_that_was_shown() {
    for swap in ["file", "link", "new"] {
        let b = policy(POLICY).file("src/asked/f", "old").file("src/asked/other", "other");
        if swap == "new" {
            std::fs::remove_file(b.root.join("src/asked/f")).unwrap();
        }
        let root = b.root.clone();
        let (b, shown) = b.answers_while(&[Once], move || {
            let (f, other) = (root.join("src/asked/f"), root.join("src/asked/other"));
            match swap {
                "link" => {
                    std::fs::remove_file(&f).unwrap();
                    std::os::unix::fs::symlink(&other, &f).unwrap();
                }
                _ => std::fs::rename(&other, &f).unwrap(),
            }
        });
        let mut w = b.open();
        let answer = w.write("src/asked/f", "written");
        assert_eq!(code(&answer), Some(ErrorCode::ApprovalDenied), "{swap}");
        assert_eq!(w.content("src/asked/f"), "other", "{swap}");
        assert_eq!(shown.lock().unwrap().len(), 1);
        assert!(!w.kinds().contains(&"effect.intent".to_owned()), "{swap}");
    }
}

#[test]
fn changing_an_executable_is_asked_even_where_writing_is_allowed() {
    let change =
        [Effect::FsWrite { path: "src/x".into(), content: "new".into() }, Effect::FsAppend { path: "src/x".into(), content: "new".into() }];
    for effect in change {
        let mut w = policy(POLICY).program("src/x", "old").open();
        assert_eq!(code(&w.perform(effect.clone())), Some(ErrorCode::ApprovalDenied));
        assert_eq!(w.content("src/x"), "old");
        let (b, shown) = policy(POLICY).program("src/x", "old").answers(&[Once]);
        let mut w = b.open();
        w.perform(effect).unwrap();
        assert!(w.content("src/x").ends_with("new"));
        assert!(shown.lock().unwrap()[0].note.as_ref().unwrap().contains("executed"));
    }
}

#[test]
fn a_file_made_executable_while_the_question_was_open_is_not_written() {
    let b = policy(POLICY).file("src/asked/x", "old");
    let x = b.root.join("src/asked/x");
    let (b, _) = b.answers_while(&[Once], move || {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&x, std::fs::Permissions::from_mode(0o755)).unwrap();
    });
    let mut w = b.open();
    assert_eq!(code(&w.write("src/asked/x", "new")), Some(ErrorCode::ApprovalDenied));
    assert_eq!(w.content("src/asked/x"), "old");
}

#[test]
fn listings_leave_out_denied_and_local_only_entries() {
    let mut w = policy(POLICY).file("src/denied", "").file("src/token", "").file("src/secrets/a", "").file("src/open.txt", "").open();
    let names = |outcome| match outcome {
        Outcome::Names(names) => names,
        other => panic!("{other:?}"),
    };
    assert_eq!(names(w.perform(Effect::FsList { path: "src".into() }).unwrap()), ["open.txt"]);
    assert_eq!(names(w.perform(Effect::FsGlob { pattern: "src/**".into() }).unwrap()), ["src/open.txt"]);
    assert_eq!(names(w.perform(Effect::FsList { path: "src/secrets".into() }).unwrap()), Vec::<String>::new());
}

#[test]
fn a_hard_link_to_a_denied_or_local_only_literal_is_that_file() {
    let mut w = policy(POLICY).file("src/denied", "old").file("src/token", "secret text").open();
    std::fs::hard_link(w.root.join("src/denied"), w.root.join("src/a")).unwrap();
    std::fs::hard_link(w.root.join("src/token"), w.root.join("src/b")).unwrap();
    assert_eq!(code(&w.read("src/a")), Some(ErrorCode::PolicyDenied));
    assert_eq!(code(&w.append("src/a", "x")), Some(ErrorCode::PolicyDenied));
    assert_eq!(w.content("src/denied"), "old");
    assert_eq!(w.labelled(Effect::FsRead { path: "src/b".into() }).shape, Shape::Text);
}

/// `fs.replace` on a file that may not be read openly said whether a guess stands in it, byte by byte.
#[test]
fn replace_does_not_tell_whether_a_guess_stands_in_a_local_only_file() {
    let mut w = policy(POLICY).file("src/secrets/key", "sk-1234").open();
    let right = w.replace("src/secrets/key", "sk-1", "sk-1").unwrap();
    let wrong = w.replace("src/secrets/key", "sk-2", "sk-2").unwrap();
    let ambiguous = w.replace("src/secrets/key", "", "x").unwrap();
    for outcome in [&right, &wrong, &ambiguous] {
        let Outcome::Labelled(l) = outcome else { panic!("{outcome:?}") };
        assert_eq!((l.shape, l.sources.as_slice()), (Shape::Unit, ["file:src/secrets/**".to_owned()].as_slice()));
    }
    w.replace("src/secrets/key", "1234", "5678").unwrap();
    assert_eq!(w.content("src/secrets/key"), "sk-5678");
}

#[test]
fn special_files_are_errors_at_once() {
    let mut w = policy(POLICY).file("src/a", "").open();
    let fifo = w.root.join("src/fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert_eq!(code(&w.read("src/fifo")), Some(ErrorCode::Io));
    assert_eq!(code(&w.append("src/fifo", "x")), Some(ErrorCode::Io));
    assert_eq!(code(&w.read("src")), Some(ErrorCode::Io));
    assert_eq!(code(&w.read("src/nothing")), Some(ErrorCode::NotFound));
    assert_eq!(code(&w.read("src/a\0b")), Some(ErrorCode::BadArgument));
}
