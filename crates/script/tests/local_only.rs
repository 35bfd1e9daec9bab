//! Labelled values: put into text without being seen, lifted, observed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use aegis_effect::{Effect, HttpBody};
use aegis_script::{RunOptions, Status};
use support::{Ran, run, run_options, shown};

/// What is written by `fs.write("out", expression)`, where `s` is `tok-en 12`.
const LIFTED: &[(&str, &str)] = &[
    ("s * 2", "{tok-en 12tok-en 12}"),
    ("2 * s", "{tok-en 12tok-en 12}"),
    ("s[0]", "{t}"),
    ("s[-1]", "{2}"),
    ("s[1:3]", "{ok}"),
    ("s[::-1]", "{21 ne-kot}"),
    ("s % ()", "{tok-en 12}"),
    ("s.upper()", "{TOK-EN 12}"),
    ("s.strip()", "{tok-en 12}"),
    ("s.split(\" \")[0]", "{tok-en}"),
    ("s.replace(\"-\", \"\")", "{token 12}"),
    ("s.replace(\"tok\", s)", "{tok-en 12-en 12}"),
    ("s.partition(\"-\")[2]", "{en 12}"),
    ("getattr(s, \"title\")()", "{Tok-En 12}"),
    ("s.removeprefix(\"tok\")", "{-en 12}"),
    ("s.len()", "{9}"),
    ("s.eq(\"tok-en 12\")", "{True}"),
    ("s.eq(\"x\")", "{False}"),
    ("s.contains(\"en\")", "{True}"),
    ("s.eq(\"x\").select(\"yes\", \"no\")", "{no}"),
    ("s.startswith(\"tok\").select(s.upper(), \"x\")", "{TOK-EN 12}"),
    ("s.lines()[0]", "{tok-en 12}"),
    ("s.find(\"en\") + 1", "{5}"),
    ("-s.find(\"en\")", "{-4}"),
    ("s.find(\"en\") // 3", "{1}"),
    ("s.find(\"en\") % 3", "{1}"),
    ("s.find(\"en\") << 2", "{16}"),
    ("s.find(\"en\") ^ 1", "{5}"),
    ("~s.find(\"en\")", "{-5}"),
    ("s.split(\" \") + [\"x\"]", "{[\"tok-en\", \"12\", \"x\"]}"),
    ("hash.sha256(s)", "{f1a93eb4c1ac30ad2a9d3ad9dba88bd0a0c1c9b30dfff1d3fcbf1f4b8ccf3b4e}"),
    ("base64.encode(s).upper()", "{DG9RLWVUIDEY}"),
    ("base64.encode(s, url = True)[:3]", "{dG9}"),
    ("base64.encode(\"u:%s\" % s)[::2]", "{dpbsZ4MI}"),
    ("base64.encode(s[0])", "{dA==}"),
    ("base64.encode(base64.encode(s))", "{ZEc5ckxXVnVJREV5}"),
    ("base64.decode(base64.encode(s))", "{tok-en 12}"),
    ("json.decode(\"{\\\"a\\\": \\\"%s\\\"}\" % s)[\"a\"]", "{tok-en 12}"),
    ("re.sub(\"[0-9]\", \"#\", s)", "{tok-en ##}"),
    ("re.findall(\"[a-z]+\", s)[1]", "{en}"),
    ("re.match(\"(t)ok\", s)[1]", "{t}"),
    // without a look at the content
    ("s", "<1>"),
    ("base64.encode(s)", "b64(<1>)"),
    ("base64.encode(s, url = True)", "b64url(<1>)"),
    ("base64.encode(\"u:\" + s)", "b64(u:<1>)"),
    ("\"Basic \" + base64.encode(\"u:%s\" % s)", "Basic b64(u:<1>)"),
    ("\"%s!\" % base64.encode(s + s)", "b64(<1><1>)!"),
    ("\"x\" + s", "x<1>"),
    ("s + \"x\"", "<1>x"),
    ("s + s", "<1><1>"),
    ("\"a\" + s + \"b\" + str(s)", "a<1>b<1>"),
    ("str(s)", "<1>"),
    ("\"%s\" % s", "<1>"),
    ("\"a{}b\".format(s)", "a<1>b"),
    ("f\"a{s}b\"", "a<1>b"),
    ("\", \".join([str(s), \"x\"])", "<1>, x"),
    ("json.encode(s)", "<<1>>"),
    ("json.encode([{\"a\": s}])", "[{\"a\":<<1>>}]"),
    ("json.encode({\"a\": \"x \" + s})", "{\"a\":\"x <<<1>>>\"}"),
    ("json.encode(f\"x {s}\")", "\"x <<<1>>>\""),
    ("json.encode(json.encode(s))", "\"{\\\"tok-en 12\\\"}\""),
    // what failed is no different to look at
    ("s[100]", "{failed}"),
    ("s[\"x\"]", "{failed}"),
    ("s + 1", "{failed}"),
    ("s - 1", "{failed}"),
    ("s.index(\"nowhere\")", "{failed}"),
    ("s[100].upper()", "{failed}"),
    ("\"a\" + s[100]", "{failed}"),
    ("s * 1000000", "{failed}"),
    ("json.decode(s)", "{failed}"),
    ("re.sub(s, \"\", \"(\")", "{(}"),
    ("env.read(\"GONE\").strip()", "{failed}"),
];

