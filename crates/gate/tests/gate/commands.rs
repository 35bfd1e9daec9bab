//! `env.read` and `subprocess.*` through the whole pipeline.

use std::path::Path;
use std::time::{Duration, Instant};

use aegis_effect::{Effect, ErrorCode, Outcome};
use aegis_gate::ApprovalAnswer::{Once, ThisRun};

use crate::world::{SECRET, World, child, code, output_of, policy, tells};

const POLICY: &str = r#"
requires_approval = ["subprocess.exec touch"]
[filesystem]
read_allow = ["src/**", "*.txt"]
write_allow = ["src/**", "bin/**"]
local_only_read = ["src/token", "src/private/**"]
deny = ["src/denied"]
[environment]
allow_vars = ["PATH", "PLAIN", "HOME", "SET", "LD_PRELOAD", "XDG_CONFIG_HOME"]
local_only_vars = ["TOKEN"]
deny_vars = ["DENIED"]
[subprocess]
allow_commands = ["sh", "cat", "cp", "ls", "env", "pwd", "touch", "probe", "yes", "sleep", "true", "/usr/bin/id", "{ROOT}/bin/named"]
local_only_commands = ["sha256sum", "tee", "head", "printenv"]
timeout_seconds = 3
max_output_bytes = 100000
"#;

fn world() -> World {
    policy(POLICY).var("TOKEN", SECRET).open()
}

fn sh(w: &mut World, script: &str) -> aegis_effect::ExecOutput {
    output_of(w.run(&["sh", "-c", script]).unwrap())
}

/// `sh -c` is an option that runs programs; these tests need it, so they name it.
fn shell_world() -> World {
    policy(&POLICY.replace("\"sh\"", "\"sh -c **\"")).var("TOKEN", SECRET).open()
}

#[test]
fn variables() {
    let b = policy(POLICY).var("PLAIN", "value").var("TOKEN", SECRET).var("DENIED", SECRET).var("AEGIS_X", SECRET).var("OTHER", SECRET);
    let mut w = b.open();
    assert_eq!(w.env("PLAIN").unwrap(), Outcome::Text("value".into()));
    assert_eq!(w.env("SET").unwrap(), Outcome::Unset);
    for name in ["DENIED", "AEGIS_X", "OTHER", "MISSING", "", "A=B", "PLAIN\0"] {
        let error = w.env(name).unwrap_err();
        assert_eq!(error.code, ErrorCode::PolicyDenied, "{name:?}");
        assert!(!tells(&format!("{error:?}"), SECRET));
    }
    assert_eq!(w.labelled(Effect::EnvRead { name: "TOKEN".into(), default: None }).sources, ["env:TOKEN"]);
    assert!(!tells(&w.journal_text(), SECRET));
    w.assert_intact();
}

