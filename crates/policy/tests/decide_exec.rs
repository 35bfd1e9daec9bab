//! Programs: which option, file or name of a command line decides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};

use aegis_policy::{Access, Decision, ExecRequest, Finder, Policy, Reason, Surroundings, Verdict, Visibility};
use aegis_policy::{Verdict::Allow, Verdict::Ask, Verdict::Deny};

fn policy(text: &str) -> Policy {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    Policy::from_text("p.toml", text, Path::new("/p"), &finder, &Surroundings::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn request(line: &str) -> ExecRequest {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    ExecRequest::parse(&words, Path::new("/p"))
}

fn run(policy: &Policy, line: &str) -> Decision {
    policy.decide(&Access::Exec(&request(line)))
}

fn rows(policy: &Policy, rows: &[(&str, Verdict)]) {
    for (line, expected) in rows {
        let decision = run(policy, line);
        assert_eq!(decision.verdict(), *expected, "{line}: {:?} {:?}", decision.reason(), decision.rule());
    }
}

#[test]
fn deny_over_ask_over_allow_over_nothing() {
    let p = policy(
        "[filesystem]\nread_allow = [\"**\"]\n[subprocess]\nallow_commands = [\"git **\", \"make\"]\nask_commands = [\"git push **\"]\n\
         deny_commands = [\"git push origin secret\"]\ndeny_args = { git = [\"push --force\"] }\nrequires_approval_args = { git = [\"commit --amend\"] }\n",
    );
    rows(
        &p,
        &[
            ("git status", Allow),
            ("git push origin main", Ask),
            ("git push origin secret", Deny),
            ("git push -f origin main", Deny),
            ("git commit --amend", Ask),
            ("make", Allow),
            ("other", Deny),
        ],
    );
    let asks = policy("requires_approval = [\"subprocess.exec\"]\n[subprocess]\nallow_commands = [\"make\"]\n");
    rows(&asks, &[("make", Ask), ("other", Deny)]);
    let one = policy("requires_approval = [\"subprocess.exec make all\"]\n[subprocess]\nallow_commands = [\"make\"]\n");
    rows(&one, &[("make all", Ask), ("make", Allow)]);
}

#[test]
fn an_option_that_runs_something_is_denied_unless_it_is_named() {
    let p = policy("[filesystem]\nread_allow = [\"**\"]\n[subprocess]\nallow_commands = [\"find **\", \"git **\"]\n");
    for line in ["find . -exec true ;", "git -c core.pager=x log"] {
        let decision = run(&p, line);
        assert!(matches!(decision.reason(), Reason::DangerousOption { .. }) && decision.is_deny(), "{line}: {:?}", decision.reason());
    }
    rows(&p, &[("find . -name x", Allow)]);
}

#[test]
fn files_that_arguments_name_are_judged() {
    let p = policy(
        "[filesystem]\nread_allow = [\"src/**\"]\nlocal_only_read = [\"token\"]\nwrite_allow = [\"out/**\"]\ndeny = [\"src/private\"]\n\
         [subprocess]\nallow_commands = [\"cat\", \"cp\"]\nlocal_only_commands = [\"sort\"]\n",
    );
    rows(
        &p,
        &[
            ("cat src/a", Allow),
            ("cat /etc/shadow", Deny),
            ("cat src/private", Deny),
            ("cp src/a out/a", Allow),
            ("cp src/a src/b", Deny),
            ("cat token", Deny),
            ("sort token", Allow),
        ],
    );
    assert!(matches!(run(&p, "cat /etc/shadow").reason(), Reason::FileArgument { .. }));
    assert!(matches!(run(&p, "cat token").reason(), Reason::LocalOnlyArgument { .. }));
    let sorted = run(&p, "sort token");
    assert_eq!(sorted.visibility(), Visibility::LocalOnly);
    let names: Vec<&str> = sorted.atoms().iter().chain(sorted.read_atoms()).map(|a| p.atom_name(*a)).collect();
    assert_eq!(names, ["command:sort", "file:token"], "its output depends on both");
}

#[test]
fn a_file_that_asks_makes_the_command_ask() {
    let p = policy(
        "requires_approval = [\"fs.read src/x\"]\n[filesystem]\nread_allow = [\"src/**\"]\n[subprocess]\nallow_commands = [\"cat\"]\n",
    );
    rows(&p, &[("cat src/x", Ask), ("cat src/y", Allow)]);
}

#[test]
fn aegis_itself_is_closed_to_agents_whatever_a_list_says() {
    let p = policy(
        "[filesystem]\nread_allow = [\"/**\"]\nwrite_allow = [\"/p/**\"]\n[subprocess]\nallow_commands = [\"aegis\", \"aegis **\", \"aegis trust **\"]\n",
    );
    for line in ["aegis trust aegis.toml", "aegis run --yes x.star", "aegis run --no-audit x.star", "aegis approve 1", "aegis policy edit"]
    {
        rows(&p, &[(line, Deny)]);
        assert_eq!(run(&p, line).reason(), &Reason::ControlFile, "{line}");
    }
    rows(&p, &[("aegis why fs.read x", Allow)]);
}

#[test]
fn a_deny_on_a_name_is_a_deny_on_its_file_unless_the_file_is_many_commands() {
    let p = policy(
        "[filesystem]\nread_allow = [\"**\"]\n[subprocess]\nallow_commands = [\"rm2\", \"cargo\", \"ls\"]\ndeny_commands = [\"rm\", \"rustc\"]\n",
    );
    let from = |line: &str, file: &str| p.decide(&Access::Exec(&request(line).with_binary(PathBuf::from(file)))).verdict();
    assert_eq!(from("rm2", "/usr/bin/rm"), Deny, "another name for a denied file");
    assert_eq!(from("rm2", "/usr/bin/rm2"), Allow);
    // cargo and rustc are both links to rustup: what counts is the name
    assert_eq!(from("cargo", "/home/mia/.cargo/bin/rustup"), Allow);
    assert_eq!(from("rustc", "/home/mia/.cargo/bin/rustup"), Deny);
    assert_eq!(from("ls", "/bin/busybox"), Allow);
    rows(&policy("[subprocess]\nallow_commands = [\"busybox\"]\ndeny_commands = [\"rm\"]\n"), &[("busybox rm x", Deny)]);
}

#[test]
fn no_command_at_all_is_malformed() {
    let p = policy("[subprocess]\nallow_commands = [\"make\"]\n");
    for words in [vec![], vec![String::new()], vec!["make".to_owned(), "a\0b".to_owned()]] {
        let decision = p.decide(&Access::Exec(&ExecRequest::parse(&words, Path::new("/p"))));
        assert!(decision.is_deny(), "{words:?}");
    }
}
