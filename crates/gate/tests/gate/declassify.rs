//! `declassify`: the one way in which something labelled becomes public.

use aegis_effect::{Derived, Effect, EffectError, ErrorCode, Outcome, Part, Payload};
use aegis_gate::ApprovalAnswer::{No, Once};

use crate::world::{SECRET, World, code, policy, tells};

const POLICY: &str = r#"
[filesystem]
local_only_read = ["keys/**"]
[environment]
local_only_vars = ["COUNT", "FLAG", "LEVEL", "NAME", "TOKEN", "UNSET"]

[[declassify]]
from = "env:COUNT"
reason = "how many"
max_bytes = 4
shape = "int"

[[declassify]]
from = "env:UNSET"
reason = "how many"
max_bytes = 4
shape = "int"

[[declassify]]
from = "env:FLAG"
reason = "whether it is on"
max_bytes = 100
shape = "bool"

[[declassify]]
from = "env:LEVEL"
reason = "which level"
max_bytes = 100
shape = "one-of"
one_of = ["low", "high"]

[[declassify]]
from = "env:NAME"
reason = "its name"
max_bytes = 100
shape = "regex"
regex = "[a-z]+"
"#;

fn declassify(value: Payload, reason: &str) -> Effect {
    Effect::Declassify { value, reason: reason.into() }
}

fn of(w: &mut World, name: &str, reason: &str) -> Result<Outcome, EffectError> {
    let secret = w.secret(name);
    w.perform(declassify(secret, reason))
}

fn message(answer: Result<Outcome, EffectError>) -> String {
    answer.unwrap_err().message
}

#[test]
fn each_shape_lets_its_values_through_and_is_journalled() {
    let mut w = policy(POLICY).var("COUNT", "-12").var("FLAG", "True").var("LEVEL", "high").var("NAME", "mia").open();
    assert_eq!(of(&mut w, "COUNT", "how many"), Ok(Outcome::Int("-12".into())));
    let record = w.last();
    assert_eq!(record["kind"], "declassified");
    assert_eq!(record["labels"], serde_json::json!(["env:COUNT"]));
    assert_eq!((&record["reason"], &record["shape"], &record["bytes"]), (&"how many".into(), &"int".into(), &3.into()));
    assert!(record["rule"].as_str().unwrap().starts_with("policy.toml:"), "{record}");
    assert_eq!(of(&mut w, "FLAG", "whether it is on"), Ok(Outcome::Bool(true)));
    assert_eq!(of(&mut w, "LEVEL", "which level"), Ok(Outcome::Text("high".into())));
    assert_eq!(of(&mut w, "NAME", "its name"), Ok(Outcome::Text("mia".into())));
    w.assert_intact();
}

#[test]
fn what_is_not_of_the_shape_ends_the_run_and_is_not_told() {
    for (name, value, reason) in [
        ("COUNT", SECRET, "how many"),
        ("COUNT", "007", "how many"),
        ("COUNT", "1\n", "how many"),
        ("FLAG", "true", "whether it is on"),
        ("LEVEL", "middle", "which level"),
        ("NAME", "mia1", "its name"),
        ("NAME", "", "its name"),
    ] {
        let mut w = policy(POLICY).var(name, value).open();
        let error = of(&mut w, name, reason).unwrap_err();
        assert_eq!(error.code, ErrorCode::FlowDenied, "{name} {value}");
        assert!(!error.code.is_catchable() && error.message.contains("shape"), "{error}");
        assert!(!tells(&w.journal_text(), SECRET));
        assert_eq!(w.last()["kind"], "denied");
    }
    // what is not there is no different from what is wrong
    let mut w = policy(POLICY).var("COUNT", SECRET).open();
    assert_eq!(message(of(&mut w, "COUNT", "how many")), message(of(&mut w, "UNSET", "how many")));
}

#[test]
fn a_rule_is_meant_by_source_and_reason() {
    let mut w = policy(POLICY).var("COUNT", "1").var("TOKEN", SECRET).file("keys/a", "1").open();
    let error = of(&mut w, "TOKEN", "how many").unwrap_err();
    assert_eq!(error.code, ErrorCode::PolicyDenied);
    assert!(error.message.contains("env:TOKEN") && error.suggestion.unwrap().contains("from = \"env:TOKEN\""), "{}", error.message);
    let error = of(&mut w, "COUNT", "because").unwrap_err();
    assert!(error.suggestion.unwrap().contains("\"how many\""), "{}", error.message);
    let file = w.labelled(Effect::FsRead { path: "keys/a".into() }).handle;
    assert_eq!(code(&w.perform(declassify(Payload::labelled(file), "how many"))), Some(ErrorCode::PolicyDenied));
    // every source of a value needs one
    let mut both = w.secret("COUNT");
    both.push(w.secret("TOKEN").parts()[0].clone());
    assert_eq!(code(&w.perform(declassify(both, "how many"))), Some(ErrorCode::PolicyDenied));
    // what a worker computed depends on what it says, which is no less than on what it names
    let token = w.labelled(Effect::EnvRead { name: "TOKEN".into(), default: None }).label;
    let mut derived = Payload::empty();
    derived.push(Part::Derived(Derived { bytes: b"1".to_vec(), label: token }));
    assert_eq!(code(&w.perform(declassify(derived, "how many"))), Some(ErrorCode::PolicyDenied));
    assert!(!tells(&w.journal_text(), SECRET));
}

#[test]
fn after_a_branch_nothing_becomes_public() {
    let mut w = policy(POLICY).var("COUNT", "1").var("TOKEN", SECRET).open();
    let secret = w.secret("COUNT");
    let token = w.labelled(Effect::EnvRead { name: "TOKEN".into(), default: None }).label;
    let answer = w.perform_raised(declassify(secret, "how many"), &token);
    assert_eq!(code(&answer), Some(ErrorCode::FlowDenied));
    assert!(!w.journal_text().contains("declassified"));
}

