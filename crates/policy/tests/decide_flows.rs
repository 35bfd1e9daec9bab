//! Variables, hosts, and where labelled data may go.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use aegis_policy::{Access, Decision, ExecRequest, Finder, Method, Policy, Reason, RequestUrl, Surroundings, Verdict, Visibility};
use aegis_policy::{Verdict::Allow, Verdict::Ask, Verdict::Deny};

fn policy(text: &str) -> Policy {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    Policy::from_text("p.toml", text, Path::new("/p"), &finder, &Surroundings::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn env(policy: &Policy, name: &str) -> Decision {
    policy.decide(&Access::Env { name })
}

fn child(policy: &Policy, name: &str) -> Verdict {
    policy.decide(&Access::ChildEnv { name }).verdict()
}

fn post(policy: &Policy, url: &str) -> Decision {
    policy.decide(&Access::Http { method: Method::Post, url: &RequestUrl::parse(url).unwrap() })
}

fn source(policy: &Policy, name: &str) -> usize {
    let decision = env(policy, name);
    assert_eq!(decision.visibility(), Visibility::LocalOnly, "{name}");
    decision.atoms()[0].index()
}

#[test]
fn variables() {
    let p = policy(
        "requires_approval = [\"env.read ASK\"]\n[environment]\nallow_vars = [\"*\"]\ndeny_vars = [\"*_SECRET\"]\nallow_reserved = [\"LD_LIBRARY_PATH\"]\n",
    );
    for (name, expected) in
        [("PATH", Allow), ("X_SECRET", Deny), ("ASK", Ask), ("AEGIS_KEY", Deny), ("A=B", Deny), ("", Deny), ("A\0", Deny)]
    {
        assert_eq!(env(&p, name).verdict(), expected, "{name:?}");
    }
    assert_eq!(env(&p, "AEGIS_KEY").reason(), &Reason::ReservedName);
    for (name, expected) in [("LD_PRELOAD", Deny), ("LD_LIBRARY_PATH", Allow), ("NODE_OPTIONS", Deny), ("AEGIS_KEY", Deny), ("PATH", Allow)]
    {
        assert_eq!(child(&p, name), expected, "{name}");
    }
    let none = policy("[environment]\nallow_reserved = [\"LD_PRELOAD\"]\n");
    assert_eq!(child(&none, "LD_PRELOAD"), Deny, "an exception is no grant");
}

#[test]
fn a_variable_that_a_flow_names_is_a_secret_under_any_wildcard() {
    let p = policy("[environment]\nallow_vars = [\"*\"]\n[[flow]]\nfrom = \"env:TOKEN\"\nto = []\n");
    assert_eq!(env(&p, "TOKEN").visibility(), Visibility::LocalOnly);
    assert_eq!(env(&p, "OTHER").visibility(), Visibility::Public);
    let closed = policy("[[flow]]\nfrom = \"env:TOKEN\"\nto = []\n");
    assert_eq!(env(&closed, "TOKEN").verdict(), Deny, "a flow is no grant");
    let preset = policy("inherits = \"secure-defaults\"\n[environment]\nallow_vars = [\"*\"]\n");
    assert_eq!(env(&preset, "OPENAI_API_KEY").visibility(), Visibility::LocalOnly);
}

#[test]
fn a_flow_narrows_its_source_and_no_other() {
    let p = policy(
        "[network]\nlocal_only_hosts = [\"a.example\", \"b.example\"]\nhttp_post_allow = [\"open.example\"]\n[environment]\n\
         local_only_vars = [\"WIDE\", \"NARROW\", \"NOWHERE\"]\n[[flow]]\nfrom = \"env:NARROW\"\nto = [\"host:a.example\"]\n\
         [[flow]]\nfrom = \"env:NOWHERE\"\nto = []\n",
    );
    let (a, b, open) = (post(&p, "https://a.example/"), post(&p, "https://b.example/"), post(&p, "https://open.example/"));
    let [wide, narrow, nowhere] = ["WIDE", "NARROW", "NOWHERE"].map(|name| source(&p, name));
    for (sources, to_a, to_b) in [
        (vec![], true, true),
        (vec![wide], true, true),
        (vec![narrow], true, false),
        (vec![nowhere], false, false),
        (vec![wide, narrow], true, false),
        (vec![narrow, nowhere], false, false),
    ] {
        assert_eq!(p.may_flow(sources.clone(), &a).is_ok(), to_a, "{sources:?}");
        assert_eq!(p.may_flow(sources.clone(), &b).is_ok(), to_b, "{sources:?}");
        assert_eq!(p.may_flow(sources.clone(), &open).is_ok(), sources.is_empty(), "{sources:?}");
    }
    let blocked = p.may_flow([wide, narrow], &b).unwrap_err();
    assert_eq!((blocked.source.as_str(), blocked.narrowed), ("env:NARROW", true));
    assert!(!p.may_flow([wide], &open).unwrap_err().narrowed);
}

#[test]
fn several_flows_of_one_source_add_up() {
    let p = policy(
        "[network]\nlocal_only_hosts = [\"a.example\", \"b.example\", \"c.example\"]\n[environment]\nlocal_only_vars = [\"T\"]\n\
         [[flow]]\nfrom = \"env:T\"\nto = [\"host:a.example\"]\n[[flow]]\nfrom = \"env:T\"\nto = [\"host:b.example\"]\n",
    );
    let t = source(&p, "T");
    for (host, open) in [("a", true), ("b", true), ("c", false)] {
        assert_eq!(p.may_flow([t], &post(&p, &format!("https://{host}.example/"))).is_ok(), open, "{host}");
    }
}

#[test]
fn two_secrets_of_the_preset_share_no_sink_by_accident() {
    let p = policy(
        "inherits = \"secure-defaults\"\n[network]\nlocal_only_hosts = [\"a.example\"]\n[environment]\nallow_vars = [\"*\"]\n\
         [[flow]]\nfrom = \"env:OPENAI_API_KEY\"\nto = [\"host:a.example\"]\n",
    );
    let sink = post(&p, "https://a.example/");
    assert!(p.may_flow([source(&p, "OPENAI_API_KEY")], &sink).is_ok());
    assert!(p.may_flow([source(&p, "NPM_TOKEN")], &sink).is_err());
}

#[test]
fn hosts_and_addresses() {
    let p = policy(
        "requires_approval = [\"net.http_post ask.example\"]\n[network]\nhttp_post_allow = [\"*.example\", \"ask.example\"]\n\
         deny_hosts = [\"bad.example\"]\nallow_ips = [\"127.0.0.1\"]\ndeny_ips = [\"93.184.0.0/16\"]\n",
    );
    for (url, expected) in [
        ("https://x.example/", Allow),
        ("https://bad.example/", Deny),
        ("https://BAD.example./", Deny),
        ("https://ask.example/", Ask),
        ("https://example/", Deny),
        ("https://x.example:8443/", Deny),
    ] {
        assert_eq!(post(&p, url).verdict(), expected, "{url}");
    }
    for (ip, expected) in [
        ("1.1.1.1", Allow),
        ("127.0.0.1", Allow),
        ("127.0.0.2", Deny),
        ("10.0.0.1", Deny),
        ("169.254.169.254", Deny),
        ("93.184.1.1", Deny),
        ("::ffff:10.0.0.1", Deny),
        ("64:ff9b::a00:1", Deny),
        ("2606:4700::1111", Allow),
    ] {
        assert_eq!(p.decide(&Access::Address { ip: ip.parse().unwrap() }).verdict(), expected, "{ip}");
    }
}

#[test]
fn a_local_only_file_among_the_arguments_clears_no_flow() {
    let p = policy(
        "[filesystem]\nlocal_only_read = [\"vault/**\"]\nlocal_only_write = [\"vault/**\"]\n[environment]\nlocal_only_vars = [\"TOKEN\"]\n\
         [subprocess]\nlocal_only_commands = [\"send\"]\n[[flow]]\nfrom = \"env:TOKEN\"\nto = [\"file:vault/**\"]\n",
    );
    let argv = ["send", "./vault/x"].map(String::from);
    let decision = p.decide(&Access::Exec(&ExecRequest::parse(&argv, Path::new("/p"))));
    assert_eq!((decision.verdict(), decision.visibility()), (Allow, Visibility::LocalOnly));
    assert_eq!(decision.read_atoms().len(), 1, "the file labels what comes out");
    assert!(p.may_flow([source(&p, "TOKEN")], &decision).is_err(), "the token may go into that file, not to the command");
}

const DECLASSIFY: &str = "[environment]\nlocal_only_vars = [\"COUNT\", \"LEVEL\", \"*_KEY\"]\n[[declassify]]\nfrom = \"env:COUNT\"\nreason = \"how many\"\nmax_bytes = 9\nshape = \"int\"\n";

fn declassify(policy: &Policy, source: &str, reason: &str) -> Decision {
    policy.decide(&Access::Declassify { source, reason })
}

#[test]
fn a_declassification_is_meant_by_its_very_source_and_reason() {
    let p = policy(DECLASSIFY);
    assert_eq!(declassify(&p, "env:COUNT", "how many").verdict(), Allow);
    for (source, reason) in [
        ("env:COUNT", "how many "),
        ("env:COUNT", ""),
        ("env:LEVEL", "how many"),
        ("env:COUN", "how many"),
        ("COUNT", "how many"),
        ("unknown", "how many"),
    ] {
        let decision = declassify(&p, source, reason);
        assert_eq!(decision.verdict(), Deny, "{source} {reason}");
        assert_eq!(*decision.reason(), Reason::NoRule { list: "[[declassify]]" });
    }
    assert!(p.declassification("env:COUNT", "how many").is_some_and(|d| d.max_bytes == 9 && d.shape.name() == "int"));
    assert!(p.declassification("env:COUNT", "why").is_none());
    assert!(policy("[environment]\nlocal_only_vars = [\"COUNT\"]\n").declassification("env:COUNT", "how many").is_none());
}

#[test]
fn a_declassification_can_need_approval() {
    for (asks, expected) in
        [("declassify", Ask), ("declassify env:COUNT", Ask), ("declassify env:C*", Ask), ("declassify env:LEVEL", Allow)]
    {
        let p = policy(&format!("requires_approval = [\"{asks}\"]\n{DECLASSIFY}"));
        assert_eq!(declassify(&p, "env:COUNT", "how many").verdict(), expected, "{asks}");
        assert_eq!(declassify(&p, "env:LEVEL", "how many").verdict(), Deny, "{asks}");
    }
}

#[test]
fn a_declassification_that_means_nothing_or_two_things_is_refused() {
    let entry =
        |from: &str, shape: &str| format!("[[declassify]]\nfrom = \"{from}\"\nreason = \"how many\"\nmax_bytes = 9\nshape = {shape}\n");
    let load = |text: String| {
        let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
        Policy::from_text("p.toml", &text, Path::new("/p"), &finder, &Surroundings::default()).err().map(|e| e.to_string())
    };
    for (more, wrong) in [
        (entry("env:COUNT", "\"bool\""), "a second [[declassify]] from \"env:COUNT\""),
        (entry("env:A_KEY", "\"int\""), "names no local-only rule"),
        (entry("env:LEVEL", "\"regex\"\nregex = \"(\""), "[declassify].regex"),
        (entry("env:LEVEL", "\"regex\"\nregex = \"a)|(b\""), "[declassify].regex"),
    ] {
        let error = load(format!("{DECLASSIFY}{more}")).unwrap_or_default();
        assert!(error.contains(wrong), "{more}: {error}");
    }
    assert_eq!(load(format!("{DECLASSIFY}{}", entry("env:*_KEY", "\"text\""))), None);
}

#[test]
fn a_projects_policy_takes_declassification_away() {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("aegis.toml");
    std::fs::write(&path, "version = 1\n[environment]\nlocal_only_vars = [\"COUNT\"]\n").unwrap();
    let project = match Policy::for_project(&path, &finder, &Surroundings::default(), |_, _| false).unwrap() {
        aegis_policy::ProjectPolicy::Untrusted(project) => project,
        aegis_policy::ProjectPolicy::Trusted(_) => panic!("nobody trusted it"),
    };
    let both = policy(DECLASSIFY).tightened_by(project, &finder, &Surroundings::default()).unwrap();
    assert_eq!(declassify(&both, "env:COUNT", "how many").verdict(), Deny);
}

#[test]
fn sources_that_no_flow_keeps_apart_are_named() {
    let vars = "[environment]\nlocal_only_vars = [\"A\", \"B\"]\n";
    let host = "[network]\nlocal_only_hosts = [\"api.example.com\"]\n";
    let flow = |from: &str| format!("[[flow]]\nfrom = \"{from}\"\nto = \"host:api.example.com\"\n");
    assert_eq!(policy(vars).shared_sinks(), None, "nowhere to meet");
    assert_eq!(policy(host).shared_sinks(), None, "what comes from a place may go back there");
    let one = "[environment]\nlocal_only_vars = [\"A\"]\n";
    assert_eq!(policy(&format!("{one}{host}")).shared_sinks(), None);
    assert_eq!(
        policy(&format!("{vars}{host}")).shared_sinks().as_deref(),
        Some("env:A, env:B, host:api.example.com may meet at host:api.example.com; a [[flow]] for each says where it may go")
    );
    assert_eq!(policy(&format!("{vars}{host}{}", flow("env:A"))).shared_sinks(), None);
    let files = "[filesystem]\nlocal_only_read = [\"a/**\", \"b/**\", \"c/**\"]\nlocal_only_write = [\"d/**\"]\n";
    assert_eq!(
        policy(&format!("{files}{one}{host}")).shared_sinks().as_deref(),
        Some(
            "env:A, file:a/**, file:b/** and 3 more may meet at host:api.example.com, file:d/**; a [[flow]] for each says where it may go"
        )
    );
}
