//! `aegis run`: arguments, standard input, `--json`, the journal's place.

use crate::place::{Place, wait, wait_with};

const POLICY: &str = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out/**\", \"out\"]\n";

fn json(ended: &crate::place::Ended) -> serde_json::Value {
    assert_eq!(ended.out.lines().count(), 1, "one object: {ended:#?}");
    serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {ended:#?}"))
}

fn run_json(place: &Place, script: &str) -> serde_json::Value {
    let mut command = place.running(POLICY, script);
    command.arg("--json");
    json(&wait(command))
}

#[test]
fn json_of_a_run_that_succeeds() {
    let place = Place::new();
    let object = run_json(&place, "print(\"hi\")\nfs.write(\"out/x\", \"y\")\nresult = {\"n\": [1, True, None]}\n");
    assert_eq!(object["status"], "ok");
    assert_eq!(object["code"], 0);
    assert_eq!(object["output"], "hi\n");
    assert_eq!(object["result"], serde_json::json!({ "n": [1, true, null] }));
    assert_eq!(object["error"], serde_json::Value::Null);
    assert_eq!(object["counts"]["calls"]["fs.write"], 1);
}

#[test]
fn json_of_runs_that_fail() {
    let place = Place::new();
    let object = run_json(&place, "p = \"/etc/passwd\"\nfs.read(p)\n");
    assert_eq!((&object["status"], &object["code"]), (&"denied".into(), &2.into()));
    let error = &object["error"];
    assert_eq!(error["kind"], "policy_denied");
    assert_eq!((&error["location"]["line"], &error["location"]["column"]), (&2.into(), &1.into()));
    assert!(error["message"].as_str().unwrap().starts_with("denied: fs.read /etc/passwd"));
    assert!(error["suggestion"].as_str().unwrap().contains("read_allow"));
    let object = run_json(&place, "fs.raed(\"x\")\n");
    assert_eq!((&object["status"], &object["code"]), (&"refused".into(), &3.into()));
    assert_eq!(object["findings"][0]["line"], 1);
    let object = json(&place.aegis(&["run", "--json", "--policy", "absent.toml", "script.star"]));
    assert_eq!((&object["code"], &object["error"]["kind"]), (&5.into(), &"policy".into()));
    let object = json(&place.aegis(&["run", "--json", "--no-audit", "--policy", "policy.toml", "absent.star"]));
    assert_eq!((&object["code"], &object["error"]["kind"]), (&5.into(), &"script".into()));
}

#[test]
fn arguments() {
    let place = Place::new();
    let mut command = place.running(POLICY, "print(args.since, args.n)");
    command.args(["--arg", "since=v1.2=x", "--arg", "n=a b"]);
    wait(command).is(0, &[]).prints("v1.2=x a b\n");
    place.run(POLICY, "print(args.since)").is(1, &["script.star:1:", "way out: give it on the command line: --arg since=VALUE"]);
    for wrong in ["novalue", "1=x", "a-b=x", "=x"] {
        let ended = place.aegis(&["run", "--policy", "policy.toml", "--no-audit", "--arg", wrong, "script.star"]);
        ended.is(64, &["--arg"]);
    }
}

#[test]
fn a_script_from_standard_input() {
    let place = Place::new();
    place.file("policy.toml", POLICY);
    let mut command = place.command();
    command.args(["run", "--policy", "policy.toml", "--no-audit", "-"]);
    wait_with(command, b"print(1 + 1)\nx = 1 // 0\n").is(1, &["<stdin>:2:5: "]).prints("2\n");
}

#[test]
fn a_library_that_the_policy_lets_it_read() {
    let place = Place::new();
    place.file("lib/greet.star", "def greet(name):\n    return \"hello \" + name\n");
    place.run(POLICY, "load(\"//lib/greet.star\", \"greet\")\nprint(greet(\"you\"))").is(0, &[]).prints("hello you\n");
    place
        .run("[filesystem]\nread_allow = [\"src/**\"]\n", "load(\"//lib/greet.star\", \"greet\")\nprint(greet(\"you\"))")
        .is(2, &["lib/greet.star"])
        .prints("");
}

#[test]
fn output_comes_as_it_is_printed() {
    use std::io::Read;
    let place = Place::new();
    let policy = "[subprocess]\nallow_commands = [\"sleep\"]\n";
    let mut child = crate::place::start(place.running(policy, "print(\"first\")\nsubprocess.run([\"sleep\", \"86420\"])\n"));
    let mut first = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"first\n");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_journal_lies_where_it_was_said() {
    let place = Place::new();
    place.file("policy.toml", "[audit]\npath = \"logs/a.jsonl\"\n");
    place.file("script.star", "print(1)");
    place.aegis(&["run", "--policy", "policy.toml", "script.star"]).is(0, &[]);
    assert!(place.project.join("logs/a.jsonl").exists());
    place.file("policy.toml", "version = 1\n");
    place.aegis(&["run", "--policy", "policy.toml", "--no-audit", "script.star"]).is(0, &[]);
    assert!(!place.top().join("state").exists());
    place.aegis(&["run", "--policy", "policy.toml", "script.star"]).is(0, &[]);
    let state: Vec<_> = std::fs::read_dir(place.top().join("state/aegis")).unwrap().flatten().collect();
    assert_eq!(state.len(), 1);
    assert!(state[0].file_name().to_str().unwrap().starts_with("project-"));
    let shown = place.aegis(&["audit", "verify", state[0].path().join("audit.jsonl").to_str().unwrap()]);
    assert!(shown.is(0, &[]).out.contains("intact"), "{shown:#?}");
}

#[test]
fn output_that_cannot_be_written() {
    let place = Place::new();
    place.file("policy.toml", POLICY);
    let mut command = place.running(POLICY, "print(\"x\")\nfs.write(\"out/late\", \"y\")\n");
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let ended = command.stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!(ended.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("the output cannot be written"));
    for verb in [&["policy", "schema"][..], &["man"], &["policy", "validate", "policy.toml"], &["init", "--lang", "go", "-o", "-"]] {
        let mut command = place.command();
        command.args(verb).stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
        let ended = command.output().unwrap();
        assert_eq!(ended.status.code(), Some(5), "{verb:?}");
        assert!(String::from_utf8_lossy(&ended.stderr).contains("the output cannot be written"), "{verb:?}");
    }
}

const LOCAL: &str = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out/**\", \"out\"]\nlocal_only_write = [\"vault/**\"]\n";
const PIN: &str = "pin-4711-0815-aBcDeF";

#[test]
fn a_local_only_argument_is_a_source() {
    let place = Place::new();
    place.dir("vault");
    let run = |policy: &str, script: &str| {
        let mut command = place.running(policy, script);
        command.args(["--local-only-arg", &format!("pin={PIN}"), "--arg", "who=mia"]);
        wait(command)
    };
    run(LOCAL, "print(args.who, args.pin)\nfs.write(\"vault/x\", args.pin + \" of \" + args.who)\n").is(0, &[]).prints("mia [REDACTED]\n");
    assert_eq!(place.read("vault/x"), format!("{PIN} of mia"));
    run(LOCAL, "fs.write(\"out/x\", args.pin)\n").is(2, &["carries local-only arg:pin"]);
    assert!(!place.project.join("out/x").exists());
    run(LOCAL, "if args.pin == \"x\":\n    print(1)\n").is(7, &["branched on local-only arg:pin"]);
    let narrowed = format!("{LOCAL}[[flow]]\nfrom = \"arg:pin\"\nto = []\n");
    run(&narrowed, "fs.write(\"vault/y\", args.pin)\n").is(2, &["arg:pin", "[[flow]]"]);
    assert!(!place.project.join("vault/y").exists());
    let told = format!("{LOCAL}[[declassify]]\nfrom = \"arg:pin\"\nreason = \"its length\"\nmax_bytes = 9\nshape = \"int\"\n");
    run(&told, "print(declassify(args.pin.len(), \"its length\"))\n").is(0, &[]).prints("20\n");
    let journal = std::fs::read_to_string(&place.journal).unwrap();
    assert!(journal.contains("pin=[REDACTED]") && !journal.contains(PIN), "{journal}");

    let mut command = place.running(LOCAL, "print(1)");
    command.args(["--local-only-arg", "pin=1", "--arg", "pin=2"]);
    wait(command).is(5, &["pin is given with --arg and with --local-only-arg"]);
}

#[test]
fn a_policy_without_local_only_rules_takes_local_only_arguments() {
    let place = Place::new();
    let mut command = place.running(POLICY, "print(\"a\" == args.pin)\n");
    command.args(["--local-only-arg", &format!("pin={PIN}")]);
    wait(command).is(7, &["arg:pin"]).prints("");
}

#[test]
fn the_operator_log_has_what_is_withheld() {
    let place = Place::new();
    let log = place.project.join("operator.log");
    let run = |script: &str| {
        let mut command = place.running(LOCAL, script);
        command.args(["--operator-log", "operator.log", "--local-only-arg", &format!("pin={PIN}")]);
        wait(command)
    };
    let script = "print(\"before\")\nif args.pin.startswith(\"pin\"):\n    print(\"yes\", args.pin, args.pin.open())\nlog.info(\"near the end\")\nfail(\"at the end\")\n";
    run(script).is(7, &["output withheld", "finished (status withheld)"]).prints("before\n");
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("use compute(f, x) to keep talking\n| yes [REDACTED] [REDACTED]\n"), "{text}");
    assert!(
        text.contains("near the end") && text.contains("--- ended: script_error (exit 1): line 5: ") && text.contains("at the end"),
        "{text}"
    );
    assert!(!text.contains(PIN));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);

    // the next run is added, and no script reads or changes what is there
    run("result = 7\n").is(0, &[]);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("at the end") && text.ends_with("--- result: 7\n--- ended: ok (exit 0)\n"), "{text}");
    run("print(\"--- ended: ok\\n\\x1b[2J\")\n").is(0, &[]);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("| --- ended: ok\n| \\u{1b}[2J\n"), "no script writes the log's own lines: {text}");
    run("print(fs.read(\"operator.log\"))\n").is(3, &["operator.log"]);
    std::fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink("elsewhere", &log).unwrap();
    run("print(1)\n").is(5, &["operator.log"]).prints("");
    assert!(!place.project.join("elsewhere").exists());
}

#[test]
fn the_end_of_a_run_that_branched_comes_at_a_step() {
    let place = Place::new();
    let policy = format!("{LOCAL}[runtime]\ntiming = \"padded\"\n");
    for (script, code, padded) in [("if args.pin:\n    pass\n", 7, true), ("print(args.pin)\n", 0, false)] {
        let mut command = place.running(&policy, script);
        command.args(["--local-only-arg", "pin=x"]);
        let began = std::time::Instant::now();
        wait(command).is(code, &[]);
        assert_eq!(began.elapsed() >= std::time::Duration::from_secs(1), padded, "{:?}", began.elapsed());
    }
}
