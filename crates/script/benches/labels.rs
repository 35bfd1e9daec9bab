//! What labels cost: operations in nanoseconds, plain and labelled; whole programs, plain and labelled; comparisons under a policy with
//! local-only rules and without.
//!
//! `cargo bench -p aegis-script --bench labels`; one part of it with `-- operations`, `-- programs` or `-- comparisons`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, missing_docs)]

use std::time::Instant;

use aegis_effect::{Effect, EffectError, Handle, Label, Labelled, Outcome, Perform, Request, Shape};
use aegis_policy::Capability;
use aegis_script::{Judge, Limits, LiteralCall, Objection, RunOptions, Runner, Source, Status};

const TOKEN: &str = "sk-0123456789abcdef0123456789abcdef";

/// Gives `TOKEN`, labelled or not, and does nothing else.
struct World {
    labelled: bool,
}

impl Perform for World {
    fn perform(&mut self, request: &Request) -> Result<Outcome, EffectError> {
        Ok(match &request.effect {
            Effect::EnvRead { .. } if self.labelled => {
                let mut label = Label::public();
                label.insert(0);
                Outcome::Labelled(Labelled { handle: Handle(0), shape: Shape::Text, label, sources: vec!["env:TOKEN".to_owned()] })
            }
            Effect::EnvRead { .. } => Outcome::Text(TOKEN.to_owned()),
            Effect::Reveal { .. } => Outcome::Bytes(TOKEN.as_bytes().to_vec()),
            Effect::Http(_) => Outcome::Text("{\"items\": [1, 2, 3]}".to_owned()),
            _ => Outcome::Unit,
        })
    }
}

struct Anything;

impl Judge for Anything {
    fn has_capability(&self, _: Capability) -> bool {
        true
    }
    fn literal(&self, _: &LiteralCall) -> Option<Objection> {
        None
    }
}

/// A script, whether what it reads is labelled, and whether the policy has local-only rules.
#[derive(Clone, Copy)]
struct Case<'s> {
    script: &'s str,
    labelled: bool,
    local_only: bool,
}

impl Case<'_> {
    /// Seconds of one run.
    fn run(self) -> f64 {
        let source = Source::new("bench.star", self.script);
        let limits = Limits { memory_bytes: 4 << 30, ..Limits::default() };
        let options = RunOptions { local_only: self.local_only, limits, ..RunOptions::default() };
        let mut output = String::new();
        let begin = Instant::now();
        let report = Runner::in_process().run(&source, &options, &mut World { labelled: self.labelled }, &mut output, &Anything);
        let time = begin.elapsed();
        assert_eq!(report.status, Status::Ok, "{}: {:?}", self.script, report.error);
        time.as_secs_f64()
    }
}

/// Least and median seconds of some cases. Their runs take turns, so that a busy machine is busy for all of them.
fn times<const N: usize>(cases: [Case<'_>; N], rounds: usize) -> [(f64, f64); N] {
    let mut all: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (times, case) in all.iter_mut().zip(cases) {
            times.push(case.run());
        }
    }
    all.map(|mut times| {
        times.sort_by(f64::total_cmp);
        (times[0], times[times.len() / 2])
    })
}

const ROUNDS: u32 = 20_000;

fn operations() {
    println!("{:34} {:>9} {:>9}", "operation, ns (least of 15)", "plain", "labelled");
    let script = |body: &str| format!("def main():\n    t = env.read(\"TOKEN\")\n    for i in range({ROUNDS}):\n        {body}\nmain()\n");
    let empty = script("t");
    for expression in [
        "\"Bearer \" + t",
        "\"Bearer %s\" % t",
        "f\"Bearer {t}\"",
        "t[3:9]",
        "t.upper()",
        "t.split(\"-\")",
        "json.encode({\"k\": t})",
        "base64.encode(t)",
    ] {
        let script = script(expression);
        let case = |script, labelled| Case { script, labelled, local_only: labelled };
        let [plain, labelled, empty, empty_labelled] =
            times([case(&script, false), case(&script, true), case(&empty, false), case(&empty, true)], 15);
        let each = |with: f64, without: f64| (with - without) * 1e9 / f64::from(ROUNDS);
        println!("{expression:34} {:9.0} {:9.0}", each(plain.0, empty.0), each(labelled.0, empty_labelled.0));
    }
}

