//! A project's policy that nobody trusted, over the user's: it can only make answers stricter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};

use aegis_policy::{
    Access, ExecRequest, Finder, LoadCode, LoadError, Method, PathOp, Policy, ProjectPolicy, RequestUrl, Surroundings, Untrusted, Verdict,
    Visibility,
};
use proptest::prelude::*;

fn finder() -> Finder {
    Finder::of_this_user().with_home(Path::new("/home/mia"))
}

struct Project(tempfile::TempDir);

impl Project {
    fn with(text: &str) -> Project {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("project/src")).unwrap();
        std::fs::write(dir.path().join("project/aegis.toml"), text).unwrap();
        Project(dir)
    }
    fn file(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("project/aegis.toml")
    }
    fn untrusted(&self) -> Result<Untrusted, LoadError> {
        match Policy::for_project(&self.file(), &finder(), &Surroundings::default(), |_, _| false)? {
            ProjectPolicy::Untrusted(project) => Ok(project),
            ProjectPolicy::Trusted(_) => panic!("nobody trusted it"),
        }
    }
    fn user(&self, text: &str) -> Policy {
        Policy::from_text("user.toml", text, self.file().parent().unwrap(), &finder(), &Surroundings::default()).unwrap()
    }
    fn over(&self, text: &str) -> Policy {
        self.user(text).tightened_by(self.untrusted().unwrap(), &finder(), &Surroundings::default()).unwrap()
    }
}

const OPEN: &str = "[filesystem]\nread_allow = [\"**\"]\n[network]\nhttp_get_allow = [\"*\"]\nlocal_only_hosts = [\"h.example\"]\n\
    allow_plain_http = [\"h.example\"]\nno_echo_hosts = [\"h.example\"]\n[audit]\npath = \"/var/tmp/mine\"\nkey = \"/var/tmp/key\"\n";

#[test]
fn a_project_closes_but_never_opens() {
    let project = Project::with("[filesystem]\nread_allow = [\"src/**\"]\nwrite_allow = [\"src/**\"]\n");
    let policy = project.over(OPEN);
    let verdict = |op, path: &str| policy.decide(&Access::Path { op, path: &policy.root().join(path) }).verdict();
    assert_eq!(verdict(PathOp::Read, "src/x"), Verdict::Allow);
    assert_eq!(verdict(PathOp::Read, "other"), Verdict::Deny);
    assert_eq!(verdict(PathOp::Write, "src/x"), Verdict::Deny, "the user grants no write");
}

#[test]
fn what_the_user_says_of_a_host_stands_beside_a_project_that_does_not_speak_of_it() {
    let project = Project::with("[network]\nlocal_only_hosts = [\"h.example\", \"other.example\"]\n");
    let policy = project.over(OPEN);
    for (host, vouched) in [("h.example", true), ("other.example", false)] {
        let url = RequestUrl::parse(&format!("http://{host}/")).unwrap();
        assert_eq!((policy.allows_plain_http(&url), policy.vouches_no_echo(&url)), (vouched, vouched), "{host}");
    }
}

#[test]
fn a_project_chooses_no_journal() {
    let project = Project::with("[audit]\npath = \"/var/tmp/theirs\"\nkey = \"/var/tmp/their-key\"\ndurability = \"fsync\"\n");
    let settings = project.over(OPEN).settings().clone();
    assert_eq!(settings.audit_path.as_deref(), Some(Path::new("/var/tmp/mine")));
    assert_eq!(settings.audit_key.as_deref(), Some(Path::new("/var/tmp/key")));
    let none = project.over("[filesystem]\nread_allow = [\"**\"]\n").settings().clone();
    assert_eq!((none.audit_path, none.audit_key), (None, None));
}

#[test]
fn a_project_has_its_root_in_its_own_directory() {
    for (root, fits) in [(".", true), ("src", true), ("..", false), ("/", false), ("~/", false), ("src/../..", false)] {
        let project = Project::with(&format!("name = \"x\"\nroot = \"{root}\"\n"));
        let loaded = project.untrusted();
        assert_eq!(loaded.is_ok(), fits, "{root}");
        if let Err(error) = loaded {
            let code_and_line = (error.code(), error.line());
            // `~/` need not exist here
            assert!(code_and_line == (LoadCode::Untrusted, Some(2)) || root == "~/", "{root}: {error}");
        } else {
            assert!(project.untrusted().unwrap().root().starts_with(project.file().parent().unwrap()));
        }
    }
    let project = Project::with("root = \"git\"\n");
    std::fs::create_dir(project.0.path().join(".git")).unwrap();
    assert_eq!(project.untrusted().unwrap_err().code(), LoadCode::Untrusted, "the git root above it");
}