#[test]
fn a_bare_name_is_found_through_the_operators_path_only() {
    let b = policy(POLICY).program("src/probe", "#!/bin/sh\necho evil\n").program("probe", "#!/bin/sh\necho evil\n");
    let good = b.top.join("good");
    std::fs::create_dir(&good).unwrap();
    std::fs::write(good.join("probe"), "#!/bin/sh\necho good\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(good.join("probe"), mode).unwrap();
    let mut w = b.var("PATH", &format!(".::src:{}:/usr/bin:/bin", good.display())).open();
    assert_eq!(w.stdout(&["probe"]), "good\n");
    let mut inside = child(&["probe"]);
    inside.cwd = Some("src".into());
    assert_eq!(output_of(w.perform(Effect::Exec(inside)).unwrap()).stdout, b"good\n");
    for word in ["./probe", "src/probe", "../proj/probe", "/nowhere/probe", "no-such-program", ""] {
        let answer = w.run(&[word]);
        assert_eq!(code(&answer), Some(ErrorCode::PolicyDenied), "{word:?} {answer:?}");
    }
}

#[test]
fn a_program_that_a_script_may_write_runs_only_by_its_absolute_path() {
    let b = policy(POLICY).program("src/probe", "#!/bin/sh\necho evil\n").program("bin/named", "#!/bin/sh\necho named\n");
    let src = b.root.join("src");
    let mut w = b.var("PATH", &format!("{}:/usr/bin:/bin", src.display())).open();
    assert_eq!(code(&w.run(&["probe"])), Some(ErrorCode::PolicyDenied));
    assert!(!w.kinds().contains(&"effect.intent".to_owned()));
    let named = w.root.join("bin/named").to_string_lossy().into_owned();
    assert_eq!(w.stdout(&[&named]), "named\n");
}

#[test]
fn a_pattern_with_a_path_opens_the_bare_name_of_that_file() {
    let mut w = world();
    if Path::new("/usr/bin/id").canonicalize().is_ok_and(|p| p == Path::new("/usr/bin/id")) {
        assert!(w.stdout(&["id", "-u"]).trim().parse::<u32>().is_ok());
    }
}

#[test]
fn a_program_swapped_while_the_question_is_open_does_not_run() {
    let b = policy(&format!("requires_approval = [\"subprocess.exec probe\"]\n{}", &POLICY[POLICY.find("[filesystem]").unwrap()..]));
    let dir = b.top.join("tools");
    std::fs::create_dir(&dir).unwrap();
    let (probe, mark) = (dir.join("probe"), b.top.join("ran"));
    let write = |path: &Path, text: String| {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    write(&probe, "#!/bin/sh\necho good\n".into());
    write(&dir.join("evil"), format!("#!/bin/sh\necho evil > {}\n", mark.display()));
    let swapped = dir.clone();
    let (b, _) = b.var("PATH", &format!("{}:/usr/bin:/bin", dir.display())).answers_while(&[Once], move || {
        std::fs::rename(swapped.join("evil"), swapped.join("probe")).unwrap();
    });
    let mut w = b.open();
    assert_eq!(code(&w.run(&["probe"])), Some(ErrorCode::Exec));
    assert!(!mark.exists());
}

#[test]
fn an_argument_swapped_while_the_question_is_open_is_refused() {
    let b = policy(&format!("requires_approval = [\"subprocess.exec cat\"]\n{}", &POLICY[POLICY.find("[filesystem]").unwrap()..]));
    let b = b.file("src/a", "a").file("src/denied", "old");
    let root = b.root.clone();
    let (b, shown) = b.answers_while(&[Once], move || {
        std::fs::remove_file(root.join("src/a")).unwrap();
        std::os::unix::fs::symlink(root.join("src/denied"), root.join("src/a")).unwrap();
    });
    let mut w = b.open();
    assert_eq!(code(&w.run(&["cat", "src/a"])), Some(ErrorCode::ApprovalDenied));
    assert_eq!(shown.lock().unwrap()[0].argv, ["cat", "src/a"]);
    assert!(!w.kinds().contains(&"effect.intent".to_owned()));
}

/// "For this run" was bound to program and argv: the same words in another directory, or with other input, ran unasked.
#[test]
fn an_approval_for_the_run_is_for_the_same_directory_environment_and_input() {
    let (b, shown) = policy(POLICY).answers(&[ThisRun]);
    let mut w = b.open();
    let plain = child(&["touch", "src/x"]);
    w.perform(Effect::Exec(plain.clone())).unwrap();
    w.perform(Effect::Exec(plain.clone())).unwrap();
    let (mut cwd, mut env, mut stdin) = (plain.clone(), plain.clone(), plain);
    cwd.cwd = Some("src".into());
    std::fs::create_dir_all(w.root.join("src/src")).unwrap();
    env.env = vec![("SET".into(), "v".into())];
    stdin.stdin = "input".into();
    for other in [cwd, env, stdin] {
        assert_eq!(code(&w.perform(Effect::Exec(other))), Some(ErrorCode::ApprovalDenied));
    }
    let shown = shown.lock().unwrap();
    assert_eq!(shown.len(), 4);
    assert!(shown[1].cwd.as_ref().unwrap().ends_with("proj/src"));
    assert_eq!((shown[2].env.as_slice(), shown[3].content.as_deref()), (["SET=v".to_owned()].as_slice(), Some("5 bytes: input")));
    assert!(!w.is_there("src/src/x"));
}

#[test]
fn the_working_directory_is_judged() {
    let mut w = policy(POLICY).file("src/a", "").file("unlisted/x", "").file("src/private/name-of-secret", "").open();
    assert_eq!(w.stdout(&["pwd"]).trim(), w.root.to_string_lossy());
    let mut at = |cwd: &str, argv: &[&str]| {
        let mut c = child(argv);
        c.cwd = Some(cwd.into());
        w.perform(Effect::Exec(c))
    };
    assert!(String::from_utf8(output_of(at("src", &["pwd"]).unwrap()).stdout).unwrap().ends_with("/src\n"));
    for denied in ["unlisted", "/etc", "..", "unlisted/missing"] {
        assert_eq!(code(&at(denied, &["ls"])), Some(ErrorCode::PolicyDenied), "{denied}");
    }
    // its listing is local-only: not for a public command
    assert_eq!(code(&at("src/private", &["ls"])), Some(ErrorCode::PolicyDenied));
}

#[test]
fn the_environment_is_from_scratch() {
    let b = policy(POLICY).var("PLAIN", "value").var("TOKEN", SECRET).var("AEGIS_SECRET", "x").var("LD_PRELOAD", "/x.so").var("OTHER", "o");
    let mut w = b.open();
    let printed = w.stdout(&["env"]);
    let mut names: Vec<&str> = printed.lines().filter_map(|l| l.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["PATH", "PLAIN"]);
    let mut with = child(&["env"]);
    with.env = vec![("SET".into(), "1".into())];
    assert!(String::from_utf8(output_of(w.perform(Effect::Exec(with)).unwrap()).stdout).unwrap().contains("SET=1\n"));
    // what a loader obeys, and where programs find programs and their configuration
    for name in ["LD_PRELOAD", "GIT_DIR", "AEGIS_X", "BASH_ENV", "UNLISTED", "A=B", "", "PATH", "HOME", "XDG_CONFIG_HOME"] {
        let mut with = child(&["env"]);
        with.env = vec![(name.into(), "1".into())];
        assert_eq!(code(&w.perform(Effect::Exec(with))), Some(ErrorCode::PolicyDenied), "{name}");
    }
}

#[test]
fn stdin_is_closed_or_what_is_given() {
    let mut w = world();
    assert_eq!(w.stdout(&["cat"]), "");
    let mut given = child(&["cat"]);
    given.stdin = "x".repeat(90_000).as_str().into();
    assert_eq!(output_of(w.perform(Effect::Exec(given)).unwrap()).stdout.len(), 90_000);
}

#[test]
fn exit_codes_signals_and_complaints() {
    let mut w = shell_world();
    assert_eq!(sh(&mut w, "exit 3").exit_code, 3);
    assert_eq!(sh(&mut w, "kill -TERM $$").exit_code, 128 + 15);
    let mut fails = child(&["sh", "-c", "printf 'first\\nlast \\033[2K\\342\\200\\256 line\\n' >&2; exit 4"]);
    fails.fail_on_exit = true;
    let error = w.perform(Effect::Exec(fails)).unwrap_err();
    assert_eq!(error.code, ErrorCode::Exec);
    assert!(error.message.ends_with("exit code 4: first | last \\u{1b}[2K\\u{202e} line"), "{error}");
}

/// Whether no process (any more, within a while) has this word in its command line.
fn is_gone(word: &str) -> bool {
    let has = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        name.to_string_lossy().parse::<u32>().is_ok()
            && std::fs::read(entry.path().join("cmdline")).is_ok_and(|c| String::from_utf8_lossy(&c).contains(word))
    };
    (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        !std::fs::read_dir("/proc").unwrap().map_while(Result::ok).any(has)
    })
}

