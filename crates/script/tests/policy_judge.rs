//! The verifier over a real policy: certain denials and flows are errors, everything else is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use aegis_policy::{Finder, Policy, Surroundings};
use aegis_script::{PolicyJudge, RunOptions, Runner, Severity, Source};

const POLICY: &str = r#"
version = 1
[filesystem]
read_allow = ["src/**"]
write_allow = ["out/**"]
deny = ["*.pem"]
[network]
http_post_allow = ["public.example.com"]
local_only_hosts = ["vault.example.com"]
[environment]
local_only_vars = ["TOKEN"]
"#;

fn findings(script: &str) -> Vec<(Severity, String, u32)> {
    let root = tempfile::tempdir().unwrap();
    let base = root.path().canonicalize().unwrap();
    let policy = Policy::from_text("test.toml", POLICY, &base, &Finder::of_this_user(), &Surroundings::default()).unwrap();
    let source = Source::new("test.star".to_owned(), script.to_owned());
    let report = Runner::in_process().check(&source, &RunOptions::default(), &PolicyJudge::new(&policy));
    assert_eq!(report.error, None);
    report.findings.into_iter().map(|f| (f.severity, f.code, f.line)).collect()
}

#[test]
fn what_is_certain_is_an_error() {
    let flow = |line| vec![(Severity::Error, "flow".to_owned(), line)];
    for (script, expected) in [
        ("t = env.read(\"TOKEN\")\nnet.http_post(\"https://public.example.com/\", body=t)\n", flow(2)),
        ("net.http_post(\"https://public.example.com/\", headers={\"x\": env.read(\"TOKEN\")})\n", flow(1)),
        ("t = env.read(\"TOKEN\")\nnet.http_post(\"https://vault.example.com/\", body=t)\n", vec![]),
        ("fs.read(\"src/key.pem\")\n", vec![(Severity::Error, "denied".to_owned(), 1)]),
        // a link could lead it to an allowed place
        ("fs.read(\"other/x\")\n", vec![(Severity::Warning, "denied".to_owned(), 1)]),
        (
            "t = env.read(\"TOKEN\")\nif args:\n    net.http_post(\"https://public.example.com/\", body=t)\n",
            vec![(Severity::Warning, "flow".to_owned(), 3)],
        ),
        ("t = env.read(\"TOKEN\")\nfs.write(\"out/x\", t)\n", vec![(Severity::Warning, "flow".to_owned(), 2)]),
        ("print(env.read(\"TOKEN\"))\n", vec![]),
        ("fs.delete(\"out/x\")\n", vec![(Severity::Error, "capability".to_owned(), 1)]),
    ] {
        assert_eq!(findings(script), expected, "{script}");
    }
}
