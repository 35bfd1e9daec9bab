//! Local-only values: handed on whole, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use aegis_effect::{Effect, HttpBody};
use aegis_script::{RunOptions, Status};
use support::{run, run_options, shown};

/// Every operation of the interpreter on such a value, as an expression over `s`; each ends the run as `flow_denied`, and no effect
/// after it happens.
const REFUSED: &[&str] = &[
    "s + \"x\"",
    "\"x\" + s",
    "[] + s",
    "s + s",
    "s * 2",
    "2 * s",
    "s - 1",
    "s / 1",
    "s // 1",
    "s % 1",
    "s & 1",
    "s | 1",
    "s ^ 1",
    "s << 1",
    "s >> 1",
    "~s",
    "-s",
    "+s",
    "len(s)",
    "s[0]",
    "s[0:1]",
    "[x for x in s]",
    "list(s)",
    "sorted(s)",
    "\"x\" in s",
    "s in [\"x\"]",
    "\"x\" not in [s]",
    "s in {}",
    "s == \"x\"",
    "\"x\" == s",
    "s != \"x\"",
    "s == 1",
    "(s,) == (\"x\",)",
    "[\"x\"] == [s]",
    "{1: s} == {1: \"x\"}",
    "struct(a=\"x\") == struct(a=s)",
    "s < \"x\"",
    "sorted([s, s])",
    "max(s, s)",
    "{s: 1}",
    "{}.get(s)",
    "set([s])",
    "not s",
    "s and 1",
    "s or 1",
    "1 if s else 2",
    "bool(s)",
    "any([s])",
    "filter(lambda x: x, [s])",
    "s.upper()",
    "s.strip()",
    "getattr(s, \"upper\")",
    "hasattr(s, \"upper\")",
    "s()",
    "fs.read(s)",
    "fs.exists(s)",
    "env.read(s)",
    "net.http_get(s)",
    "net.http_get(\"http://\" + s)",
    "hash.sha256(s)",
    "base64.encode(s)",
    "base64.decode(s)",
    "json.decode(s)",
    "re.findall(s, \"\")",
    "re.match(\"\", s)",
    "re.sub(\"\", s, \"\")",
    "subprocess.run([\"x\"], cwd=s)",
    "net.http_get(\"http://h/\", headers=s)",
];

#[test]
fn every_other_operation_is_refused_and_nothing_happens_after_it() {
    for expression in REFUSED {
        for script in [
            format!("def f(s):\n    return {expression}\nx = f(env.read(\"TOKEN\"))\nfs.write(\"after\", \"1\")\nprint(\"after\")"),
            format!("s = fs.read(\"token\")\nl = lambda: {expression}\nx = l()\nprint(\"after\")\nfs.write(\"after\", \"1\")"),
        ] {
            let ran = run(&script);
            let refused = ran.report.status == Status::Denied && ran.error().starts_with("flow_denied: ");
            // Where the interpreter has no hook it says itself that the types do not fit.
            let unfit = ["[] + s", "{}.get(s)"].contains(expression) && ran.report.status == Status::ScriptError;
            assert!(refused || unfit, "{expression}: {:?} {}", ran.report.status, ran.error());
            assert!(!ran.world.files.contains_key("after"), "{expression}");
            assert!(!ran.output.contains("after"), "{expression}");
            assert!(ran.error().contains("TOKEN") || ran.error().contains("file:token") || unfit, "{expression}: {}", ran.error());
        }
    }
}

/// Uses that the interpreter turns into text or a type error; none shows content, and none goes on unnoticed to a sink.
const TEXT: &[&str] = &[
    "str(s)",
    "repr(s)",
    "\"%s\" % s",
    "\"%r\" % (s,)",
    "\"{}\".format(s)",
    "f\"a{s}b\"",
    "str([s])",
    "str({1: s})",
    "repr(struct(a=s))",
    "json.encode(s)",
    "json.encode([{\"a\": s}])",
    "\", \".join([str(s)])",
];

#[test]
fn text_of_a_value_shows_as_redacted() {
    for expression in TEXT {
        let ran = run(&format!("s = env.read(\"TOKEN\")\nprint({expression})\nlog.info({expression})\nresult = {expression}"));
        assert_eq!(ran.report.status, Status::Ok, "{expression}: {}", ran.error());
        assert!(ran.output.contains("[REDACTED]"), "{expression}: {}", ran.output);
        assert!(ran.report.result.as_ref().unwrap().contains("[REDACTED]"), "{expression}: {:?}", ran.report.result);
        let rest = ran.output.replace("[REDACTED]", "");
        assert!(rest.len() < 24, "{expression}: {}", ran.output);
    }
}