#[test]
fn floods_sleepers_and_stubborn_children_end_at_the_bounds() {
    let mut w = shell_world();
    let error = w.run(&["yes"]).unwrap_err();
    assert_eq!(error.code, ErrorCode::Exec);
    assert!(error.message.contains("max_output_bytes"), "{error}");
    for (what, script) in [
        ("sleeps", "sleep 71717"),
        ("ignores SIGTERM", "trap '' TERM INT HUP; while :; do sleep 71717; done"),
        ("forks", "sleep 71717 & sleep 71717 & wait"),
    ] {
        let mut c = child(&["sh", "-c", script]);
        c.timeout = Some(Duration::from_millis(300));
        let began = Instant::now();
        assert_eq!(code(&w.perform(Effect::Exec(c))), Some(ErrorCode::Exec), "{what}");
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        assert!(is_gone("71717"), "{what}");
    }
    // a script's own hour does not count
    let mut c = child(&["sleep", "71719"]);
    c.timeout = Some(Duration::from_secs(3600));
    assert_eq!(code(&w.perform(Effect::Exec(c))), Some(ErrorCode::Exec));
    assert!(is_gone("71719"));
}

#[test]
fn what_a_command_leaves_behind_in_its_group_is_gone() {
    let mut w = shell_world();
    assert_eq!(sh(&mut w, "sleep 71718 & echo started").stdout, b"started\n");
    assert!(is_gone("71718"));
}

