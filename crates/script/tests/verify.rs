//! What the verifier finds, and what it leaves alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use aegis_script::{Finding, RunOptions, Runner, Severity, Source, Status, findings_json, findings_sarif};
use support::{Rules, run_with};

fn findings(text: &str) -> Vec<Finding> {
    let report = Runner::in_process().check(&Source::new("t.star", text), &RunOptions::default(), &Rules);
    assert_eq!(report.error, None, "{text}");
    report.findings
}

/// Findings as `error code line:column`.
fn short(text: &str) -> Vec<String> {
    findings(text)
        .iter()
        .map(|f| format!("{} {} {}:{}", if f.severity == Severity::Error { "error" } else { "warning" }, f.code, f.line, f.column))
        .collect()
}

#[test]
fn findings_are_certain_or_warnings() {
    for (text, expected) in [
        // Capabilities without any rule, called or not, by any name.
        ("fs.delete(\"x\")", &["error capability 1:1"][..]),
        ("if args.x:\n    fs.delete(\"x\")", &["error capability 2:5"]),
        ("f = fs.delete\nf(\"x\")", &["error capability 1:5", "error capability 2:1"]),
        ("d = fs\nd.delete(\"x\")", &["error capability 2:1"]),
        ("getattr(fs, \"delete\")(\"x\")", &["error capability 1:1"]),
        ("x = getattr(fs, \"del\" + \"ete\")", &["error capability 1:5"]),
        ("x = [fs.delete]", &["error capability 1:6"]),
        ("fs = struct(delete=print)\nfs.delete(\"x\")", &[]),
        ("def f(fs):\n    fs.delete(\"x\")", &[]),
        ("print(\"fs.delete\") # fs.delete", &[]),
        ("fs.delete(\"/denied/x\")", &["error capability 1:1"]),
        // Denied literals.
        ("fs.read(\"/denied/x\")", &["error denied 1:1"]),
        ("fs.read(path=\"/denied/x\")", &["error denied 1:1"]),
        ("fs.read(\"/den\" + \"ied/x\")", &["error denied 1:1"]),
        ("P = \"/denied/x\"\nfs.read(P)", &["error denied 2:1"]),
        ("P = \"/denied/x\"\nP = \"y\"\nfs.read(P)", &[]),
        ("x = 1 + len(fs.read(\"/denied/x\"))", &["error denied 1:13"]),
        ("if args.x:\n    fs.read(\"/denied/x\")", &["warning denied 2:5"]),
        ("for i in []:\n    fs.read(\"/denied/x\")", &["warning denied 2:5"]),
        ("def f():\n    fs.read(\"/denied/x\")", &["warning denied 2:5"]),
        ("x = lambda: fs.read(\"/denied/x\")", &["warning denied 1:13"]),
        ("x = [fs.read(\"/denied/x\") for i in []]", &["warning denied 1:6"]),
        ("x = args.x and fs.read(\"/denied/x\")", &["warning denied 1:16"]),
        ("x = fs.read(\"/denied/x\") if args.x else 1", &["warning denied 1:5"]),
        ("x = try_(fs.read, \"/denied/x\")", &["warning denied 1:5"]),
        ("g = fs.write\ng(\"/denied/x\", \"\")", &["error denied 2:1"]),
        ("env.read(\"AWS_SECRET\")", &["error denied 1:1"]),
        ("subprocess.run([\"rm\", \"-r\"])", &["error denied 1:1"]),
        ("net.http_get(\"http://evil/\")", &["error denied 1:1"]),
        ("net.request(\"POST\", \"http://evil/\")", &["error denied 1:1"]),
        ("fs.read(args.p)\nsubprocess.run([\"rm\", args.p])", &[]),
        // Names and members.
        ("print(fo)\nfoo = 1", &["error unknown_name 1:7"]),
        ("def f():\n    return nope", &["error unknown_name 2:12"]),
        ("x = [i for i in [1]]\nprint(i)", &["error unknown_name 2:7"]),
        ("f\"{nope}\"", &["error unknown_name 1:4"]),
        ("fs.raed(\"x\")", &["error unknown_member 1:1"]),
        ("def f():\n    fs.raed(\"x\")", &["warning unknown_member 2:5"]),
        ("getattr(fs, \"raed\")", &["error unknown_member 1:1"]),
        // Arity and types.
        ("fs.read()", &["error type 1:1"]),
        ("fs.read(1)", &["error type 1:9"]),
        ("fs.read(\"a\", \"b\")", &["error type 1:14"]),
        ("fs.read(\"a\", pth=\"b\")", &["error type 1:14"]),
        ("x = fs.read(1)", &["error type 1:13"]),
        ("fs.read(\"a\").uper()", &["error type 1:14"]),
        ("x = 1 + \"a\"", &["error type 1:5"]),
        ("x = 1\nfs.read(x)", &["warning type 2:9"]),
        ("d = {\"a\": 1}\nd.setdefault(\"b\", \"x\")\nfs.read(d[\"b\"])", &["warning type 3:9"]),
        ("print(1.0 == 1, (1,) == [1], \"a\" == 1, 1 in [\"a\"])", &[]),
        ("def f():\n    fs.read(1)", &["warning type 2:13"]),
        ("if args.x:\n    fs.read(1)", &["warning type 2:13"]),
        ("load(\"//lib.star\",\n    \"f\")\nf(1)\nfs.read(1)", &["error type 4:9"]),
        // Ordinary scripts.
        ("x = None\nfor i in range(3):\n    x = i if x == None else x + i\nprint(x)\nresult = {\"x\": x}", &[]),
        (
            "r = net.request(\"GET\", \"http://h/\", headers={\"a\": \"b\"})\nif r.status == 200:\n    for k, v in r.json().items():\n        print(k, v)",
            &[],
        ),
        ("def main(a, b=1, *c, **d):\n    return [a, b, c, d]\nmain(1)\nmain(1, 2, 3, e=4)", &[]),
        ("for line in fs.read(\"a\").splitlines():\n    k, _, v = line.partition(\"=\")\n    fs.append(\"b\", f\"{k}:{v}\\n\")", &[]),
        ("t = env.read(\"T\", default=None)\nnet.http_post(\"http://h/\", json={\"a\": t}, headers={\"A\": t})", &[]),
        ("r = subprocess.run([\"git\", \"log\"], cwd=\"x\", timeout=5)\nprint(r.exit_code, r.stdout.strip())", &[]),
        (
            "m = re.match(\"a(b)\", \"ab\")\nif m:\n    print(m[1])\nprint(json.decode(\"{}\").get(\"a\"), time.now() - 1, hash.sha256(b\"a\"))",
            &[],
        ),
        ("s = fs.stat(\"a\")\nprint(s.size + 1, s.kind)\nt = try_(fs.read, \"a\")\nif not t.ok:\n    print(t.error.code)", &[]),
    ] {
        assert_eq!(short(text), expected, "{text}\n{:#?}", findings(text));
    }
}

