//! Entries of `allow_commands`, `ask_commands` and `deny_commands`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod command_line;

use std::path::{Path, PathBuf};

use aegis_policy::{CommandPattern, ExecRequest};
use command_line::request;

fn allows(pattern: &str, line: &str) -> bool {
    CommandPattern::parse(pattern).unwrap().allows(&request(line))
}

fn catches(pattern: &str, line: &str) -> bool {
    CommandPattern::parse(pattern).unwrap().catches(&request(line))
}

#[test]
fn an_allow_entry_means_the_words_as_they_stand() {
    for (pattern, line, expected) in [
        ("make", "make", true),
        ("make", "make all x", true),
        ("git status", "git status", true),
        ("git status", "git status --short", false),
        ("git status", "git -c x=y status", false),
        ("git status", "git -C x status", false),
        ("git status", "git", false),
        ("git log **", "git log", true),
        ("git log **", "git log --oneline -5", true),
        ("git log **", "git --no-pager log", false),
        ("pnpm --dir * build **", "pnpm --dir web build --watch", true),
        ("pnpm --dir * build **", "pnpm --dir build", false),
        ("pnpm --dir * build **", "pnpm --dir a b build", false),
        ("pnpm --dir=* build", "pnpm --dir=web build", true),
        ("pnpm --dir=* build", "pnpm --dir=web test", false),
        ("pnpm * build", "pnpm build", false),
        ("make test*", "make test-all", true),
        ("make a*b*c", "make aXbYc", true),
        ("make a*b*c", "make acb", false),
        ("make 'a b'", "make 'a b'", true),
        ("make 'a b'", "make a b", false),
        ("make '*'", "make x", false),
        ("make '*'", "make '*'", true),
        ("make \\*", "make x", false),
        ("make \"a \\\" b\"", "make 'a \" b'", true),
        ("git", "./git status", false),
        ("git", "/usr/bin/git status", false),
        ("git", "bin/git status", false),
        ("/usr/bin/git", "/usr/bin/git status", true),
        ("/usr/bin/git", "/tmp/git status", false),
        ("/usr/bin/git", "/usr/bin/../bin/git", false),
        ("git", "gitk", false),
        ("git push **", "env git push", false),
        ("rm", "busybox rm x", false),
        ("aegis", "aegis approve 1", false),
        ("aegis approve *", "aegis approve 1", false),
        ("aegis", "aegis --yes run x", false),
        ("aegis **", "aegis policy edit", false),
        ("env **", "env aegis trust x", false),
        ("aegis", "aegis policy show", true),
    ] {
        assert_eq!(allows(pattern, line), expected, "{pattern} on {line}");
    }
}

#[test]
fn a_deny_entry_means_every_spelling() {
    for (pattern, line, expected) in [
        ("git push **", "git push", true),
        ("git push **", "git push origin main", true),
        ("git push **", "git -C dir push x", true),
        ("git push **", "git --no-pager push", true),
        ("git push **", "git -c a=b push x", true),
        ("git push **", "/opt/git push x", true),
        ("git push **", "./git push", true),
        ("git push **", "git fetch push", false),
        ("git push **", "git commit -m push", false),
        ("git push", "git push", true),
        ("git push", "git -C x push", true),
        ("git push", "git push origin", false),
        ("git push --force **", "git push origin -f", true),
        ("git push --force **", "git push origin", false),
        ("git push * main", "git push -u origin main", true),
        ("git push * main", "git push origin dev", false),
        ("rm", "rm", true),
        ("rm", "/bin/rm x", true),
        ("rm", "busybox rm -rf victim", true),
        ("rm", "toybox rm x", true),
        ("busybox", "busybox rm x", true),
        ("rm", "env -u X rm -rf victim", true),
        ("rm", "env -S 'rm -rf victim'", true),
        ("rm", "find . -name victim -exec rm -rf {} +", true),
        ("rm", "find . -ok rm {} ;", true),
        ("rm", "xargs -0 rm", true),
        ("rm", "nohup nice timeout 5 rm x", true),
        ("rm", "sudo -u root rm x", true),
        ("rm", "rbash -c 'rm -rf victim'", true),
        ("rm", "setsid -w sh -c -e 'rm -rf victim'", true),
        ("rm", "git rebase -x 'rm x'", true),
        ("rm", "npx -c 'rm x'", true),
        ("rm -rf **", "rm -fr x", true),
        ("rm -rf **", "rm --force -R x", true),
        ("rm -rf **", "rm -f x", false),
        ("rm", "rmdirs x", false),
        ("rm", "echo rm", false),
        ("docker push **", "docker --context x push y", true),
        ("docker push **", "docker run push", false),
        ("/usr/bin/git", "/usr/bin/../bin/git x", true),
        ("npm install **", "npm i x", true),
        ("npm exec **", "npm x y", true),
    ] {
        assert_eq!(catches(pattern, line), expected, "{pattern} on {line}");
    }
}

#[test]
fn a_name_means_the_file_it_resolves_to() {
    let with = |line: &str, binary: &str| request(line).with_binary(PathBuf::from(binary));
    let pattern = |text: &str| CommandPattern::parse(text).unwrap();
    assert!(pattern("python3.11").catches(&with("python3 x.py", "/usr/bin/python3.11")));
    assert!(pattern("/usr/bin/python3.11").catches(&with("python3 x.py", "/usr/bin/python3.11")));
    assert!(pattern("rm").catches(&with("remove x", "/bin/rm")));
    // Of a multi-call binary only the pair counts.
    assert!(!pattern("busybox").catches(&with("ls x", "/bin/busybox")));
    assert!(pattern("ls").catches(&with("ls x", "/bin/busybox")));
    assert!(!pattern("/bin/busybox").allows(&with("rm x", "/bin/busybox")));
    // A bare name that resolved to the allowed path is that path; a path that is another file is not.
    assert!(pattern("/usr/bin/git status").allows(&with("git status", "/usr/bin/git")));
    assert!(!pattern("/usr/bin/git status").allows(&with("git status", "/tmp/git")));
}