#[test]
fn what_is_computed_from_a_labelled_value_is_labelled() {
    for (expression, written) in LIFTED {
        let ran = run(&format!("s = env.read(\"TOKEN\")\nfs.write(\"out\", {expression})\nprint(\"after\")"));
        assert_eq!(ran.report.status, Status::Ok, "{expression}: {}", ran.error());
        assert_eq!(ran.output, "after\n", "{expression}");
        if !expression.starts_with("hash") {
            assert_eq!(&content(&ran), written, "{expression}");
        }
    }
    let hash = content(&run("fs.write(\"out\", hash.sha256(env.read(\"TOKEN\")))"));
    assert_eq!(hash.len(), 66);
}

fn content(ran: &Ran) -> String {
    String::from_utf8(ran.world.files["out"].clone()).unwrap()
}

/// The same through functions, containers and closures.
#[test]
fn labels_follow_values_everywhere() {
    for script in [
        "def f(x, y=\"\"):\n    return [x.upper(), y]\nfs.write(\"out\", f(s)[0])",
        "d = {\"k\": struct(v=[s])}\nfs.write(\"out\", d[\"k\"].v[0].upper())",
        "g = lambda x: x.upper()\nfs.write(\"out\", [g(x) for x in [s]][0])",
        "l = []\nl.append(s)\nfor x in l:\n    fs.write(\"out\", x.upper())",
        "p = partial(lambda a, b: b.upper(), 1)\nfs.write(\"out\", p(s))",
        "def outer():\n    def inner():\n        return s.upper()\n    return inner\nfs.write(\"out\", outer()())",
        "fs.write(\"out\", map(lambda x: x.upper(), [s])[0])",
    ] {
        let ran = run(&format!("s = env.read(\"TOKEN\")\n{script}"));
        assert_eq!((ran.report.status, ran.error().as_str()), (Status::Ok, ""), "{script}");
        assert_eq!(content(&ran), "{TOK-EN 12}", "{script}");
        assert!(ran.world.asked.iter().all(|request| request.current.is_public()), "nothing was observed");
    }
}

/// Observations. What follows depends on the value: it is withheld, and effects carry what they depend on.
const OBSERVED: &[&str] = &[
    "len(s)",
    "[x for x in s.elems()]",
    "[x for x in s.split(\" \")]",
    "list(s.split(\" \"))",
    "sorted(s.split(\" \"))",
    "\"x\" in s",
    "s in [\"x\"]",
    "\"x\" not in [s]",
    "s == \"x\"",
    "\"x\" == s",
    "s != \"x\"",
    "s == 1",
    "s == None",
    "None != s",
    "True == s",
    "s in [1, None]",
    "s in {1: 2}",
    "None in [s]",
    "\"x\" * 64 == \"x%s\" % s",
    "[1, {2: [\"x%s\" % s]}] == [1, {2: [\"x\"]}]",
    "(s,) == (\"x\",)",
    "[\"x\"] == [s]",
    "{1: s} == {1: \"x\"}",
    "struct(a=\"x\") == struct(a=s)",
    "str(s) == \"x\"",
    "(\"a\" + s) == \"x\"",
    "s < s.upper()",
    "sorted([s, s])",
    "max(s, s.upper())",
    "not s",
    "s and 1",
    "s or 1",
    "1 if s else 2",
    "bool(s)",
    "any([s])",
    "filter(lambda x: x, [s])",
    "s.open()",
    "s.open().upper()",
    "fs.write(s.open(), \"x\")",
    "fail(s.open())",
    "[1][s.len().open() - 9]",
    "env.read(\"GONE\").open()",
    "1 if env.read(\"GONE\") else 2",
];