/// In a process of its own: becoming the parent of orphans concerns all of it.
#[test]
fn a_daemon_does_not_outlive_its_command() {
    const VARIABLE: &str = "AEGIS_GATE_TEST_DAEMON";
    if std::env::var_os(VARIABLE).is_none() {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["commands::a_daemon_does_not_outlive_its_command", "--exact", "--nocapture", "--test-threads=1"]).env(VARIABLE, "1");
        let out = again.output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
        return;
    }
    aegis_sandbox::broker::become_subreaper().unwrap();
    let daemon = "#!/bin/sh\nsetsid sh -c 'setsid sleep 71720 & exit 0' &\nsleep 0.2\necho started\n";
    let mut w = policy(POLICY).program("bin/named", daemon).open();
    let named = w.root.join("bin/named").to_string_lossy().into_owned();
    assert_eq!(w.stdout(&[&named]), "started\n");
    assert!(is_gone("71720"));
}

#[test]
fn files_in_arguments_are_judged() {
    let mut w = policy(POLICY).file("src/a", "a").file("src/denied", "d").file("src/token", SECRET).file("unlisted", "u").open();
    assert_eq!(w.stdout(&["cat", "src/a"]), "a");
    for path in ["src/denied", "unlisted", "/etc/passwd", "src/token", "src/../src/token", "src/../unlisted"] {
        let error = w.run(&["cat", path]).unwrap_err();
        assert_eq!(error.code, ErrorCode::PolicyDenied, "{path}: {error}");
    }
    assert_eq!(code(&w.run(&["cp", "src/token", "src/public"])), Some(ErrorCode::PolicyDenied));
    assert!(!w.is_there("src/public"));
    assert!(!tells(&w.journal_text(), SECRET));
}

/// An argument was judged by its path alone: a hard link to a denied or local-only file went through.
#[test]
fn an_argument_that_is_a_denied_file_by_a_hard_link_is_denied() {
    let mut w = policy(POLICY).file("src/denied", "d").file("src/token", SECRET).open();
    std::fs::hard_link(w.root.join("src/denied"), w.root.join("src/one")).unwrap();
    std::fs::hard_link(w.root.join("src/token"), w.root.join("src/two")).unwrap();
    assert_eq!(code(&w.run(&["cat", "src/one"])), Some(ErrorCode::PolicyDenied));
    assert_eq!(code(&w.run(&["cat", "src/two"])), Some(ErrorCode::PolicyDenied));
    let Outcome::LabelledFields(fields) = w.run(&["sha256sum", "src/two"]).unwrap() else { panic!() };
    assert!(fields[0].1.sources.contains(&"file:src/token".to_owned()), "{fields:?}");
}