#[test]
fn a_day_has_so_many_bytes_for_all_runs_and_a_no_costs_one() {
    let mut w = policy(POLICY).var("COUNT", "12").open();
    assert_eq!(of(&mut w, "COUNT", "how many"), Ok(Outcome::Int("12".into())));
    let state = w.top.join("state/declassified");
    let day = |text: &str| text.split(' ').next().unwrap().parse::<u64>().unwrap();
    let text = std::fs::read_to_string(&state).unwrap();
    assert!(text.ends_with(" 2 env:COUNT\n"), "{text}");

    // another run goes on where this one ended; wrong shape costs one byte, of which one is left then
    std::fs::write(&state, format!("{0} 2 env:COUNT\n{0} 9 env:OTHER\n", day(&text))).unwrap();
    assert_eq!(of(&mut w, "COUNT", "how many"), Ok(Outcome::Int("12".into())));
    let used_up = of(&mut w, "COUNT", "how many").unwrap_err();
    assert_eq!(used_up.code, ErrorCode::FlowDenied);
    assert!(used_up.message.contains("used up"), "{used_up}");
    assert!(std::fs::read_to_string(&state).unwrap().lines().count() == 3, "what is used up costs nothing more");

    std::fs::write(&state, format!("{} 3 env:COUNT\n", day(&text))).unwrap();
    let long = of(&mut w, "COUNT", "how many").unwrap_err();
    assert!(long.message.contains("longer than what is left"), "{long}");
    assert!(of(&mut w, "COUNT", "how many").unwrap_err().message.contains("used up"), "and that was one bit: it cost a byte");

    // yesterday does not count; a clock that was set back does not help
    std::fs::write(&state, format!("{} 4 env:COUNT\n", day(&text) - 1)).unwrap();
    assert_eq!(of(&mut w, "COUNT", "how many"), Ok(Outcome::Int("12".into())));
    assert_eq!(std::fs::read_to_string(&state).unwrap().lines().count(), 1, "begun anew");
    std::fs::write(&state, format!("{} 4 env:COUNT\n", day(&text) + 1)).unwrap();
    assert!(of(&mut w, "COUNT", "how many").unwrap_err().message.contains("used up"));
}

#[test]
fn a_damaged_or_unwritable_count_lets_nothing_through() {
    let mut w = policy(POLICY).var("COUNT", "1").open();
    let state = w.top.join("state/declassified");
    std::fs::create_dir_all(state.parent().unwrap()).unwrap();
    for text in ["1 2 env:COUNT", "x 2 env:COUNT\n", "1 -2 env:COUNT\n", "\n", "1 2\n"] {
        std::fs::write(&state, text).unwrap();
        assert_eq!(code(&of(&mut w, "COUNT", "how many")), Some(ErrorCode::FlowDenied), "{text:?}");
    }
    std::fs::remove_file(&state).unwrap();
    std::os::unix::fs::symlink("elsewhere", &state).unwrap();
    assert_eq!(code(&of(&mut w, "COUNT", "how many")), Some(ErrorCode::FlowDenied));
    assert!(!w.top.join("state/elsewhere").exists(), "a link is not followed");
    std::fs::remove_file(&state).unwrap();
    std::fs::create_dir(&state).unwrap();
    assert_eq!(code(&of(&mut w, "COUNT", "how many")), Some(ErrorCode::FlowDenied));
}

#[test]
fn a_person_can_be_asked_before_anything_is_looked_at() {
    for asks in ["declassify", "declassify env:COUNT", "declassify env:*"] {
        let text = format!("requires_approval = [\"{asks}\"]\n{POLICY}");
        let (b, shown) = policy(&text).var("COUNT", "1").var("FLAG", "no bool").answers(&[No, Once]);
        let mut w = b.open();
        assert_eq!(code(&of(&mut w, "COUNT", "how many")), Some(ErrorCode::ApprovalDenied), "{asks}");
        assert!(!w.top.join("state/declassified").exists(), "nothing was looked at, nothing is used");
        assert_eq!(of(&mut w, "COUNT", "how many"), Ok(Outcome::Int("1".into())));
        let request = &shown.lock().unwrap()[0];
        assert_eq!((request.call, request.target.as_str()), ("declassify", "env:COUNT"));
        assert_eq!(request.content.as_deref(), Some("\"how many\""));
    }
    let (b, shown) = policy(&format!("requires_approval = [\"declassify env:FLAG\"]\n{POLICY}")).var("COUNT", "1").answers(&[]);
    let mut w = b.open();
    of(&mut w, "COUNT", "how many").unwrap();
    assert!(shown.lock().unwrap().is_empty());
}

#[test]
fn two_runs_at_once_do_not_use_a_byte_twice() {
    let text = POLICY.replace("max_bytes = 4", "max_bytes = 50");
    let state = tempfile::tempdir().unwrap();
    let count = || {
        let mut w = policy(&text).var("COUNT", "1").counts_at(&state.path().join("declassified")).open();
        (0..40).filter(|_| of(&mut w, "COUNT", "how many").is_ok()).count()
    };
    let released: usize = std::thread::scope(|scope| {
        let runs = [scope.spawn(count), scope.spawn(count)];
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert_eq!(released, 50);
}

#[test]
fn what_is_public_already_comes_back() {
    let mut w = policy(POLICY).open();
    assert_eq!(w.perform(declassify("x".into(), "any")), Ok(Outcome::Text("x".into())));
}
