//! Tunnels of confined children: what the lists of hosts say about all verbs and paths at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use aegis_policy::{Access, Decision, Finder, Policy, Question, RequestUrl, Surroundings, Verdict, Visibility};

fn policy(text: &str) -> Policy {
    let finder = Finder::of_this_user().with_home(Path::new("/nonexistent"));
    Policy::from_text("policy.toml", text, Path::new("/"), &finder, &Surroundings::default()).unwrap()
}

fn tunnel(policy: &Policy, to: &str) -> Decision {
    policy.decide(&Access::Connect { url: &RequestUrl::parse(&format!("https://{to}/")).unwrap() })
}

#[test]
fn only_connect_hosts_open_one() {
    let policy = policy(
        r#"
[network]
http_get_allow = ["*", "*:22"]
http_post_allow = ["get.example"]
[subprocess]
connect_hosts = ["git.example:22", "tls.example", "*.below.example", "https://s.example", "http://p.example", "path.example/a/**"]
"#,
    );
    for (to, allowed) in [
        ("git.example:22", true),
        ("git.example", false),
        ("tls.example", true),
        ("tls.example:80", true),
        ("TLS.example.:443", true),
        ("tls.example:8443", false),
        ("a.below.example", true),
        ("below.example", false),
        ("s.example:443", true),
        ("s.example:80", false),
        ("p.example:80", true),
        ("p.example:443", false),
        ("path.example", false),
        ("get.example", false),
        ("127.0.0.1", false),
    ] {
        assert_eq!(tunnel(&policy, to).is_allow(), allowed, "{to}");
    }
    let access = RequestUrl::parse("https://get.example:8443/").unwrap();
    let access = Access::Connect { url: &access };
    let explained = policy.explain(&access, "CONNECT get.example:8443", &policy.decide(&access));
    assert_eq!(explained.cause, "no rule in [subprocess].connect_hosts matches");
    assert!(explained.suggestion.unwrap().starts_with("add \"get.example:8443\" to [subprocess].connect_hosts in policy.toml"));
}

#[test]
fn what_one_path_or_verb_closes_labels_or_asks_about_counts_for_the_tunnel() {
    let policy = policy(
        r#"
requires_approval = ["net.http_post asks.example/admin"]
[network]
http_post_allow = ["asks.example"]
local_only_hosts = ["https://local.example/v1"]
deny_hosts = ["denied.example/admin", "port.example:8443"]
[subprocess]
connect_hosts = ["*", "*:8443"]
"#,
    );
    for (to, verdict, visibility) in [
        ("other.example", Verdict::Allow, Visibility::Public),
        ("denied.example", Verdict::Deny, Visibility::Public),
        ("denied.example:8443", Verdict::Allow, Visibility::Public),
        ("port.example", Verdict::Allow, Visibility::Public),
        ("port.example:8443", Verdict::Deny, Visibility::Public),
        ("asks.example", Verdict::Ask, Visibility::Public),
        ("local.example", Verdict::Allow, Visibility::LocalOnly),
        ("local.example:8443", Verdict::Allow, Visibility::Public),
    ] {
        let decision = tunnel(&policy, to);
        assert_eq!((decision.verdict(), decision.visibility()), (verdict, visibility), "{to}");
    }
}

#[test]
fn approval_of_a_whole_verb_counts_too() {
    let policy = policy("requires_approval = [\"net.http_delete\"]\n[subprocess]\nconnect_hosts = [\"h.example\"]");
    assert_eq!(tunnel(&policy, "h.example").verdict(), Verdict::Ask);
}

#[test]
fn one_can_ask_about_a_tunnel_in_words() {
    let policy = policy(
        "[subprocess]\nconnect_hosts = [\"git.example:22\", \"[::1]:22\"]\n[[test]]\naccess = \"connect git.example:22\"\nexpect = \"allow\"\n",
    );
    assert_eq!(policy.run_tests(), Ok(1));
    let ask = |target: &str| Question::parse(&["connect".to_owned(), target.to_owned()], Path::new("/"));
    assert!(policy.decide(&ask("GIT.example.:22").unwrap().access()).is_allow());
    assert!(policy.decide(&ask("[::1]:22").unwrap().access()).is_allow());
    assert!(policy.decide(&ask("git.example:443").unwrap().access()).is_deny());
    for target in [
        "git.example",
        "git.example:",
        ":22",
        "u@git.example:22",
        "git.example:22/x",
        "git.example/x:22",
        "git.example?x:22",
        "::1",
        "git.example:0",
    ] {
        assert!(ask(target).is_err(), "{target}");
    }
}