#[test]
fn local_only_of_either_counts_and_limits_are_the_smaller() {
    let project = Project::with(
        "[filesystem]\nread_allow = [\"**\"]\nlocal_only_read = [\"src/t\"]\n[runtime]\nmax_seconds = 5\nmax_steps = 999999999999\n",
    );
    let policy = project.over(OPEN);
    let path = policy.root().join("src/t");
    assert_eq!(policy.decide(&Access::Path { op: PathOp::Read, path: &path }).visibility(), Visibility::LocalOnly);
    assert_eq!(policy.settings().limits.max_time.as_secs(), 5);
    assert_eq!(policy.settings().limits.max_steps, 100_000_000);
}

#[test]
fn errors_of_an_untrusted_file_show_no_text() {
    let secret = "s3cr3t";
    for text in [
        format!("[filesystem]\nread_allow = [\"{secret}/../x\"]\n"),
        format!("[subprocess]\nallow_commands = [\"'{secret}\"]\n"),
        format!("[network]\nhttp_get_allow = [\"{secret}:99999999\"]\n"),
        format!("[environment]\nallow_vars = [\"{secret}=\"]\n"),
        format!("[[flow]]\nfrom = \"env:A\"\nto = [\"host:{secret}\"]\n"),
    ] {
        let project = Project::with(&text);
        let error = match project.untrusted() {
            Err(error) => error,
            Ok(untrusted) => project.user(OPEN).tightened_by(untrusted, &finder(), &Surroundings::default()).unwrap_err(),
        };
        assert!(!error.to_string().contains(secret), "{error}");
        let trusted = Policy::load(&project.file(), &finder(), &Surroundings::default()).unwrap_err();
        assert!(trusted.to_string().contains(secret), "else the test shows nothing: {trusted}");
    }
}

/// Lists over a small alphabet, so that random questions meet them.
fn lists() -> impl Strategy<Value = String> {
    let of = |items: &'static [&'static str]| prop::sample::subsequence(items, 0..=items.len()).prop_map(|items| format!("{items:?}"));
    const PATHS: &[&str] = &["a/**", "a/b", "**/c", "b*", "*.d/**", "a/*/c"];
    const HOSTS: &[&str] = &["x.example", "*.example", "y.x.example:8080"];
    const NAMES: &[&str] = &["A", "A*", "B"];
    const COMMANDS: &[&str] = &["make", "make all", "git status", "git **"];
    const ASKS: &[&str] = &["fs.read", "fs.write a/**", "net.http_get *.example", "env.read B", "subprocess.exec make"];
    (
        (of(ASKS), of(PATHS), of(PATHS), of(PATHS), of(PATHS)),
        (of(HOSTS), of(HOSTS), of(HOSTS), of(NAMES), of(NAMES), of(NAMES)),
        (of(COMMANDS), of(COMMANDS), of(COMMANDS)),
    )
        .prop_map(|((asks, read, local, write, deny), (get, local_hosts, deny_hosts, vars, local_vars, deny_vars), (run, ask, not))| {
            format!(
                "requires_approval = {asks}\n[filesystem]\nread_allow = {read}\nlocal_only_read = {local}\nwrite_allow = {write}\ndeny = {deny}\n\
                 [network]\nhttp_get_allow = {get}\nlocal_only_hosts = {local_hosts}\ndeny_hosts = {deny_hosts}\n[environment]\n\
                 allow_vars = {vars}\nlocal_only_vars = {local_vars}\ndeny_vars = {deny_vars}\n[subprocess]\nallow_commands = {run}\n\
                 ask_commands = {ask}\ndeny_commands = {not}\n"
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn never_weaker_than_either(user in lists(), theirs in lists()) {
        let project = Project::with(&theirs);
        let (both, user) = (project.over(&user), project.user(&user));
        let alone = Policy::load(&project.file(), &finder(), &Surroundings::default()).unwrap();
        let check = |access: &Access<'_>| {
            let [both, user, alone] = [&both, &user, &alone].map(|p| p.decide(access));
            assert_eq!(both.verdict(), user.verdict().max(alone.verdict()), "{access:?}");
            assert_eq!(both.visibility(), user.visibility().max(alone.visibility()), "{access:?}");
        };
        for path in ["a", "a/b", "a/x/c", "c", "b", "bb/c", "x.d", "x.d/y", "q"] {
            let path = project.file().with_file_name(path);
            for op in [PathOp::Read, PathOp::Write, PathOp::Delete] {
                check(&Access::Path { op, path: &path });
                check(&Access::PathName { op, path: &path });
            }
        }
        for url in ["http://x.example/", "https://y.x.example:8080/a", "http://other/"] {
            check(&Access::Http { method: Method::Get, url: &RequestUrl::parse(url).unwrap() });
        }
        for name in ["A", "AB", "B", "C"] {
            check(&Access::Env { name });
            check(&Access::ChildEnv { name });
        }
        for line in ["make", "make all", "git status", "git log", "other"] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            check(&Access::Exec(&ExecRequest::parse(&words, project.file().parent().unwrap())));
        }
    }
}
