//! What labels cost: operations in nanoseconds, plain and labelled; whole programs, plain and labelled; comparisons under a policy with
//! local-only rules and without.
//!
//! `cargo run --release -p aegis-script --example labels_bench`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, missing_docs)]

use std::time::{Duration, Instant};

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

fn time(script: &str, labelled: bool, local_only: bool) -> Duration {
    let source = Source::new("bench.star", script);
    let options = RunOptions { local_only, limits: Limits { memory_bytes: 4 << 30, ..Limits::default() }, ..RunOptions::default() };
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let mut output = String::new();
            let begin = Instant::now();
            let report = Runner::in_process().run(&source, &options, &mut World { labelled }, &mut output, &Anything);
            assert_eq!(report.status, Status::Ok, "{script}: {:?}", report.error);
            begin.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

const ROUNDS: u32 = 20_000;

fn operation(expression: &str, labelled: bool) -> f64 {
    let script = |body: &str| format!("def main():\n    t = env.read(\"TOKEN\")\n    for i in range({ROUNDS}):\n        {body}\nmain()\n");
    let with = time(&script(expression), labelled, labelled);
    let without = time(&script("t"), labelled, labelled);
    with.saturating_sub(without).as_secs_f64() * 1e9 / f64::from(ROUNDS)
}

fn main() {
    println!("{:34} {:>9} {:>9}", "operation, ns", "plain", "labelled");
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
        println!("{expression:34} {:9.0} {:9.0}", operation(expression, false), operation(expression, true));
    }
    println!("\n{:34} {:>9} {:>9} {:>6}", "program, ms", "plain", "labelled", "times");
    for (name, script) in [
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
            "token from a config, 200 requests",
            "c = env.read(\"TOKEN\")\nfor i in range(200):\n    net.http_get(\"https://h/\", headers={\"X\": base64.encode(\"u:\" + c.split(\"-\")[1].strip())})\n",
        ),
    ] {
        let (plain, labelled) = (time(script, false, true), time(script, true, true));
        println!("{name:34} {:9.2} {:9.2} {:6.2}", ms(plain), ms(labelled), labelled.as_secs_f64() / plain.as_secs_f64());
    }
    let compare = "def main():\n    n = 0\n    for i in range(1000000):\n        if i == 5:\n            n += 1\n        if \"abc\" == \"abd\":\n            n += 1\n    return n\nmain()\n";
    let (without, with) = (time(compare, false, false), time(compare, false, true));
    println!(
        "\n2,000,000 comparisons: {:.1} ms without local-only rules, {:.1} ms with: {:.1} ns each",
        ms(without),
        ms(with),
        (with.as_secs_f64() - without.as_secs_f64()) * 1e9 / 2e6
    );
    let other = "def main():\n    n = 0\n    for i in range(2000000):\n        n += i % 7\n    return n\nmain()\n";
    let (without, with) = (time(other, false, false), time(other, false, true));
    println!("a program without comparisons: {:.2} times", with.as_secs_f64() / without.as_secs_f64());
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