#[test]
fn what_follows_an_observation_is_withheld() {
    for expression in OBSERVED {
        let script = format!(
            "def f(s):\n    return {expression}\ns = env.read(\"TOKEN\")\nprint(\"before\")\nx = f(s)\nprint(\"after\", x)\nlog.info(\"after\")\nfs.write(\"after\", \"1\")\nresult = x"
        );
        let ran = run(&script);
        assert_eq!(ran.report.status, Status::Withheld, "{expression}: {}", ran.error());
        assert_eq!((&ran.report.error, &ran.report.result), (&None, &None), "{expression}");
        assert!(ran.output.starts_with("before\n"), "{expression}: {}", ran.output);
        let rest = ran.output.strip_prefix("before\n").unwrap();
        assert!(!rest.contains("after") && !rest.contains("tok"), "{expression}: {rest}");
        for request in &ran.world.asked {
            let raised = matches!(&request.effect, Effect::FsWrite { .. });
            assert_eq!(raised, !request.current.is_public(), "{expression}: {request:?}");
        }
    }
}

/// Where only something public can be, a labelled value is an error that names its source, and nothing happens.
#[test]
fn a_labelled_value_is_no_path_name_or_url() {
    for expression in [
        "fs.read(s)",
        "fs.exists(s)",
        "env.read(s)",
        "net.http_get(s)",
        "net.http_get(\"http://\" + str(s))",
        "fs.read(\"dir/%s\" % s)",
        "fs.write(f\"out/{s}\", \"x\")",
        "subprocess.run([\"x\"], cwd=s)",
        "subprocess.run([\"x\"], cwd=str(s))",
        "net.http_get(\"http://h/\", headers={str(s): \"x\"})",
        "net.http_get(\"http://h/\", headers=s)",
        "try_(fs.read, s)",
        "{s: 1}",
        "{}.setdefault(s)",
        "set([s])",
        "s()",
    ] {
        let ran = run(&format!("s = env.read(\"TOKEN\")\nx = {expression}\nprint(\"after\")"));
        let denied = ran.report.status == Status::Denied && ran.error().starts_with("flow_denied: ") && ran.error().contains("env:TOKEN");
        assert!(denied, "{expression}: {:?} {}", ran.report.status, ran.error());
        assert_eq!(ran.world.asked.len(), 1, "{expression}: nothing but env.read is asked for");
        assert_eq!(ran.output, "");
    }
}