#[test]
fn a_local_only_command_gets_secrets_and_its_output_is_labelled() {
    let mut w = policy(POLICY).file("src/token", SECRET).var("TOKEN", SECRET).open();
    let token = w.secret("TOKEN");
    let mut c = child(&["sha256sum"]);
    c.stdin = token.clone();
    let Outcome::LabelledFields(fields) = w.perform(Effect::Exec(c.clone())).unwrap() else { panic!() };
    assert_eq!(fields.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(), ["exit_code", "stdout", "stderr"]);
    // and the files that it may have: it can read them
    let sources = ["file:src/token", "file:src/private/**", "env:TOKEN", "command:sha256sum"];
    assert!(fields.iter().all(|(_, l)| l.sources == sources), "{fields:?}");
    c.fail_on_exit = true;
    assert!(matches!(w.perform(Effect::Exec(c)).unwrap(), Outcome::Labelled(_)));
    // a local-only variable goes to it, and to it alone
    assert!(!tells(&w.stdout(&["env"]), SECRET));
    assert!(matches!(w.run(&["printenv", "TOKEN"]).unwrap(), Outcome::LabelledFields(_)));
    assert!(!tells(&w.journal_text(), SECRET));
    let intent = w.records().into_iter().rfind(|r| r["kind"] == "effect.intent").unwrap();
    assert_eq!(intent["visibility"], "local-only");
    assert!(intent["labels"].as_array().unwrap().contains(&"env:TOKEN".into()), "{intent}");
}

#[test]
fn labelled_words_input_and_variables_go_to_no_public_command() {
    let mut w = world();
    let token = w.secret("TOKEN");
    let (mut argv, mut stdin, mut env) = (child(&["cat"]), child(&["cat"]), child(&["env"]));
    argv.argv.push(token.clone());
    stdin.stdin = token.clone();
    env.env = vec![("SET".into(), token)];
    for c in [argv, stdin, env] {
        let error = w.perform(Effect::Exec(c)).unwrap_err();
        assert_eq!(error.code, ErrorCode::FlowDenied, "{error}");
        assert!(!tells(&format!("{error:?}"), SECRET));
    }
    assert!(!w.kinds().contains(&"effect.intent".to_owned()));
    assert!(!tells(&w.journal_text(), SECRET));
}

/// A labelled word was put into the argv before it was judged, so a denial quoted it, and which denial came depended on it.
#[test]
fn a_denial_does_not_depend_on_a_labelled_word_or_quote_it() {
    let mut all = Vec::new();
    for value in ["/etc/shadow-0123456789", "--files0-from=/etc/passwd", "src/a", "plain", "x y"] {
        for command in ["cat", "sha256sum", "nothing"] {
            let mut w = policy(POLICY).file("src/a", "").var("TOKEN", value).open();
            let token = w.secret("TOKEN");
            let mut c = child(&[command]);
            c.argv.push(token);
            let answer = w.perform(Effect::Exec(c));
            let shown = format!("{answer:?}{}", w.journal_text());
            assert!(!shown.contains(value) || value == "plain", "{value} {command}: {shown}");
            all.push((command, value, code(&answer)));
        }
    }
    let of = |command: &str| all.iter().filter(|a| a.0 == command).map(|a| a.2).collect::<Vec<_>>();
    assert!(of("cat").iter().all(|c| *c == Some(ErrorCode::FlowDenied)), "{all:?}");
    assert!(of("nothing").iter().all(|c| *c == Some(ErrorCode::PolicyDenied)), "{all:?}");
    assert!(of("sha256sum").iter().all(|c| matches!(c, None | Some(ErrorCode::FlowDenied))), "{all:?}");
}

#[test]
fn the_second_net_takes_a_known_secret_out_of_public_output_and_says_so() {
    let mut w = policy(POLICY).var("TOKEN", SECRET).file("src/leak.txt", &format!("a {SECRET} b")).open();
    w.env("TOKEN").unwrap();
    assert_eq!(w.stdout(&["cat", "src/leak.txt"]), "a [REDACTED] b");
    assert!(w.kinds().contains(&"redacted".to_owned()));
}

#[test]
fn a_document_of_secrets_does_not_make_the_second_net_slow() {
    let big: String = (0..60_000).map(|i| format!("line {i:08}\n")).collect();
    let mut w = policy(POLICY).file("src/token", &big).open();
    w.read("src/token").unwrap();
    let began = Instant::now();
    w.stdout(&["env"]);
    assert!(began.elapsed() < Duration::from_secs(10));
}
