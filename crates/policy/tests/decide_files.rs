//! Files: the order of the lists, local-only, control files, spellings, and what no path may be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use aegis_policy::{Access, Decision, Finder, PathOp, Policy, Reason, Surroundings, Verdict, Visibility};
use aegis_policy::{PathOp::Delete, PathOp::Read, PathOp::Write, Verdict::Allow, Verdict::Ask, Verdict::Deny};

fn around() -> Surroundings {
    Surroundings { sealed: vec!["/state/journal".into()], guarded: vec!["/opt/aegis".into()], ..Surroundings::default() }
}

fn policy(text: &str) -> Policy {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    Policy::from_text("p.toml", text, Path::new("/p"), &finder, &around()).unwrap_or_else(|e| panic!("{e}"))
}

fn ask(policy: &Policy, op: PathOp, path: &str) -> Decision {
    policy.decide(&Access::Path { op, path: Path::new(path) })
}

fn rows(policy: &Policy, rows: &[(PathOp, &str, Verdict)]) {
    for (op, path, expected) in rows {
        let decision = ask(policy, *op, path);
        assert_eq!(decision.verdict(), *expected, "{op:?} {path}: {:?} {:?}", decision.reason(), decision.rule());
    }
}

#[test]
fn control_over_deny_over_ask_over_allow_over_nothing() {
    let p = policy(
        "requires_approval = [\"fs.read **/ask*\", \"fs.delete\"]\n[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"**\"]\n\
         delete_allow = [\"**\"]\ndeny = [\"**/*deny*\"]\n",
    );
    let reason = |path: &str, op| ask(&p, op, path).reason().clone();
    assert_eq!(reason("/p/.git/hooks/deny", Write), Reason::ControlFile, "before a deny list");
    assert_eq!(reason("/p/ask-deny", Read), Reason::DenyRule, "before an ask");
    assert_eq!(reason("/p/ask", Read), Reason::AskRule, "before an allow");
    assert_eq!(reason("/p/plain", Read), Reason::Allowed);
    assert_eq!(reason("/q/plain", Read), Reason::NoRule { list: "[filesystem].read_allow" });
    assert_eq!(reason("/p/plain", Delete), Reason::AskRule, "a whole capability");
    rows(&p, &[(Read, "/p/x-deny-y/below/it", Deny), (Write, "/p/ask", Allow), (Delete, "/q/x", Deny)]);
}

#[test]
fn asking_never_grants() {
    let p = policy("requires_approval = [\"fs.read\", \"fs.write src/**\"]\n[filesystem]\nread_allow = [\"a\"]\nwrite_allow = [\"b\"]\n");
    rows(&p, &[(Read, "/p/a", Ask), (Read, "/p/x", Deny), (Write, "/p/src/x", Deny), (Write, "/p/b", Allow)]);
}

#[test]
fn a_removed_rule_is_gone() {
    let text = "[filesystem]\nread_allow = [\"**\"]\n";
    let kept = policy(&format!("inherits = \"secure-defaults\"\n{text}"));
    let removed = policy(&format!("inherits = \"secure-defaults\"\n{text}deny = [\"!*.key\"]\n"));
    rows(&kept, &[(Read, "/p/x.key", Deny)]);
    rows(&removed, &[(Read, "/p/x.key", Allow), (Read, "/p/x.p12", Deny)]);
    assert_eq!(removed.weakened().len(), 1);
}

#[test]
fn local_only_names_label_whatever_else_names_them() {
    let p = policy(
        "[filesystem]\nread_allow = [\"**\"]\nlocal_only_read = [\"token\"]\nlocal_only_write = [\"vault/**\"]\nwrite_allow = [\"**\"]\n",
    );
    for (op, path, visibility) in [
        (Read, "/p/token", Visibility::LocalOnly),
        (Write, "/p/token", Visibility::LocalOnly),
        (Read, "/p/vault/x", Visibility::LocalOnly),
        (Write, "/p/vault/x", Visibility::LocalOnly),
        (Read, "/p/other", Visibility::Public),
    ] {
        let decision = ask(&p, op, path);
        assert_eq!((decision.verdict(), decision.visibility()), (Allow, visibility), "{op:?} {path}");
    }
    let p = policy("[filesystem]\nlocal_only_read = [\"token\"]\nlocal_only_write = [\"vault/**\"]\n");
    rows(&p, &[(Read, "/p/token", Allow), (Write, "/p/token", Deny), (Write, "/p/vault/x", Allow), (Read, "/p/vault/x", Deny)]);
}

#[test]
fn control_files_stay_closed_at_any_depth() {
    let open = "[filesystem]\nread_allow = [\"/**\"]\nwrite_allow = [\"/p/**\", \"/home/**\", \"/opt/**\"]\ndelete_allow = [\"/p/**\"]\n";
    let p = policy(open);
    for path in [
        "/p/.git/hooks/pre-commit",
        "/p/a/b/c/.git/config",
        "/p/.claude/settings.json",
        "/p/deep/er/.mcp.json",
        "/p/.vscode/tasks.json",
        "/home/mia/.config/aegis/policy.toml",
        "/home/mia/.bashrc",
        "/opt/aegis",
    ] {
        rows(&p, &[(Write, path, Deny), (Delete, path, Deny)]);
        assert_eq!(ask(&p, Write, path).reason(), &Reason::ControlFile, "{path}");
    }
    rows(&p, &[(Read, "/p/.git/config", Allow), (Read, "/p/.mcp.json", Allow)]);
    for sealed in ["/state/journal", "/state/journal/1", "/home/mia/.local/state/aegis/x"] {
        rows(&p, &[(Read, sealed, Deny), (Write, sealed, Deny), (Delete, sealed, Deny)]);
    }
}

