//! Every exit code of `aegis run`, by a run that ends with it.

use crate::place::Place;

const POLICY: &str = "requires_approval = [\"fs.delete\"]\n[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out/**\", \"out\"]\n\
                      delete_allow = [\"out/**\"]\ndeny = [\"secret.txt\"]\n[runtime]\nmax_total_calls = 5\n";

#[test]
fn each_code() {
    let place = Place::new();
    place.file("out/keep", "keep");
    place.run(POLICY, "print(1)").is(0, &[]).prints("1\n");
    place.run(POLICY, "print(1)\nfail(\"on purpose\")").is(1, &["script.star:2:1: ", "on purpose"]).in_one_line().prints("1\n");
    place.run(POLICY, "p = \"/etc/passwd\"\nprint(fs.read(p))").is(2, &["script.star:2:7: denied: fs.read /etc/passwd", "way out: "]).in_one_line();
    place.run(POLICY, "print(1)\nprint(fs.read(\"secret.txt\"))").is(3, &["script.star:2:7", "refused before anything ran"]).prints("");
    place.run(POLICY, "fs.delete(\"out/keep\")").is(4, &["script.star:1:1: not approved: fs.delete out/keep", "way out: "]).in_one_line();
    assert_eq!(place.read("out/keep"), "keep");
    place.run("[nonsense]\n", "print(1)").is(5, &["policy.toml:1:"]).in_one_line();
    place.run(POLICY, "for _ in range(10):\n    fs.exists(\"x\")\n").is(6, &["script.star:2:5: ", "max_total_calls"]).in_one_line();
    place.aegis(&["run"]).is(64, &["Usage: aegis run"]);
    place.aegis(&["run", "--no-such", "x"]).is(64, &["--no-such"]);
    place.aegis(&["rnu"]).is(64, &["rnu"]);
    place.aegis::<&str>(&[]).is(64, &["Usage: aegis"]);
}

#[test]
fn yes_approves_and_says_so_in_the_journal() {
    let place = Place::new();
    place.file("out/keep", "keep");
    let mut command = place.running(POLICY, "fs.delete(\"out/keep\")");
    command.arg("--yes");
    crate::place::wait(command).is(0, &[]);
    assert!(!place.project.join("out/keep").exists());
    let approvals = place.records_of("approval");
    assert_eq!(approvals.len(), 1);
    assert!(approvals[0]["by"].as_str().unwrap().contains("--yes"), "{}", approvals[0]);
}

#[test]
fn the_codes_of_check_and_why() {
    let place = Place::new();
    place.file("policy.toml", POLICY);
    place.file("good.star", "print(fs.read(\"x\"))");
    place.file("bad.star", "print(fs.read(\"secret.txt\"))");
    place.file("broken.star", "print(");
    let check = |script: &str| place.aegis(&["check", "--policy", "policy.toml", script]);
    check("good.star").is(0, &[]).prints("good.star: nothing found\n");
    assert!(check("bad.star").is(3, &[]).out.contains("bad.star:1:7"));
    assert_ne!(check("broken.star").code, Some(0));
    let why = |words: &[&str]| place.aegis(&[&["why", "--policy", "policy.toml"], words].concat());
    assert!(why(&["fs.read", "src/x"]).is(0, &[]).out.starts_with("allowed: fs.read src/x\n"));
    assert!(why(&["fs.delete", "out/keep"]).is(4, &[]).out.contains("fs.delete"));
    let denied = why(&["exec", "git", "push", "-f"]);
    assert!(denied.is(2, &[]).out.starts_with("denied: exec git push -f\n"), "{denied:#?}");
    why(&["fs.raed", "x"]).is(64, &["fs.raed"]).in_one_line();
}
