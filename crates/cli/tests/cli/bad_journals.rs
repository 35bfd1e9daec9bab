//! Journals that cannot be written, are shared, or lose their writer. What is not written down does not happen.

use std::process::Child;

use crate::place::{Place, children, ended, is_alive, start, until, wait};

const POLICY: &str = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out\", \"out/**\"]\n[subprocess]\nallow_commands = [\"sleep\"]\n";

#[test]
fn a_journal_that_can_only_be_read() {
    let place = Place::new();
    std::fs::write(&place.journal, "").unwrap();
    let mut set = std::fs::metadata(&place.journal).unwrap().permissions();
    set.set_readonly(true);
    std::fs::set_permissions(&place.journal, set).unwrap();
    place.run(POLICY, "fs.write(\"out/x\", \"y\")\nprint(1)").is(5, &["journal", "audit.jsonl"]).in_one_line().prints("");
    assert!(!place.project.join("out").exists());
}

#[test]
fn a_journal_that_is_no_file() {
    let place = Place::new();
    place.file("policy.toml", POLICY);
    place.file("script.star", "print(1)");
    for journal in ["/dev/full", "/dev/null", "/proc/nowhere/audit.jsonl", "script.star/audit.jsonl", "."] {
        let ended = place.aegis(&["run", "--policy", "policy.toml", "--audit", journal, "script.star"]);
        ended.is(5, &[]).in_one_line().prints("");
    }
}

/// Runs with room for this many blocks of 512 bytes in any file.
fn with_room(place: &Place, blocks: u32, script: &str) -> crate::place::Ended {
    place.file("policy.toml", POLICY);
    place.file("script.star", script);
    let mut command = place.program("/bin/sh");
    command.args(["-c", &format!("ulimit -f {blocks}; exec \"$0\" \"$@\"")]).arg(crate::place::binary());
    command.args(["run", "--policy", "policy.toml", "--audit"]).arg(&place.journal).arg("script.star");
    wait(command)
}

#[test]
fn a_full_disk_stops_the_run_before_the_next_effect() {
    let place = Place::new();
    let ended = with_room(&place, 32, "for i in range(1000):\n    fs.write(\"out/%s\" % i, \"x\")\nprint(\"all\")\n");
    ended.is(5, &["journal"]).prints("");
    assert_eq!(ended.signal, None, "an error, no signal");
    let done = std::fs::read_dir(place.project.join("out")).unwrap().count();
    assert!((1..1000).contains(&done), "{done} files");
    // every file that was written has its intent in the journal
    let intents = place.records_of("effect.intent").len();
    assert!(intents >= done, "{intents} intents, {done} files");
    // and with room again the next run goes on behind it
    place.run(POLICY, "print(1)").is(0, &[]).prints("1\n");
    place.records();
}

#[test]
fn no_room_at_all() {
    let place = Place::new();
    let ended = with_room(&place, 0, "fs.write(\"out/x\", \"y\")\nprint(1)\n");
    ended.is(5, &["journal"]).prints("");
    assert!(!place.project.join("out").exists());
}

#[test]
fn two_runs_on_one_journal() {
    let place = Place::new();
    let script = "for i in range(300):\n    fs.write(\"out/%s-%s\" % (args.name, i), \"x\")\nprint(\"done\")\n";
    place.file("policy.toml", POLICY);
    place.file("script.star", script);
    let runs: Vec<Child> = ["a", "b", "c"]
        .map(|name| {
            let mut command = place.command();
            command.args(["run", "--policy", "policy.toml", "--audit"]).arg(&place.journal).args(["--arg", &format!("name={name}"), "script.star"]);
            start(command)
        })
        .into();
    for run in runs {
        ended(run).is(0, &[]).prints("done\n");
    }
    let records = place.records();
    let of = |kind: &str| records.iter().filter(|r| r["kind"] == kind).count();
    assert_eq!((of("run.start"), of("effect.intent"), of("effect.outcome"), of("run.end")), (3, 900, 900, 3));
    assert_eq!(std::fs::read_dir(place.project.join("out")).unwrap().count(), 900);
}

/// A run in the middle of a child that sleeps, so that its intent is written and its outcome is not.
fn in_the_middle(place: &Place, seconds: &str) -> Child {
    let run = start(place.running(POLICY, &format!("fs.write(\"out/x\", \"y\")\nsubprocess.run([\"sleep\", \"{seconds}\"])\nprint(\"end\")\n")));
    until("the child runs", || is_alive(&format!("sleep {seconds}")));
    run
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn the_broker_is_killed_between_intent_and_outcome() {
    let place = Place::new();
    let run = in_the_middle(&place, "86411");
    let worker = worker(&run);
    kill(run.id());
    assert_eq!(ended(run).signal, Some(9));
    let records = place.records();
    let last = records.last().unwrap();
    assert_eq!((&last["kind"], &last["capability"]), (&"effect.intent".into(), &"subprocess.exec".into()));
    // nobody goes on without it
    until("the child is gone", || !is_alive("sleep 86411"));
    until("the worker is gone", || !std::path::Path::new(&format!("/proc/{worker}/exe")).exists());
    place.run(POLICY, "print(1)").is(0, &[]);
    assert_eq!(place.records_of("run.end").len(), 1);
}

#[test]
fn the_worker_is_killed_between_intent_and_outcome() {
    let place = Place::new();
    let run = in_the_middle(&place, "3.00086");
    kill(worker(&run));
    let ended = ended(run);
    ended.prints("").in_one_line();
    assert!(matches!(ended.code, Some(5 | 70)), "{ended:#?}");
    let records = place.records();
    let kinds: Vec<&str> = records.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|k| **k == "effect.intent").count(), 2);
    assert_eq!(kinds.iter().filter(|k| **k == "effect.outcome").count(), 2, "what was begun has its outcome");
    assert_eq!(kinds.last(), Some(&"run.end"));
    assert!(!is_alive("sleep 3.00086"));
}

/// The worker of a run: its child that is no `sleep`.
fn worker(run: &Child) -> u32 {
    let is_sleep = |pid: &u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default().starts_with(b"sleep");
    children(run.id()).into_iter().find(|pid| !is_sleep(pid)).unwrap()
}

#[test]
fn a_reader_that_has_had_enough() {
    let place = Place::new();
    place.run(POLICY, "for i in range(2000):\n    fs.exists(\"x\")\n").is(0, &[]);
    place.file("policy.toml", POLICY);
    let journal = place.journal.display();
    for verb in [format!("audit show {journal}"), format!("audit show --json {journal}"), "policy schema".to_owned(), "policy show policy.toml".to_owned(), "man".to_owned(), "completions bash".to_owned()] {
        let mut command = place.program("/bin/sh");
        command.args(["-c", &format!("\"$0\" {verb} | head -c 1 >/dev/null")]).arg(crate::place::binary());
        let ended = wait(command);
        ended.is(0, &[]);
        assert_eq!(ended.err, "", "{verb}");
    }
}
