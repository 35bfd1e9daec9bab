//! What reading and judging a text costs: `cargo run --release -p aegis-shell --example shell_bench`. Medians of many rounds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use aegis_policy::{Finder, Policy, Surroundings};
use aegis_shell::{Around, Dialect, judge, judge_text, parse};

const POLICY: &str = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"src/**\", \"target/**\"]\ndeny = [\".env*\"]\n[subprocess]\n\
    allow_commands = [\"git status **\", \"git diff **\", \"cargo test **\", \"head\", \"rg\", \"cat\", \"ls\", \"sed\", \"wc\"]\n\
    deny_commands = [\"rm -rf **\", \"sudo\"]\ndeny_args = { git = [\"push --force\"] }\n";

fn main() {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    let policy = Policy::from_text("bench.toml", POLICY, Path::new("/work"), &finder, &Surroundings::default()).unwrap();
    let around = Around { cwd: Path::new("/work"), home: Some(Path::new("/home/mia")), lookup: None };
    let many = |one: &str, count: usize| vec![one; count].join(" && ");
    for (name, text) in [
        ("one word", "ls".to_owned()),
        ("short", "git status -s".to_owned()),
        ("typical", "cd crates && cargo test -p aegis-shell -- --nocapture 2>&1 | head -40".to_owned()),
        ("typical, in `bash -lc`", "bash -lc \"rg -n 'fn main' src | head -20\"".to_owned()),
        ("with substitutions", "for f in $(git diff --name-only); do sed -n 1,20p \"$f\"; done".to_owned()),
        ("a file by here-document", format!("cat > src/x.rs <<'EOF'\n{}EOF\n", "fn main() { println!(\"hello\"); }\n".repeat(100))),
        ("200 commands", many("git status -s", 200)),
        ("200 different words", many("cat src/a.rs src/b.rs", 200)),
    ] {
        let read = median(|| drop(black_box(parse(&text, Dialect::Bash))));
        let script = parse(&text, Dialect::Bash);
        let judged = median(|| drop(black_box(judge(&policy, &script, Dialect::Bash, around))));
        let both = median(|| drop(black_box(judge_text(&policy, &text, Dialect::Bash, around))));
        let verdict = judge_text(&policy, &text, Dialect::Bash, around).verdict();
        println!("{name:26} {:6} bytes  read {read:>9.1?}  judge {judged:>9.1?}  both {both:>9.1?}  {verdict}", text.len());
    }
}

fn median(mut run: impl FnMut()) -> Duration {
    for _ in 0..50 {
        run();
    }
    let mut times: Vec<Duration> = (0..501)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}
