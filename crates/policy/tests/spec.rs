//! `docs/reference/policy-spec.md` is true: each row of its tables of vectors is asked of this implementation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;

use aegis_policy::{Decision, ExecRequest, Finder, Policy, Question, Surroundings, classify};
use sha2::{Digest, Sha256};

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/policy-spec.md");
const BASE: &str = "/project";

/// The cells of the table behind `<!-- vectors: name -->`, without its head. A cell in backquotes is what stands between them, and in it
/// `\|` is `|`.
fn vectors(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(SPEC).unwrap();
    let (_, rest) = text.split_once(&format!("<!-- vectors: {name} -->\n")).unwrap_or_else(|| panic!("no vectors `{name}`"));
    let rows = rest.lines().skip_while(|line| line.is_empty()).take_while(|line| line.starts_with('|')).skip(2);
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(rows.len() >= 4, "few vectors in `{name}`");
    rows
}

fn cells(row: &str) -> Vec<String> {
    let inner = row.trim().trim_start_matches('|').strip_suffix('|').unwrap().replace("\\|", "\u{1}");
    inner.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|")).collect()
}

/// The fenced block behind `<!-- policy: name -->`.
fn policy_text(name: &str) -> String {
    let text = fs::read_to_string(SPEC).unwrap();
    let (_, rest) = text.split_once(&format!("<!-- policy: {name} -->\n")).unwrap_or_else(|| panic!("no policy `{name}`"));
    let (_, rest) = rest.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn finder() -> Finder {
    Finder::of_this_user().with_home(Path::new("/home/u"))
}

fn load(text: &str) -> Result<Policy, aegis_policy::LoadError> {
    Policy::from_text("aegis.toml", text, Path::new(BASE), &finder(), &Surroundings::default())
}

fn decide(policy: &Policy, access: &str) -> Decision {
    let words: Vec<String> = access.split(' ').map(str::to_owned).collect();
    policy.decide(&Question::parse(&words, Path::new(BASE)).unwrap().access())
}

/// `[section].key` with one entry, beside lists that grant everything of the kind where the list closes.
fn with_entry(list: &str, pattern: &str) -> String {
    let entry = format!("[{}]", serde_json::Value::from(pattern));
    match list {
        "deny" => format!("[filesystem]\nread_allow = [\"/**\"]\ndeny = {entry}\n"),
        "read_allow" => format!("[filesystem]\nread_allow = {entry}\n"),
        "delete_allow" => format!("[filesystem]\ndelete_allow = {entry}\n"),
        "http_get_allow" => format!("[network]\nhttp_get_allow = {entry}\n"),
        "deny_hosts" => format!("[network]\nhttp_get_allow = [\"*\", \"*:8443\"]\ndeny_hosts = {entry}\n"),
        "allow_commands" => {
            format!("[filesystem]\nread_allow = [\"/**\"]\nwrite_allow = [\"/project/src/**\"]\n[subprocess]\nallow_commands = {entry}\n")
        }
        "deny_commands" | "ask_commands" => {
            let program = pattern.split(' ').next().unwrap();
            let all = "[\"git\", \"env\", \"xargs\", \"sort\", \"tool\", \"find\", \"rm\", \"/usr/bin/rm\", \"nice\"]";
            assert!(all.contains(program));
            format!("[filesystem]\nread_allow = [\"/**\"]\n[subprocess]\nallow_commands = {all}\n{list} = {entry}\n")
        }
        "deny_args" => {
            let (program, words) = pattern.split_once(' ').unwrap();
            format!(
                "[filesystem]\nread_allow = [\"/**\"]\n[subprocess]\nallow_commands = [\"{program}\"]\ndeny_args = {{ {program} = [{}] }}\n",
                serde_json::Value::from(words)
            )
        }
        "allow_vars" => format!("[environment]\nallow_vars = {entry}\n"),
        "deny_vars" => format!("[environment]\nallow_vars = [\"*\"]\ndeny_vars = {entry}\n"),
        other => panic!("no such list: {other}"),
    }
}

fn patterns(table: &str) {
    for row in vectors(table) {
        let [list, pattern, access, verdict] = row.as_slice() else { panic!("{row:?}") };
        let policy = load(&with_entry(list, pattern)).unwrap_or_else(|e| panic!("{row:?}: {e}"));
        let decision = decide(&policy, access);
        assert_eq!(decision.verdict().to_string(), *verdict, "{row:?}: {:?}", decision.reason());
    }
}

#[test]
fn paths() {
    patterns("paths");
}

#[test]
fn hosts() {
    patterns("hosts");
}

#[test]
fn commands() {
    patterns("commands");
}

#[test]
fn variables() {
    patterns("variables");
}

#[test]
fn refused_patterns() {
    for row in vectors("refused") {
        let [list, pattern] = row.as_slice() else { panic!("{row:?}") };
        assert!(load(&with_entry(list, pattern)).is_err(), "{row:?}");
    }
}

#[test]
fn order_of_decision() {
    let policy = load(&policy_text("order")).unwrap();
    for row in vectors("order") {
        let [access, verdict, visibility, line, _why] = row.as_slice() else { panic!("{row:?}") };
        let decision = decide(&policy, access);
        assert_eq!(decision.verdict().to_string(), *verdict, "{row:?}: {:?}", decision.reason());
        let shown = serde_json::to_value(decision.visibility()).unwrap();
        assert_eq!(shown.as_str().unwrap(), visibility, "{row:?}");
        let rule = decision.rule().filter(|r| r.line() > 0).map_or_else(|| "-".to_owned(), |r| r.line().to_string());
        assert_eq!(rule, *line, "{row:?}: {:?}", decision.reason());
    }
}

#[test]
fn addresses() {
    for row in vectors("addresses") {
        let [address, class] = row.as_slice() else { panic!("{row:?}") };
        assert_eq!(classify(address.parse().unwrap()).name(), class, "{row:?}");
    }
}

#[test]
fn normalised_commands() {
    for row in vectors("normalised") {
        let [argv, normalised] = row.as_slice() else { panic!("{row:?}") };
        let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
        assert_eq!(ExecRequest::parse(&argv, Path::new(BASE)).normalised().join(" "), *normalised, "{row:?}");
    }
}

#[test]
fn merging_of_values() {
    for row in vectors("merging") {
        let [section, inherited, own, result] = row.as_slice() else { panic!("{row:?}") };
        let (key, wanted) = result.split_once(" = ").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: String| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        put("team.toml", format!("{section}\n{}\n", inherited.replace("; ", "\n")));
        let own = put("aegis.toml", format!("inherits = \"./team.toml\"\n{section}\n{}\n", own.replace("; ", "\n")));
        let policy = Policy::load(&own, &finder(), &Surroundings::default()).unwrap_or_else(|e| panic!("{row:?}: {e}"));
        let settings = policy.settings();
        let found = match key {
            "max_steps" => settings.limits.max_steps.to_string(),
            "timeout_seconds" => settings.limits.net_timeout.as_secs().to_string(),
            "confine" => format!("{:?}", settings.confine).to_lowercase(),
            "durability" => format!("{:?}", settings.durability).to_lowercase(),
            "path" => settings.audit_path.as_ref().unwrap().display().to_string(),
            "deny_vars" => policy
                .rules()
                .filter(|r| r.list() == "[environment].deny_vars")
                .map(aegis_policy::Rule::pattern)
                .collect::<Vec<_>>()
                .join(" "),
            "reported" => policy.weakened().len().to_string(),
            other => panic!("no such key: {other}"),
        };
        assert_eq!(found, wanted.trim_matches('"'), "{row:?}");
    }
}

/// By the definition in the document, over two files and a preset.
#[test]
fn trust_hash() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().canonicalize().unwrap();
    let own = "inherits = [\"./team.toml\", \"no-network\"]\n";
    let team = "name = \"team\"\n";
    fs::write(at.join("aegis.toml"), own).unwrap();
    fs::write(at.join("team.toml"), team).unwrap();
    let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut text = "aegis trust 1\n".to_owned();
    for (label, bytes) in [
        (format!("file:{}", at.join("aegis.toml").display()), own),
        (format!("file:{}", at.join("team.toml").display()), team),
        ("preset:no-network".to_owned(), aegis_policy::preset_text("no-network").unwrap()),
    ] {
        text.push_str(&format!("{label}\0{}\n", hex(bytes.as_bytes())));
    }
    let policy = Policy::load(&at.join("aegis.toml"), &finder(), &Surroundings::default()).unwrap();
    assert_eq!(policy.trust_hash(), hex(text.as_bytes()));
}