const PROGRAMS: [(&str, &str); 4] = [
    (
        "200 requests with a header",
        "t = env.read(\"TOKEN\")\nfor i in range(200):\n    net.http_get(\"https://h/\" + str(i), headers={\"Authorization\": \"Bearer \" + t})\n",
    ),
    (
        "200 bodies as JSON",
        "t = env.read(\"TOKEN\")\nfor i in range(200):\n    net.http_post(\"https://h/\", json={\"key\": t, \"n\": [i, f\"x {t}\"]})\n",
    ),
    (
        "a file of 1,000 lines",
        "t = env.read(\"TOKEN\")\nfs.write(\"out\", \"\\n\".join([\"line %s: %s\" % (i, t) for i in range(1000)]))\n",
    ),
    (
        "token computed anew, 200 requests",
        "c = env.read(\"TOKEN\")\nfor i in range(200):\n    net.http_get(\"https://h/\", headers={\"X\": base64.encode(\"u:\" + c.split(\"-\")[1].strip())})\n",
    ),
];

fn programs() {
    println!("\n{:34} {:>9} {:>9} {:>6} {:>7}", "program, ms", "plain", "labelled", "times", "(least)");
    for (name, script) in PROGRAMS {
        let case = |labelled| Case { script, labelled, local_only: true };
        let [plain, labelled] = times([case(false), case(true)], 61);
        let (least, median) = (labelled.0 / plain.0, labelled.1 / plain.1);
        println!("{name:34} {:9.2} {:9.2} {median:6.2} {least:7.2}", plain.1 * 1e3, labelled.1 * 1e3);
    }
}

const COMPARED: u32 = 400_000;

/// What stands before the loop, and the condition in it.
const COMPARISONS: [(&str, &str); 11] = [
    ("", "i == 5"),
    ("s = \"abc\"", "s == \"abd\""),
    ("s = \"abc\"", "s != \"abc\""),
    ("s, u = \"x\" * 64, \"x\" * 64", "s == u"),
    ("s = [\"abc\"]", "s[0] == \"abd\""),
    ("s = None", "s == None"),
    ("s = True", "s == False"),
    ("s = (1, \"a\")", "s == (1, \"b\")"),
    ("s = \"abc\"", "\"d\" in s"),
    ("s = [\"a\", \"b\", \"c\"]", "\"d\" in s"),
    ("s = {\"a\": 1, \"b\": 2}", "\"c\" in s"),
];

fn comparisons() {
    println!("\n{:34} {:>9} {:>9} {:>9}", "comparison, ns (least of 15)", "plain", "rules", "held");
    for (before, condition) in COMPARISONS {
        // In the last of the three the run holds a labelled value, and text has stood for it.
        let script = |condition: &str| {
            format!(
                "def main():\n    \"Bearer %s\" % env.read(\"TOKEN\")\n    n = 0\n    {before}\n    for i in range({COMPARED}):\n        if {condition}:\n            n += 1\nmain()\n"
            )
        };
        let (script, empty) = (script(condition), script("n"));
        let case = |local_only, labelled| Case { script: &script, labelled, local_only };
        let [plain, rules, held, empty] =
            times([case(false, false), case(true, false), case(true, true), Case { script: &empty, ..case(false, false) }], 15);
        let each = |time: (f64, f64)| (time.0 - empty.0) * 1e9 / f64::from(COMPARED);
        let name = format!("{before}; {condition}");
        println!(
            "{:34} {:9.1} {:+9.1} {:+9.1}",
            name.trim_start_matches("; "),
            each(plain),
            each(rules) - each(plain),
            each(held) - each(plain)
        );
    }
    let other = "def main():\n    n = 0\n    for i in range(2000000):\n        n += i % 7\n    return n\nmain()\n";
    let case = |local_only| Case { script: other, labelled: false, local_only };
    let [without, with] = times([case(false), case(true)], 15);
    println!("a program without comparisons: {:.2} times (least {:.2})", with.1 / without.1, with.0 / without.0);
}

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, part) in [("operations", operations as fn()), ("programs", programs), ("comparisons", comparisons)] {
        if named.is_empty() || named.iter().any(|n| n == name) {
            part();
        }
    }
}