const TEXT: &[&str] = &[
    "s",
    "s.upper()",
    "\"x\" + s",
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
fn values_reach_every_sink_that_takes_them() {
    let ran = run("s = env.read(\"TOKEN\")\n\
         d = {\"inner\": [s]}\n\
         def pick(x):\n    return x[\"inner\"][0]\n\
         net.http_post(\"http://h/\", body=pick(d), headers={\"Authorization\": \"Bearer \" + s}, params={\"k\": s})\n\
         net.http_post(\"http://h/\", json={\"key\": s, \"n\": [1, s, \"x \" + s]})\n\
         subprocess.run([\"gpg\", s], stdin=s, env={\"T\": f\"{s}!\"})\n\
         fs.write(\"out\", s)\n");
    assert_eq!(ran.report.status, Status::Ok, "{}", ran.error());
    let asked: Vec<&Effect> = ran.world.asked.iter().map(|r| &r.effect).collect();
    let Effect::Http(post) = asked[1] else { panic!() };
    assert_eq!(shown(&post.headers[0].1), "Bearer <1>");
    assert_eq!(shown(&post.params[0].1), "<1>");
    assert!(matches!(&post.body, HttpBody::Raw(b) if shown(b) == "<1>"));
    let Effect::Http(json) = asked[2] else { panic!() };
    assert!(matches!(&json.body, HttpBody::Json(b) if shown(b) == "{\"key\":<<1>>,\"n\":[1,<<1>>,\"x <<<1>>>\"]}"), "{json:?}");
    let Effect::Exec(child) = asked[3] else { panic!() };
    assert_eq!((shown(&child.argv[1]), shown(&child.stdin), shown(&child.env[0].1)), ("<1>".into(), "<1>".into(), "<1>!".into()));
    assert!(matches!(asked[4], Effect::FsWrite { content, .. } if shown(content) == "<1>"));
    assert!(!asked.iter().any(|effect| matches!(effect, Effect::Reveal { .. })), "no content came into the worker");
}

#[test]
fn a_local_only_answer_has_local_only_parts() {
    let ran = run(
        "r = net.request(\"GET\", \"https://secret.example/\")\nprint(r.status, r.headers, r.body)\nb = net.http_get(\"https://secret.example/\")\nprint(b, type(b))\nfs.write(\"out\", r.json()[\"a\"][1] + r.headers[\"etag\"] + str(r.status + 1))",
    );
    assert_eq!(ran.output, "[REDACTED] [REDACTED] [REDACTED]\n[REDACTED] local_only\n", "{}", ran.error());
    assert_eq!(content(&ran), "{bx201}");
}

#[test]
fn try_tells_whether_a_labelled_effect_went_well_by_a_labelled_value() {
    let ran = run(
        "r = try_(env.read, \"TOKEN\")\ng = try_(env.read, \"GONE\")\nprint(r.ok, r.error, g.ok, g.error)\nfs.write(\"out\", f\"{r.ok} {g.ok}\")",
    );
    assert_eq!(ran.output, "[REDACTED] None [REDACTED] None\n", "{}", ran.error());
    assert_eq!(content(&ran), "{True} {False}");
}

#[test]
fn the_clock_is_labelled_once_anything_is() {
    let ran = run("print(type(time.now()))\ns = env.read(\"TOKEN\")\nprint(type(time.now()))\nif time.now() > 0:\n    print(\"after\")");
    assert!(ran.output.starts_with("float\nlocal_only\n") && !ran.output.contains("after"), "{} {}", ran.output, ran.error());
    assert_eq!(ran.report.status, Status::Withheld);
}

#[test]
fn references_differ_between_runs_and_a_damaged_one_goes_nowhere() {
    let text = "s = str(env.read(\"TOKEN\"))\nprint(len(s), s[:10].startswith(\"[REDACTED\"))";
    assert_eq!(run(text).output, "40 False\n");
    for cut in ["s[:39]", "s[:30] + \"t9\" + s[32:]", "s[:31]", "s[:32] + \"99999999\"", "s[:30] + \"x\" + s[31:]"] {
        let ran = run(&format!("s = str(env.read(\"TOKEN\"))\nfs.write(\"out\", {cut})"));
        let refused = ran.error().starts_with("bad_argument: a damaged reference");
        // another nesting is another form of the same value, and as labelled
        assert!(refused || content(&ran).starts_with('{'), "{cut}: {} {:?}", ran.error(), ran.world.files);
    }
}

/// Each with each, while the run holds a labelled value and text has stood for it.
#[test]
fn public_values_compare_as_the_interpreter_compares_them() {
    let script = r#"
held = "%s" % env.read("TOKEN")
values = [
    None, True, False, 0, 1, -1, 1.0, 1 << 40, "", "a", "abc", "x" * 64, "x" * 63 + "y", [], [1], [1.0], ["a", None], (), (1,), ("a", "x" * 64),
    {}, {1: 2}, {1: 2.0}, {"a": [1]}, {"a": [None]}, set(), set([1]), struct(a = 1), struct(a = [1]), len, [[1, {"a": ("b",)}]], [[1, {"a": ("c",)}]],
]
for a in values:
    print([a == b for b in values], [a != b for b in values])
    print([a in b for b in values if type(b) in ["list", "tuple"]], [a not in b for b in values if type(b) in ["list", "tuple"]])
for a in [None, True, 1, 1.0, "a", "x" * 64, (1,), ("a", "x" * 64)]:
    print([a in b for b in values if type(b) in ["dict", "set"]], [a not in b for b in values if type(b) in ["dict", "set"]])
for a in ["", "a", "bc", "x" * 64]:
    print([a in b for b in values if type(b) == "string"], [a not in b for b in values if type(b) == "string"])
"#;
    let [interpreter, ours] = [false, true].map(|local_only| run_options(script, &RunOptions { local_only, ..RunOptions::default() }));
    assert_eq!((ours.report.status, ours.error().as_str()), (Status::Ok, ""));
    assert!(ours.output.contains("True") && ours.output.lines().count() > 60);
    assert_eq!(ours.output, interpreter.output);
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
