//! What got through once, or was tried and must not.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use aegis_effect::{Effect, ErrorCode, Outcome, Payload};
use aegis_gate::ApprovalAnswer::Once;

use crate::world::{SECRET, child, code, policy, tells};

fn program(path: &Path, says: &str) {
    std::fs::write(path, format!("#!/bin/sh\necho {says}\n")).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

const COPY: &str = r#"
[filesystem]
read_allow = ["src/**"]
write_allow = ["src/**"]
local_only_read = ["src/token"]
local_only_write = ["src/out/**"]
[environment]
local_only_vars = ["TOKEN"]
[subprocess]
local_only_commands = ["cp", "tee", "sort"]
"#;

/// A local-only command was told to write a public file, and then anyone could read the secret there.
#[test]
fn a_local_only_command_is_not_told_to_write_a_public_file() {
    let mut w = policy(COPY).file("src/token", SECRET).file("src/out/x", "").file("src/public", "old").var("TOKEN", SECRET).open();
    let token = w.secret("TOKEN");
    let mut tee = child(&["tee", "src/public"]);
    tee.stdin = token.clone();
    let mut sort = child(&["sort", "-osrc/public"]);
    sort.stdin = token;
    for effect in [child(&["cp", "src/token", "src/public"]), child(&["cp", "src/token", "src/new"]), tee, sort] {
        assert_eq!(code(&w.perform(Effect::Exec(effect.clone()))), Some(ErrorCode::FlowDenied), "{effect:?}");
    }
    assert_eq!(w.content("src/public"), "old");
    assert!(!w.is_there("src/new"));
    let copied = w.run(&["cp", "src/token", "src/out/x"]);
    assert!(matches!(copied, Ok(Outcome::LabelledFields(_))), "{copied:?}");
    assert_eq!(w.content("src/out/x"), SECRET);
}

/// A program found in PATH through a link in a place that a script may write was taken for the operator's.
#[test]
fn a_program_behind_a_link_that_a_script_may_replace_is_refused() {
    let text = "[filesystem]\nwrite_allow = [\"src/**\"]\ndelete_allow = [\"src/**\"]\n[subprocess]\nallow_commands = [\"probe\"]\n";
    let b = policy(text);
    let (dir, opt) = (b.top.join("bin"), b.top.join("opt"));
    std::fs::create_dir(&dir).unwrap();
    std::fs::create_dir(&opt).unwrap();
    program(&opt.join("probe"), "good");
    symlink(opt.join("probe"), b.root.join("src/hop")).unwrap();
    symlink("../proj/src/hop", dir.join("probe")).unwrap();
    let mut w = b.var("PATH", &dir.to_string_lossy()).open();
    assert_eq!(code(&w.run(&["probe"])), Some(ErrorCode::PolicyDenied));
    assert!(!w.kinds().contains(&"effect.intent".to_owned()));
}

/// The arguments were judged by the path of the working directory, the child started in the directory that had been opened.
#[test]
fn a_working_directory_moved_away_while_the_question_is_open_is_refused() {
    let text = "requires_approval = [\"subprocess.exec cat\"]\n[filesystem]\nread_allow = [\"src/**\"]\n[subprocess]\nallow_commands = [\"cat\"]\n";
    let b = policy(text).file("src/a/f", "judged").file("src/b/f", "judged");
    let src = b.root.join("src");
    let (b, _) = b.answers_while(&[Once], move || {
        std::fs::rename(src.join("a"), src.join("moved")).unwrap();
        std::fs::rename(src.join("b"), src.join("a")).unwrap();
        std::fs::remove_file(src.join("moved/f")).unwrap();
        symlink("/etc/hostname", src.join("moved/f")).unwrap();
    });
    let mut w = b.open();
    let mut cat = child(&["cat", "f"]);
    cat.cwd = Some("src/a".into());
    assert_eq!(code(&w.perform(Effect::Exec(cat))), Some(ErrorCode::ApprovalDenied));
    assert!(!w.kinds().contains(&"effect.intent".to_owned()));
}

/// A link is turned between an open and a denied file, as fast as it can be, while it is read and written.
#[test]
fn a_link_that_turns_all_the_time_never_leads_to_the_denied_file() {
    let text = "[filesystem]\nread_allow = [\"src/**\"]\nwrite_allow = [\"src/**\"]\ndeny = [\"src/denied\"]\n[runtime]\nmax_total_calls = 100000\noverride = true\n";
    let mut w = policy(text).file("src/open", "open").file("src/denied", "denied").open();
    let (src, stop) = (w.root.join("src"), Arc::new(AtomicBool::new(false)));
    let (at, stopped) = (src.clone(), stop.clone());
    let turner = std::thread::spawn(move || {
        let mut turn = 0_u64;
        while !stopped.load(Ordering::Relaxed) {
            let target = if turn.is_multiple_of(2) { "open" } else { "denied" };
            symlink(target, at.join("next")).unwrap();
            std::fs::rename(at.join("next"), at.join("link")).unwrap();
            turn += 1;
        }
    });
    while std::fs::symlink_metadata(src.join("link")).is_err() {}
    let mut reached = 0;
    for i in 0..1500 {
        match w.read("src/link") {
            Ok(Outcome::Text(text)) => {
                assert_ne!(text, "denied");
                reached += 1;
            }
            Ok(other) => panic!("{other:?}"),
            Err(_) => {}
        }
        let _ = if i % 2 == 0 { w.append("src/link", "x") } else { w.write("src/link", "open") };
    }
    stop.store(true, Ordering::Relaxed);
    turner.join().unwrap();
    assert!(reached > 0);
    assert_eq!(w.content("src/denied"), "denied");
    w.assert_intact();
}

#[test]
fn odd_spellings_of_a_denied_path_are_denied() {
    let text = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"src/**\"]\ndeny = [\"src/denied\", \"src/caf\u{e9}\"]\n";
    let mut w = policy(text)
        .file("src/denied/x", "d")
        .file("src/cafe\u{301}", "d")
        .file("src/a", "a")
        .link("denied", "src/link")
        .link("..", "src/up")
        .open();
    let root = w.root.to_string_lossy().into_owned();
    for path in [
        "src/denied/x",
        "./src//denied/./x",
        "src/denied/x/",
        "src/denied/../denied/x",
        "src/a/../denied/x",
        "src/link/x",
        "src/up/src/denied/x",
        "src/up/src/up/src/link/x",
        "src/link/../denied/x",
        &format!("{root}/src/denied/x"),
        &format!("//{root}//src/denied/x"),
        &format!("/proc/self/root{root}/src/denied/x"),
        &format!("/proc/self/cwd/../{root}/src/denied/x"),
        "src/cafe\u{301}",
        "src/caf\u{e9}",
    ] {
        let answer = w.read(path);
        assert!(matches!(code(&answer), Some(ErrorCode::PolicyDenied | ErrorCode::Io | ErrorCode::NotFound)), "{path}: {answer:?}");
        assert!(!matches!(answer, Ok(Outcome::Text(_))), "{path}");
    }
    assert_eq!(w.read("src/up/src/a").unwrap(), Outcome::Text("a".into()));
}

/// All that carries labels at once; then nothing of it is in the journal, in any encoding.
#[test]
fn the_journal_never_holds_a_secret() {
    let mut w = policy(COPY).file("src/token", SECRET).file("src/out/x", "a").var("TOKEN", SECRET).open();
    let token = w.secret("TOKEN");
    let mut wrapped = Payload::from("--key=");
    wrapped.push(token.parts()[0].clone());
    let mut effects = vec![
        Effect::FsRead { path: "src/token".into() },
        Effect::FsWrite { path: "src/public".into(), content: token.clone() },
        Effect::FsWrite { path: "src/out/x".into(), content: wrapped.clone() },
        Effect::FsReplace { path: "src/out/x".into(), old: token.clone(), new: wrapped.clone() },
        Effect::FsReplace { path: "src/out/x".into(), old: "nothing".into(), new: token.clone() },
    ];
    for name in ["cp", "tee", "sort", "nothing", "cat"] {
        for word in [&token, &wrapped] {
            let (mut argv, mut stdin, mut env) = (child(&[name]), child(&[name]), child(&[name]));
            argv.argv.push(word.clone());
            stdin.stdin = word.clone();
            env.env = vec![("A".into(), word.clone())];
            effects.extend([Effect::Exec(argv), Effect::Exec(stdin), Effect::Exec(env)]);
        }
    }
    for effect in effects {
        let answer = w.perform(effect.clone());
        assert!(!tells(&format!("{answer:?}"), SECRET), "{effect:?}: {answer:?}");
    }
    assert!(!tells(&w.journal_text(), SECRET));
    assert!(!w.is_there("src/public"));
    w.assert_intact();
}

/// A question may stay open for long: others write the same journal meanwhile, and the records still belong together.
#[test]
fn a_journal_written_by_others_during_a_question_stays_one_chain() {
    let top = tempfile::tempdir().unwrap();
    let log = top.path().join("log");
    let text = "requires_approval = [\"fs.write\"]\n[filesystem]\nwrite_allow = [\"src/**\"]\nread_allow = [\"src/**\"]\n";
    let (sender, receiver) = mpsc::channel::<()>();
    let other = log.clone();
    let thread = std::thread::spawn(move || {
        let mut w = policy(text).file("src/a", "a").journal_at(&other).open();
        receiver.recv().unwrap();
        for _ in 0..20 {
            w.read("src/a").unwrap();
        }
    });
    let mut thread = Some(thread);
    let (b, _) = policy(text).journal_at(&log).answers_while(&[Once], move || {
        sender.send(()).unwrap();
        thread.take().unwrap().join().unwrap();
    });
    let mut w = b.open();
    w.write("src/a", "x").unwrap();
    assert_eq!(w.records().len(), 23);
    w.assert_intact();
}
