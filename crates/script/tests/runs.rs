//! Runs on both runners, from one table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use aegis_effect::{Effect, HttpBody};
use aegis_policy::Method;
use aegis_script::{RunOptions, Status};
use support::{run, run_options, shown};

/// Scripts and what they print.
const PRINTS: &[(&str, &str)] = &[
    ("print(\"hi\")", "hi\n"),
    ("print(1, [2], sep=\"-\", end=\"!\")", "1-[2]!"),
    ("print()", "\n"),
    ("for i in range(3):\n    if i == 1:\n        continue\n    print(i)", "0\n2\n"),
    ("x = 3\nprint(f\"{x}: {x + 1} {[x]}\")", "3: 4 [3]\n"),
    ("def f(a, *, b=2):\n    def g(c):\n        return a + b + c\n    return g\nprint(f(1, b=3)(4))", "8\n"),
    ("print((lambda x: x * 2)(4), map(lambda x: x + 1, [1]), filter(lambda x: x, [0, 1]))", "8 [2] [1]\n"),
    ("def f(x: int) -> str:\n    return str(x)\nprint(f(1))", "1\n"),
    ("print(partial(lambda a, b: a - b, 5)(3), struct(a=1).a, set([1, 1]))", "2 1 set([1])\n"),
    ("print(fs.read(\"a.txt\"))", "hello\n\n"),
    ("print(fs.read_range(\"a.txt\", 1, 3))", "ell\n"),
    ("print(fs.read_bytes(\"a.txt\"), type(fs.read_bytes(\"a.txt\")))", "hello\n bytes\n"),
    ("fs.write(\"b\", \"one\")\nfs.append(\"b\", b\" two\")\nfs.replace(\"b\", \"one\", \"1\")\nprint(fs.read(\"b\"))", "1 two\n"),
    ("fs.write(\"b\", \"\")\nprint(fs.exists(\"b\"))\nfs.delete(\"b\")\nprint(fs.exists(\"b\"))\nfs.mkdir(\"d\")", "True\nFalse\n"),
    ("s = fs.stat(\"a.txt\")\nprint(s.kind, s.size, s.modified, s.executable)", "file 6 1.5 False\n"),
    ("print(fs.list(\".\"), fs.glob(\"*\"))", "[\"a.txt\"] [\"a.txt\"]\n"),
    ("print(net.http_get(\"http://h/\"))", "{\"method\": \"GET\", \"n\": [1, 2.5, null]}\n"),
    (
        "r = net.request(\"head\", \"http://h/\")\nprint(r.status, r.headers[\"content-type\"], r.json()[\"n\"], r.json()[\"method\"])",
        "200 application/json [1, 2.5, None] HEAD\n",
    ),
    ("print(env.read(\"HOME\"), env.read(\"UNSET\", default=\"d\"), env.read(\"UNSET\", None))", "value of HOME d None\n"),
    ("print(subprocess.exec([\"git\", \"log\"], stdin=\"in\"))", "[\"git\", \"log\"] in\n"),
    (
        "r = subprocess.run([\"x\", 1], cwd=\"d\", timeout=2.5, env={\"A\": \"b\"})\nprint(r.exit_code, r.stdout, r.stderr)",
        "3 [\"x\", \"1\"]  err\n",
    ),
    ("print(hash.sha256(\"abc\"))", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"),
    ("print(base64.encode(\"hi?>\"), base64.encode(b\"hi?>\", url=True), base64.decode(\"aGk_Pg\"))", "aGk/Pg== aGk_Pg== hi?>\n"),
    ("print(type(base64.decode(\"/w==\")))", "bytes\n"),
    ("print(int(time.now() * 2))", "3400000001\n"),
    ("print(re.match(\"(a+)(x)?b\", \"aab!\"), re.match(\"b\", \"ab\"))", "[\"aab\", \"aa\", None] None\n"),
    (
        "print(re.findall(\"a.\", \"abac\"), re.findall(\"(a)(.)\", \"abac\"), re.findall(\"a(.)\", \"ab\"))",
        "[\"ab\", \"ac\"] [(\"a\", \"b\"), (\"a\", \"c\")] [\"b\"]\n",
    ),
    ("print(re.sub(\"(?P<w>\\\\w+)\", \"<\\\\1\\\\g<w>>\", \"a b\"), re.sub(\"a\", \"$0\", \"aa\", count=1))", "<aa> <bb> $0a\n"),
    ("print(json.encode({\"a\": [1, 2.5, None, True, \"\\n\"], 1: (2,)}))", "{\"a\":[1,2.5,null,true,\"\\n\"],\"1\":[2]}\n"),
    ("print(json.decode(\"[1, 123456789012345678901234567890, 1e3, {}]\"))", "[1, 123456789012345678901234567890, 1000.0, {}]\n"),
    ("r = try_(fs.read, \"a.txt\")\nprint(r.ok, r.value, r.error)", "True hello\n None\n"),
    ("r = try_(fs.read, path=\"none\")\nprint(r.ok, r.value, r.error.code, r.error.message)", "False None not_found no such file: none\n"),
    ("print(try_(fs.read, \"/denied/x\").error.code, try_(fs.read, \"ask\").error.code)", "policy_denied approval_denied\n"),
    ("f = fs.read\nprint(try_(f, \"none\").ok)", "False\n"),
    ("print(try_(env.read, \"UNSET\").error.code, try_(net.request, \"BREW\", \"http://h/\").error.code)", "not_found bad_argument\n"),
    ("log.info(\"a\")\nlog.warn([1])\nprint(\"after\")", "after\n"),
];

#[test]
fn builtins_print_what_they_should() {
    for (script, output) in PRINTS {
        let ran = run(script);
        assert_eq!(ran.report.status, Status::Ok, "{script}: {}", ran.error());
        assert_eq!(&ran.output, output, "{script}");
        assert_eq!(ran.report.output_bytes, output.len() as u64);
    }
}

/// Scripts and their results.
const RESULTS: &[(&str, Option<&str>)] = &[
    ("1 + 1", Some("2")),
    ("x = 1", None),
    ("result = {\"a\": [1, None]}\n5", Some("{\"a\":[1,null]}")),
    ("struct(a=(1,))", Some("{\"a\":[1]}")),
    ("fs.read(\"a.txt\")", Some("\"hello\\n\"")),
    ("env.read(\"TOKEN\")", Some("\"[REDACTED]\"")),
    ("[str(env.read(\"TOKEN\"))]", Some("[\"[REDACTED]\"]")),
    ("net.request(\"GET\", \"http://h/\").status", Some("200")),
    ("print(1)", None),
    ("99999999999999999999 * 10", Some("999999999999999999990")),
];

#[test]
fn results_are_json() {
    for (script, result) in RESULTS {
        let ran = run(script);
        assert_eq!(ran.report.status, Status::Ok, "{script}: {}", ran.error());
        assert_eq!(ran.report.result.as_deref(), *result, "{script}");
    }
}

/// Scripts, how they end, what the error says.
const FAILURES: &[(&str, Status, &str)] = &[
    ("fail(\"no\", 1)", Status::ScriptError, "script: fail: no 1"),
    ("def f(x):\n    return x + \"a\"\nf(1)", Status::ScriptError, "script: Operation `+` not supported"),
    ("fs.read(\"none\")", Status::ScriptError, "not_found: no such file: none"),
    ("env.read(\"UNSET\")", Status::ScriptError, "not_found: env.read: UNSET is not set"),
    ("fs.read(\"/denied/x\")", Status::Denied, "policy_denied: denied: /denied/x"),
    ("fs.read(\"ask\")", Status::ApprovalDenied, "approval_denied: not approved"),
    ("fs.read(\"limit\")", Status::Limit, "limit: too many calls"),
    ("fs.read(\"journal\")", Status::Failure, "journal: the journal is full"),
    ("try_(fs.read, \"limit\")\nprint(1)", Status::Limit, "limit: too many calls"),
    ("try_(fs.read, \"journal\")\nprint(1)", Status::Failure, "journal: the journal is full"),
    ("def f():\n    return fs.read(\"none\")\ntry_(f)", Status::ScriptError, "bad_argument: try_ calls effects only"),
    ("try_(len, [])", Status::ScriptError, "bad_argument: try_ calls effects only"),
    ("x = \"git\"\ndef f(a):\n    subprocess.exec(a)\nf(x)", Status::ScriptError, "bad_argument: argv is a list, there is no shell"),
    ("subprocess.exec([])", Status::ScriptError, "bad_argument: argv is empty"),
    ("net.http_post(\"http://h/\", body=\"a\", json={})", Status::ScriptError, "bad_argument: give body or json, not both"),
    ("int(\"x\")", Status::ScriptError, "script: "),
    ("re.findall(\"(\", \"\")", Status::ScriptError, "bad_argument: re.findall: `(`"),
    ("re.findall(\"(a{1000}){1000}\", \"\")", Status::ScriptError, "bad_argument: re.findall: `(a{1000}){1000}`: the pattern is too large"),
    ("json.decode(\"[\" * 300)", Status::ScriptError, "bad_argument: json.decode: recursion limit"),
    ("json.decode(\"1e999\")", Status::ScriptError, "bad_argument: json.decode: number out of range"),
    (
        "x = []\nfor i in range(100):\n    x = [x]\njson.encode(x)",
        Status::ScriptError,
        "bad_argument: json.encode: nested deeper than 64 levels",
    ),
    ("x = []\nfor i in range(100):\n    x = [x]\nresult = x", Status::Limit, "limit: the result: nested deeper than 64 levels"),
    ("x = []\nx.append(x)\nresult = x", Status::Limit, "limit: the result: nested deeper than 64 levels"),
    (
        "x = [0] * 10\nfor i in range(9):\n    x = [x, x, x, x, x, x, x, x, x, x]\nresult = x",
        Status::Limit,
        "limit: the result: more than 200000 values",
    ),
    ("result = print", Status::ScriptError, "script: the result: a value of type function has no JSON form"),
    ("base64.decode(\"!\")", Status::ScriptError, "bad_argument: base64.decode:"),
];

#[test]
fn failures_are_typed() {
    for (script, status, message) in FAILURES {
        let ran = run(script);
        assert_eq!(ran.report.status, *status, "{script}: {}", ran.error());
        assert!(ran.error().starts_with(message), "{script}: {}", ran.error());
        assert_eq!(ran.report.result, None);
    }
}

#[test]
fn an_error_shows_its_place_and_the_way_there() {
    let ran = run("def g(p):\n    return fs.read(p)\n\ndef f():\n    g(\"/denied/x\")\n\nprint(1)\nf()\nprint(2)");
    let error = ran.report.error.unwrap();
    assert_eq!((error.line, error.column), (2, 12));
    assert_eq!(error.frame.unwrap(), " --> t.star:2:12\n  |\n2 |     return fs.read(p)\n  |            ^^^^^^^^^^");
    assert_eq!(error.trace, ["t.star:8 calls f", "t.star:5 calls g", "t.star:2 calls read"]);
    assert_eq!(error.rule.as_deref(), Some("aegis.toml:7"));
    assert_eq!(error.suggestion.as_deref(), Some("add it to the policy"));
    assert_eq!(ran.output, "1\n");
    assert_eq!(ran.world.asked[0].line, 2);
}

#[test]
fn effects_carry_the_line_of_their_call() {
    let ran = run("\n\nfs.exists(\"a\")\nfor p in [\"b\"]:\n    fs.exists(p)\ntry_(fs.exists, \"c\")\n");
    let lines: Vec<u32> = ran.world.asked.iter().map(|r| r.line).collect();
    assert_eq!(lines, [3, 5, 6]);
}

#[test]
fn arguments_reach_the_script() {
    let args = vec![("n".to_owned(), "1".to_owned()), ("n".to_owned(), "2".to_owned()), ("b".to_owned(), String::new())];
    let options = RunOptions { args, ..RunOptions::default() };
    let ran = run_options("print(args.n, repr(args.b), hasattr(args, \"c\"))", &options);
    assert_eq!(ran.output, "2 \"\" False\n", "{}", ran.error());
}

#[test]
fn a_request_is_asked_for_as_written() {
    let ran = run("net.http_post(\"http://h/x\", json={\"a\": 1}, headers={\"X-N\": 3, \"A\": \"b\"}, params={\"q\": True}, timeout=1)");
    let Effect::Http(request) = &ran.world.asked[0].effect else { panic!("{:?}", ran.world.asked) };
    assert_eq!((request.method, request.url.as_str()), (Method::Post, "http://h/x"));
    assert_eq!(request.headers.iter().map(|(k, v)| format!("{k}={}", shown(v))).collect::<Vec<_>>(), ["X-N=3", "A=b"]);
    assert_eq!(request.params.iter().map(|(k, v)| format!("{k}={}", shown(v))).collect::<Vec<_>>(), ["q=true"]);
    assert!(matches!(&request.body, HttpBody::Json(b) if shown(b) == "{\"a\":1}"));
    assert_eq!(request.timeout, Some(std::time::Duration::from_secs(1)));
    assert!(request.fail_on_status);
}

#[test]
fn every_builtin_of_the_reference_has_a_description() {
    let reference = aegis_script::builtin_reference();
    for name in [
        "fs.read",
        "fs.read_range",
        "fs.read_bytes",
        "fs.write",
        "fs.append",
        "fs.replace",
        "fs.delete",
        "fs.mkdir",
        "fs.exists",
        "fs.stat",
        "fs.list",
        "fs.glob",
        "net.http_get",
        "net.http_post",
        "net.http_put",
        "net.http_patch",
        "net.http_delete",
        "net.request",
        "env.read",
        "subprocess.exec",
        "subprocess.run",
        "hash.sha256",
        "base64.encode",
        "base64.decode",
        "time.now",
        "re.match",
        "re.findall",
        "re.sub",
        "log.info",
        "log.warn",
        "json.encode",
        "json.decode",
        "print",
        "try_",
    ] {
        let heading = format!("### `{name}`\n\n```python\n{name}(");
        let at = reference.find(&heading).unwrap_or_else(|| panic!("{name} is missing in\n{reference}"));
        let entry = reference[at..].split("\n### ").next().unwrap();
        assert!(entry.split("```").nth(2).unwrap().trim().len() > 10, "{entry}");
    }
}