#[test]
fn a_link_to_another_tool_is_read_as_that_tool() {
    let request = request("sort -i s/a/b/ f").with_binary(PathBuf::from("/usr/bin/sed"));
    assert!(request.options().iter().any(|o| o.name == "--in-place"));
    assert_eq!(request.binary(), Some(Path::new("/usr/bin/sed")));
}

#[test]
fn an_option_is_open_only_where_the_pattern_names_it() {
    for (pattern, line, expected) in [
        ("python", "python -c x", false),
        ("python **", "python -c x", false),
        ("python *", "python -c x", false),
        ("python -c *", "python -c x", true),
        ("python -c **", "python -c x", true),
        ("python -m pytest **", "python -m pytest tests", true),
        ("python -m pytest **", "python -m pip", false),
        ("python -m **", "python -Im pip", true),
        ("git -c core.pager=cat log **", "git -c core.pager=cat log -5", true),
        ("git -c core.pager=cat log **", "git -c core.pager=evil log", false),
        ("git -c core.pager=cat **", "git -c core.pager=cat -c alias.x=!sh x", false),
        ("git **", "git -c a=b log", false),
        ("git * **", "git -c a=b log", false),
        ("git log **", "git log --ext-diff", false),
        ("git log --ext-diff **", "git log --ext-diff", true),
        ("git lfs **", "git lfs pull", true),
        ("git **", "git lfs pull", false),
        ("git difftool **", "git difftool HEAD", true),
        ("git", "git difftool HEAD", false),
        ("git config --get *", "git config --get user.name", true),
        ("git bisect run make test", "git bisect run make test", true),
        ("git bisect run make **", "git bisect run make test", true),
        ("git bisect run make **", "git bisect run sh -c x", false),
        ("find . -exec rm {} ;", "find . -exec rm {} ;", true),
        ("find . -exec rm **", "find . -exec rm -rf {} ;", true),
        ("find **", "find . -exec rm {} ;", false),
        ("find . -exec rm {} ; **", "find . -exec rm {} ; -exec sh -c x ;", false),
        ("sed s/a/b/e *", "sed s/a/b/e f", true),
        ("sed * *", "sed s/a/b/e f", false),
        ("sed **", "sed 1e f", false),
        ("awk *", "awk 'BEGIN{system(1)}'", false),
        ("env rm **", "env rm x", true),
        ("env **", "env rm x", false),
        ("env * x", "env rm x", false),
        ("xargs rm", "xargs rm", true),
        ("make", "make SHELL=x", false),
        ("make CC=clang **", "make CC=clang all", true),
        ("make CC=clang **", "make CC=evil", false),
        ("cargo +nightly build", "cargo +nightly build", true),
        ("cargo **", "cargo +nightly build", false),
        ("go test -exec=x **", "go test -exec x ./...", true),
        ("node --import ./hook.mjs **", "node --import ./hook.mjs app.js", true),
        ("node --import ./hook.mjs **", "node --import ./hook.mjs --import ./evil.mjs app.js", false),
        ("sh -c *", "sh -c 'echo'", true),
    ] {
        let request: ExecRequest = request(line);
        let pattern_read = CommandPattern::parse(pattern).unwrap();
        assert!(request.hazards().iter().any(|h| h.role != aegis_policy::Role::Net), "{line} has no hazard");
        let named = request.hazards().iter().all(|hazard| pattern_read.names_option(hazard));
        assert_eq!(named, expected, "{pattern} on {line}: {:?}", request.hazards());
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
    for text in [
        "",
        " ",
        "g*t",
        "*",
        "**",
        "./git",
        "bin/git",
        "/usr/bin/",
        "/usr/../bin/git",
        "git ** push",
        "git 'x",
        "git \"x",
        "git \\",
        "git a\nb",
        "git \u{1}",
        ".",
        "..",
    ] {
        assert!(CommandPattern::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_argv_without_sense_is_malformed_and_allowed_by_nothing() {
    let parse = |argv: &[&str]| ExecRequest::parse(&argv.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), Path::new("/work"));
    let many: Vec<&str> = std::iter::once("git").chain(std::iter::repeat_n("x", 10_000)).collect();
    let long = "x".repeat(1 << 20);
    let deep: Vec<&str> = std::iter::repeat_n("env", 30).collect();
    let parts = ":".repeat(100);
    for argv in [&[][..], &[""], &["/"], &["git", "a\0b"], &many, &["git", &long], &deep, &["frob", &parts]] {
        let request = parse(argv);
        assert!(request.malformed().is_some(), "{:?}", argv.first());
        let name = argv.first().copied().unwrap_or("git");
        if let Ok(pattern) = CommandPattern::parse(name) {
            assert!(!pattern.allows(&request), "{name}");
        }
    }
}

#[test]
fn many_stars_stay_cheap() {
    let pattern = CommandPattern::parse(&format!("frob {}", "*a".repeat(2_000))).unwrap();
    let request = ExecRequest::parse(&["frob".to_owned(), "a".repeat(100_000) + "b"], Path::new("/work"));
    assert!(!pattern.allows(&request));
    let pattern = CommandPattern::parse(&format!("frob {}**", "* ".repeat(2_000))).unwrap();
    let argv: Vec<String> = std::iter::once("frob".to_owned()).chain(std::iter::repeat_n("-x".to_owned(), 9_000)).collect();
    assert!(pattern.allows(&ExecRequest::parse(&argv, Path::new("/work"))));
}