#[test]
fn text_of_a_value_reaches_no_sink() {
    for expression in TEXT {
        for effect in [
            "fs.write(\"out\", TEXT)",
            "fs.append(\"out\", TEXT)",
            "fs.read(TEXT)",
            "net.http_get(\"http://h/\", headers={\"A\": TEXT})",
            "net.http_get(\"http://h/\", params={\"A\": TEXT})",
            "net.http_get(\"http://h/\" + TEXT)",
            "net.http_post(\"http://h/\", body=TEXT)",
            "net.http_post(\"http://h/\", json={\"a\": [TEXT]})",
            "subprocess.run([\"x\", TEXT])",
            "subprocess.run([\"x\"], stdin=TEXT)",
            "subprocess.run([\"x\"], env={\"A\": TEXT})",
            "try_(fs.write, \"out\", TEXT)",
        ] {
            let effect = effect.replace("TEXT", expression);
            let ran = run(&format!("s = env.read(\"TOKEN\")\n{effect}\nprint(\"after\")"));
            assert_eq!(ran.report.status, Status::Denied, "{effect}: {}", ran.error());
            assert_eq!(ran.error(), "flow_denied: a local-only value (env:TOKEN) was put into text", "{effect}");
            assert!(ran.hint().contains("whole"), "{}", ran.hint());
            assert_eq!(ran.world.asked.len(), 1, "{effect}: nothing but env.read is asked for");
            assert_eq!(ran.output, "");
        }
    }
}

#[test]
fn errors_that_quote_a_value_show_it_as_redacted() {
    for script in [
        "fail(\"bad: \", s)",
        "\"\".join([s])",
        "\"x\".startswith(s)",
        "[1][s]",
        "int(s)",
        "def f(x: int):\n    pass\nf(s)",
        "struct(a=s).b",
    ] {
        let ran = run(&format!("def get():\n    return env.read(\"TOKEN\")\ns = [get()][0]\n{script}"));
        assert_ne!(ran.report.status, Status::Ok, "{script}");
        let shown = format!("{:?}", ran.report.error);
        assert!(!shown.contains("00000000"), "{script}: {shown}");
    }
    let ran = run("fail(\"bad:\", env.read(\"TOKEN\"))");
    assert_eq!(ran.error(), "script: fail: bad: [REDACTED]");
}

#[test]
fn whole_values_reach_every_sink_that_takes_them() {
    let ran = run("s = env.read(\"TOKEN\")\n\
         d = {\"inner\": [s]}\n\
         def pick(x):\n    return x[\"inner\"][0]\n\
         net.http_post(\"http://h/\", body=pick(d), headers={\"Authorization\": s}, params={\"k\": s})\n\
         net.http_post(\"http://h/\", json={\"key\": s, \"n\": [1, s]})\n\
         subprocess.run([\"gpg\", s], stdin=s, env={\"T\": s})\n\
         fs.write(\"out\", s)\n");
    assert_eq!(ran.report.status, Status::Ok, "{}", ran.error());
    let asked: Vec<&Effect> = ran.world.asked.iter().map(|r| &r.effect).collect();
    let Effect::Http(post) = asked[1] else { panic!() };
    assert_eq!(shown(&post.headers[0].1), "<1>");
    assert_eq!(shown(&post.params[0].1), "<1>");
    assert!(matches!(&post.body, HttpBody::Raw(b) if shown(b) == "<1>"));
    let Effect::Http(json) = asked[2] else { panic!() };
    assert!(matches!(&json.body, HttpBody::Json(b) if shown(b) == "{\"key\":<<1>>,\"n\":[1,<<1>>]}"), "{json:?}");
    let Effect::Exec(child) = asked[3] else { panic!() };
    assert_eq!((shown(&child.argv[1]), shown(&child.stdin), shown(&child.env[0].1)), ("<1>".into(), "<1>".into(), "<1>".into()));
    assert!(matches!(asked[4], Effect::FsWrite { content, .. } if shown(content) == "<1>"));
}

#[test]
fn a_local_only_answer_has_local_only_parts() {
    let ran = run(
        "r = net.request(\"GET\", \"https://secret.example/\")\nprint(r.status, r.headers, r.body)\nb = net.http_get(\"https://secret.example/\")\nprint(b, type(b))",
    );
    assert_eq!(ran.output, "[REDACTED] [REDACTED] [REDACTED]\n[REDACTED] local_only\n", "{}", ran.error());
    assert_eq!(run("net.request(\"GET\", \"https://secret.example/\").json()").report.status, Status::Denied);
}

#[test]
fn references_differ_between_runs_and_cutting_one_shows_no_content() {
    let text = "s = str(env.read(\"TOKEN\"))\nprint(len(s), s[:10] == \"[REDACTED]\", s[1:] == s)";
    assert_eq!(run(text).output, "40 False False\n");
    let options = RunOptions { local_only: true, ..RunOptions::default() };
    let cut = "fs.write(\"x\", str(env.read(\"TOKEN\"))[:20])";
    let first = support::run_with(&mut support::process(), cut, &options, &support::Anything);
    let second = support::run_with(&mut support::process(), cut, &options, &support::Anything);
    assert_ne!(first.world.files["x"], second.world.files["x"]);
}

#[test]
fn comparisons_of_public_values_are_what_they_were() {
    for local_only in [false, true] {
        let options = RunOptions { local_only, ..RunOptions::default() };
        let text = "print(1 == 1, \"a\" == \"a\", [1] == [1], {1: 2} != {1: 2}, 1 in [1], \"a\" not in \"abc\", 1 in {1: 2}, (1,) == [1], 1.0 == 1)";
        let ran = run_options(text, &options);
        assert_eq!(ran.output, "True True True False True False True False True\n", "{}", ran.error());
        let wrong = run_options("def f(x):\n    return 1 in x\nf(5)", &options);
        assert_eq!(wrong.report.status, Status::ScriptError);
        assert_eq!(wrong.report.error.unwrap().line, 2);
    }
}