#[test]
fn an_error_keeps_the_script_from_running() {
    for (text, status, kind) in [
        ("print(1)\nfs.delete(\"x\")", Status::Refused, "refused"),
        ("print(1)\nif args:\n    fs.delete(\"x\")", Status::Refused, "refused"),
        ("print(1)\nfs.read(\"/denied/x\")", Status::Refused, "refused"),
        ("print(1)\nif hasattr(args, \"x\"):\n    fs.read(\"/denied/x\")", Status::Ok, ""),
    ] {
        for (which, mut runner) in support::runners() {
            let ran = run_with(&mut runner, text, &RunOptions::default(), &Rules);
            assert_eq!(ran.report.status, status, "{which}: {text}: {}", ran.error());
            assert_eq!(ran.report.error.as_ref().map_or("", |e| e.kind.as_str()), kind);
            assert_eq!(ran.output, if status == Status::Ok { "1\n" } else { "" });
            assert!(ran.world.asked.is_empty());
            assert!(!ran.report.findings.is_empty());
        }
    }
}

#[test]
fn python_habits_are_told_what_to_write() {
    for (text, hint) in [
        ("import os", "load("),
        ("from os import path", "load("),
        ("while True:\n    pass", "for _ in range"),
        ("x = 1\ntry:\n    pass\nexcept:\n    pass", "try_("),
        ("class A:\n    pass", "struct("),
        ("with open(\"a\") as f:\n    pass", "fs.read"),
        ("raise ValueError(\"x\")", "fail("),
        ("assert 1 == 1", "fail("),
        ("del x[1]", "pop"),
        ("x = 2 ** 3", "multiply"),
        ("if x is None:\n    pass", "=="),
        ("f = open(\"a\")", "fs.read"),
        ("os.listdir(\".\")", "fs.list"),
        ("requests.get(\"http://h/\")", "net.http_get"),
        ("subprocess.Popen([\"a\"])", "subprocess.run"),
        ("x = json.dumps({})", "json.encode"),
        ("print(sys.argv)", "args"),
        ("isinstance(1, int)", "type("),
        ("fs.raed(\"x\")", "did you mean fs.read?"),
        ("conut = 1\nprint(count)", "did you mean conut?"),
    ] {
        let found = findings(text);
        let first = found.iter().find(|f| f.suggestion.is_some()).unwrap_or_else(|| panic!("{text}: {found:#?}"));
        let suggestion = first.suggestion.as_ref().unwrap();
        assert!(suggestion.contains(hint), "{text}: {suggestion}");
        assert!(!suggestion.contains('\n'));
        // A run says the same.
        let ran = run_with(&mut Runner::in_process(), text, &RunOptions::default(), &Rules);
        assert!(
            ran.hint().contains(hint) || ran.report.findings.iter().any(|f| f.suggestion.as_ref().is_some_and(|s| s.contains(hint))),
            "{text}"
        );
        assert_ne!(ran.report.status, Status::Ok);
    }
}

#[test]
fn syntax_errors_are_findings_with_a_place() {
    assert_eq!(short("x = 1\ny = (\n"), ["error syntax 3:1"].map(str::to_owned).to_vec(), "{:#?}", findings("x = 1\ny = (\n"));
    let ran = run_with(&mut Runner::in_process(), "print(1)\nx = = 2", &RunOptions::default(), &Rules);
    assert_eq!(ran.report.status, Status::ScriptError);
    assert_eq!(ran.report.error.unwrap().line, 2);
    assert_eq!(ran.output, "");
}

#[test]
fn findings_are_shown_as_text_json_and_sarif() {
    let found = findings("x = 1\nfs.raed(\"ä b\")");
    assert_eq!(
        found[0].to_string(),
        "error: no such member: fs.raed [unknown_member]\n --> t.star:2:1\n  |\n2 | fs.raed(\"ä b\")\n  | ^^^^^^^\n  = did you mean fs.read?"
    );
    let json: serde_json::Value = serde_json::from_str(&findings_json("t.star", &found)).unwrap();
    assert_eq!(json["findings"][0]["code"], "unknown_member");
    assert_eq!(json["findings"][0]["line"], 2);
    let sarif: serde_json::Value = serde_json::from_str(&findings_sarif("a b/t.star", &found)).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "unknown_member");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/t.star");
    assert_eq!(place["region"]["startLine"], 2);
    assert_eq!(place["region"]["endColumn"], 8);
}