#[test]
fn exceptions_from_control_files_are_one_by_one_and_never_for_sealed_ones() {
    let p = policy(
        "[filesystem]\nread_allow = [\"/**\"]\nwrite_allow = [\"/p/**\", \"/home/**\"]\n\
         allow_control_files = [\".git/config\", \"~/.local/state/aegis/**\", \"/state/**\"]\n",
    );
    rows(
        &p,
        &[
            (Write, "/p/.git/config", Allow),
            (Write, "/p/.git/hooks/x", Deny),
            (Write, "/p/sub/.git/config", Deny),
            (Write, "/home/mia/.local/state/aegis/x", Deny),
            (Read, "/home/mia/.local/state/aegis/x", Deny),
            (Read, "/state/journal", Deny),
        ],
    );
    let denied = policy("[filesystem]\nwrite_allow = [\"**\"]\nallow_control_files = [\".git/config\"]\ndeny = [\"config\"]\n");
    rows(&denied, &[(Write, "/p/.git/config", Deny)]);
}

#[test]
fn a_name_that_only_looks_like_another_is_denied_with_it() {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    for written in [composed, decomposed] {
        let p = policy(&format!("[filesystem]\nread_allow = [\"**\"]\nlocal_only_read = [\"l-{written}\"]\ndeny = [\"{written}\"]\n"));
        for asked in [composed, decomposed] {
            rows(&p, &[(Read, &format!("/p/{asked}"), Deny), (Read, &format!("/p/d/{asked}/x"), Deny)]);
            assert_eq!(ask(&p, Read, &format!("/p/l-{asked}")).visibility(), Visibility::LocalOnly);
        }
    }
    // what opens is exact
    let p = policy(&format!("[filesystem]\nread_allow = [\"{composed}\"]\n"));
    rows(&p, &[(Read, &format!("/p/{composed}"), Allow), (Read, &format!("/p/{decomposed}"), Deny)]);
}

#[test]
fn a_directory_pattern_gives_the_directory_but_not_its_removal() {
    let p = policy("[filesystem]\nread_allow = [\"src/**\"]\nwrite_allow = [\"src/**\"]\ndelete_allow = [\"src/**\"]\n");
    rows(
        &p,
        &[
            (Read, "/p/src", Allow),
            (Write, "/p/src", Allow),
            (Delete, "/p/src", Deny),
            (Delete, "/p/src/x", Allow),
            (Read, "/p/srcs", Deny),
            (Read, "/p", Deny),
        ],
    );
}

#[test]
fn what_is_no_resolved_path_is_malformed() {
    let p = policy("[filesystem]\nread_allow = [\"/**\"]\nwrite_allow = [\"/q/**\"]\n");
    let long = format!("/{}", "x/".repeat(2048));
    for path in ["", "p/x", "./x", "/p/../etc/shadow", "/..", "/p/./x", "/p/.", "/p/\0x", &long] {
        for access in [Access::Path { op: Read, path: Path::new(path) }, Access::PathName { op: Read, path: Path::new(path) }] {
            let decision = p.decide(&access);
            assert!(matches!(decision.reason(), Reason::Malformed { .. }) && decision.is_deny(), "{path:?} {:?}", decision.reason());
        }
    }
    rows(&p, &[(Read, "/p/..x/...", Allow), (Read, "/", Allow)]);
}

#[test]
fn a_name_before_it_is_opened_is_judged_by_what_forbids_alone() {
    let p = policy("[filesystem]\nread_allow = [\"src/**\"]\ndeny = [\"secret\"]\n");
    let name = |op, path: &str| p.decide(&Access::PathName { op, path: Path::new(path) }).verdict();
    assert_eq!(name(Read, "/p/secret"), Deny);
    assert_eq!(name(Write, "/p/.git/config"), Deny);
    assert_eq!(name(Read, "/state/journal"), Deny);
    assert_eq!(name(Read, "/elsewhere"), Allow);
}

#[test]
fn patterns_of_a_file_start_from_its_root() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(top.join("project/.git")).unwrap();
    std::fs::create_dir_all(top.join("project/deep")).unwrap();
    std::fs::create_dir_all(top.join("home")).unwrap();
    let file = top.join("home/aegis.toml");
    let load = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let finder = Finder::of_this_user().with_home(&top.join("home")).starting_at(&top.join("project/deep"));
        Policy::load(&file, &finder, &Surroundings::default()).unwrap()
    };
    let lists = "[filesystem]\nread_allow = [\"src/**\"]\ndeny = [\"private\"]\n";
    let with = load(&format!("root = \"git\"\n{lists}"));
    let verdict = |p: &Policy, path: &str| p.decide(&Access::Path { op: Read, path: &top.join(path) }).verdict();
    assert_eq!(with.root(), top.join("project"));
    assert_eq!((verdict(&with, "project/src/x"), verdict(&with, "home/src/x")), (Allow, Deny));
    assert_eq!(verdict(&with, "project/src/private"), Deny);
    let own = load(&format!("root = \".\"\n{lists}"));
    assert_eq!((verdict(&own, "project/src/x"), verdict(&own, "home/src/x")), (Deny, Allow));
    // the user's own policy, which is loaded for a place, starts there without a word
    let user = load(lists);
    assert_eq!((verdict(&user, "project/src/x"), verdict(&user, "home/src/x")), (Allow, Deny));
    let project = Policy::load(&file, &Finder::of_this_user().with_home(&top.join("home")), &Surroundings::default()).unwrap();
    assert_eq!((verdict(&project, "project/src/x"), verdict(&project, "home/src/x")), (Deny, Allow));
}
