//! What a decision costs: `cargo run --release -p aegis-policy --example decide_bench`.
//!
//! Policies of 1,000 and 10,000 mixed rules: directories, `**/*.ext`, literal files, wild middle components, names at any depth;
//! hosts, variables and commands beside them. Each question is asked in rounds; the figure is the median of the rounds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use aegis_policy::{Access, ExecRequest, Finder, Method, PathOp, Policy, RequestUrl, Surroundings};

fn main() {
    for rules in [1_000, 10_000] {
        println!("{rules} rules");
        let policy =
            Policy::from_text("bench.toml", &text(rules), Path::new("/code/project"), &finder(), &Surroundings::default()).unwrap();
        paths(&policy, rules);
        others(&policy, rules);
    }
}

fn finder() -> Finder {
    Finder::of_this_user().with_home(Path::new("/home/mia"))
}

/// A fifth of the rules of each form.
fn text(rules: usize) -> String {
    let mut read = String::new();
    let mut deny = String::new();
    for n in 0..rules / 5 {
        write!(read, "\"dir{n}/**\", \"docs/file{n}.md\", \"pkg{n}-*/src/**\", ").unwrap();
        write!(deny, "\"**/*.ext{n}\", \"secret{n}\", ").unwrap();
    }
    let many = |form: &dyn Fn(usize) -> String| (0..rules).map(|n| format!("\"{}\"", form(n))).collect::<Vec<_>>().join(", ");
    format!(
        "[filesystem]\nread_allow = [{read}]\ndeny = [{deny}]\n[network]\nhttp_get_allow = [{}]\n[environment]\nallow_vars = [{}]\n\
         [subprocess]\nallow_commands = [\"git status\", \"cargo test **\", {}]\ndeny_args = {{ git = [\"push --force\", \"reset --hard\"] }}\n",
        many(&|n| format!("h{n}.example.com")),
        many(&|n| format!("VAR_{n}")),
        many(&|n| format!("tool{n} run **")),
    )
}

fn paths(policy: &Policy, rules: usize) {
    let last = rules / 5 - 1;
    for (what, path) in [
        ("directory", format!("/code/project/dir{last}/a/b/c.rs")),
        ("literal file", format!("/code/project/docs/file{last}.md")),
        ("wild middle", format!("/code/project/pkg{last}-core/src/main.rs")),
        ("denied extension", format!("/code/project/dir1/x.ext{last}")),
        ("denied name", format!("/code/project/dir1/a/secret{last}/x")),
        ("miss", "/code/project/other/a/b/c.rs".to_owned()),
        ("miss elsewhere", "/usr/share/doc/some/thing.txt".to_owned()),
    ] {
        let path = Path::new(&path);
        ask(policy, what, &Access::Path { op: PathOp::Read, path });
    }
}

fn others(policy: &Policy, rules: usize) {
    let url = RequestUrl::parse(&format!("https://h{}.example.com/v1/x", rules - 1)).unwrap();
    ask(policy, "host", &Access::Http { method: Method::Get, url: &url });
    let url = RequestUrl::parse("https://elsewhere.example.org/v1/x").unwrap();
    ask(policy, "host, miss", &Access::Http { method: Method::Get, url: &url });
    let name = format!("VAR_{}", rules - 1);
    ask(policy, "variable", &Access::Env { name: &name });
    ask(policy, "variable, miss", &Access::Env { name: "OTHER" });
    let root = Path::new("/code/project");
    for argv in [vec!["git", "status"], vec!["cargo", "test", "-p", "x"], vec!["git", "push", "--force"], vec!["unknown", "a"]] {
        let words: Vec<String> = argv.iter().map(|w| (*w).to_owned()).collect();
        let request = ExecRequest::parse(&words, root);
        ask(policy, &format!("exec {}", argv.join(" ")), &Access::Exec(&request));
    }
}

fn ask(policy: &Policy, what: &str, access: &Access<'_>) {
    let verdict = policy.decide(access).verdict();
    let mut rounds: Vec<f64> = (0..101)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..1_000 {
                black_box(policy.decide(black_box(access)));
            }
            start.elapsed().as_secs_f64() * 1e6 / 1_000.0
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("  {what:24} {:6} {:8.3} µs", verdict.to_string(), rounds[rounds.len() / 2]);
}
