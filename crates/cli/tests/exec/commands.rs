//! Commands that scripts start: what public ones and those with local-only data can and cannot do.

use std::io::Write;

use crate::place::{self, Ended, Place, wait};
use crate::web::{Server, ok};

const SECRET: &str = "swordfish-KJ5z-Hq3C";

const POLICY: &str = r#"
version = 1
[filesystem]
read_allow = ["**"]
deny = ["closed/**"]
local_only_read = ["token.txt", "vault/**"]
write_allow = ["out/**"]
local_only_write = ["vault/**", "out/late.txt"]
delete_allow = ["out/**", "vault/**"]
[environment]
allow_vars = ["PATH", "SHOWN"]
[subprocess]
confine = "required"
allow_commands = ["/bin/sh public.sh **"]
local_only_commands = ["/bin/sh private.sh **"]
[runtime]
max_seconds = 50
"#;

struct Scripts {
    place: Place,
    policy: String,
}

impl Scripts {
    /// None where this machine cannot hold a command.
    fn new(policy: &str) -> Option<Scripts> {
        let place = Place::new();
        place.file("token.txt", SECRET);
        place.file("closed/key", SECRET);
        place.dir("vault");
        place.dir("out");
        let scripts = Scripts { place, policy: policy.to_owned() };
        let ended = scripts.public("true");
        if ended.err.contains("the kernel cannot hold commands here") {
            let _ = writeln!(std::io::stderr(), "SKIPPED, not shown on this machine: {}", ended.err.trim());
            return None;
        }
        ended.is(0, &[]);
        Some(scripts)
    }

    /// Runs a line as a public command, and prints what it said.
    fn public(&self, line: &str) -> Ended {
        self.place.file("public.sh", line);
        self.script("r = subprocess.run([\"/bin/sh\", \"public.sh\"])\nprint(r.stdout + r.stderr)")
    }

    /// Runs a line as a local-only command.
    fn private(&self, line: &str) -> Ended {
        self.place.file("private.sh", line);
        self.script("r = subprocess.run([\"/bin/sh\", \"private.sh\"])\nfs.write(\"vault/said\", \"\\n\" + r.stdout + r.stderr)")
    }

    fn script_with_public(&self, line: &str, script: &str) -> Ended {
        self.place.file("public.sh", line);
        self.script(script)
    }

    fn script(&self, script: &str) -> Ended {
        let mut command = self.place.running(&self.policy, script);
        command.env("SHOWN", "yes").env("HIDDEN", SECRET);
        wait(command)
    }

    fn is_there(&self, path: &str) -> bool {
        self.place.project.join(path).exists()
    }
}

#[test]
fn a_public_command_meets_nothing_local_only() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    scripts.place.file("vault/old", SECRET);
    let ended = scripts.public(
        "cat token.txt vault/old closed/key; cat /proc/self/root$PWD/token.txt /proc/self/cwd/token.txt; cp token.txt out/copy; \
         ln token.txt out/hard; ln -s ../token.txt out/soft; cat out/*; mv token.txt out/moved; mv vault out/v; cat out/moved out/v/old; \
         cat /proc/*/environ; ls -d /proc/[0-9]*; grep -r swordfish . /home /root; echo end",
    );
    assert!(!ended.out.contains(SECRET) && ended.out.contains("end\n"), "{}", ended.out);
    assert_eq!(scripts.place.read("token.txt"), SECRET);
    assert_eq!(scripts.place.read("vault/old"), SECRET);
    // whoever comes later finds it under no public name either
    assert!(!scripts.public("cat out/* out/v/*").out.contains(SECRET));
}

/// What a script writes is there for the command that comes next, and what is local-only is not, whenever it was written.
#[test]
fn what_is_written_during_the_run_is_seen_by_its_rules() {
    let policy = POLICY
        .replace("read_allow = [\"**\"]", "read_allow = [\"public.sh\", \"private.sh\", \"out/**\", \"single.md\", \"*.txt\"]")
        .replace("write_allow = [\"out/**\"]", "write_allow = [\"out/**\", \"single.md\"]");
    for policy in [POLICY.to_owned(), policy] {
        let Some(scripts) = Scripts::new(&policy) else { return };
        scripts.place.file("public.sh", "cat out/* single.md");
        let ended = scripts.script(
            "def cat():\n    return subprocess.run([\"/bin/sh\", \"public.sh\"]).stdout\nprint(\"first:\", cat())\nfs.write(\"out/new\", \"new\")\n\
             print(\"second:\", cat())\nfs.write(\"out/late.txt\", fs.read(\"token.txt\"))\nprint(\"third:\", cat())\n\
             fs.write(\"out/new\", \"newer\")\nprint(\"fourth:\", cat())",
        );
        assert!(!ended.out.contains(SECRET), "{}", ended.out);
        assert_eq!(scripts.place.read("out/late.txt"), SECRET);
        assert!(ended.out.starts_with("first: \nsecond: new\nthird: new\nfourth: newer\n"), "{} {}", ended.out, ended.err);
    }
}

/// A file that a command with local-only data leaves is none that a public one sees, in the same run and in the next.
#[test]
fn commands_hand_nothing_local_only_to_public_ones() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    scripts.place.file("private.sh", "cat token.txt > vault/new; cat token.txt > out/late.txt; cat token.txt > /tmp/t; cat token.txt > /var/tmp/t; cat token.txt > /dev/shm/t; cat token.txt > out/new; mkdir out/dir");
    scripts.place.file("public.sh", "cat vault/* out/* /tmp/* /var/tmp/* /dev/shm/*");
    let ended = scripts.script(
        "subprocess.run([\"/bin/sh\", \"public.sh\"])\nsubprocess.run([\"/bin/sh\", \"private.sh\"])\nr = subprocess.run([\"/bin/sh\", \"public.sh\"])\nprint(r.stdout, r.stderr)",
    );
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(!ended.out.contains(SECRET) && !ended.err.contains(SECRET), "{ended:#?}");
    assert_eq!((scripts.place.read("vault/new").as_str(), scripts.place.read("out/late.txt").as_str()), (SECRET, SECRET));
    assert!(!scripts.is_there("out/new") && !scripts.is_there("out/dir"));
    assert!(!scripts.public("cat vault/* out/* /tmp/*").out.contains(SECRET));
}

#[test]
fn a_command_with_local_only_data_changes_nothing_public() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    scripts.place.file("out/kept", "kept");
    let name = format!("out/{SECRET}");
    let ended = scripts.private(&format!(
        "cat token.txt closed/key; echo x > out/kept; rm -f out/kept; mv out/kept vault/kept; chmod 0 out/kept; touch {name}; mkdir {name}.d; ln vault/said out/said; \
         mv vault/said out/said; ln -s x out/link; touch -d 2001-01-01 out/kept; true < /dev/tcp/127.0.0.1/1"
    ));
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let said = scripts.place.read("vault/said");
    assert_eq!(said.matches(SECRET).count(), said.matches(name.as_str()).count() + 1, "its own file, and not the closed one: {said}");
    assert_eq!(scripts.place.read("out/kept"), "kept");
    assert_eq!(std::fs::read_dir(scripts.place.project.join("out")).unwrap().count(), 1);
    let modified = std::fs::metadata(scripts.place.project.join("out/kept")).unwrap().modified().unwrap();
    assert!(modified.elapsed().unwrap().as_secs() < 3600);
    // what it tried is in nobody's words: a name can be made of what it read
    assert!(!ended.err.contains("denied") && !ended.out.contains(SECRET), "{ended:#?}");
    let journal = std::fs::read_to_string(&scripts.place.journal).unwrap();
    assert!(!journal.contains(SECRET), "{journal}");
    assert!(!scripts.place.records_of("denied").is_empty());
}

/// How many local-only files there are is as secret as what is in them: a public program's view has one name for all of them, and they do
/// not count against what may be looked at.
#[test]
fn how_many_local_only_files_there_are_changes_nothing_public() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    scripts.place.file("policy.toml", POLICY);
    let view = || {
        let ended = scripts.place.aegis(&["exec", "--policy", "policy.toml", "--no-audit", "--dry-run", "--json", "--", "true"]);
        ended.is(0, &[]);
        ended.out.clone()
    };
    let before = view();
    assert!(before.contains("/vault\"") && !before.contains("/vault/"), "{before}");
    for n in 0..100 {
        scripts.place.file(format!("vault/{n}"), SECRET);
    }
    assert_eq!(view(), before);
}

/// A public command could give a public file a second, local-only name; what was written there later stood under the first one.
#[test]
fn a_second_name_makes_nothing_public() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    scripts.place.file("public.sh", "echo public > out/a; ln out/a out/late.txt");
    scripts.place.file(
        "private.sh",
        "cat token.txt > out/late.txt; cat token.txt >> out/late.txt; true < token.txt 1<> out/late.txt; ln vault/c vault/d",
    );
    let ended = scripts.script(
        "subprocess.run([\"/bin/sh\", \"public.sh\"])\nsubprocess.run([\"/bin/sh\", \"private.sh\"])\nfs.append(\"out/late.txt\", fs.read(\"token.txt\"))",
    );
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let names = || std::os::unix::fs::MetadataExt::nlink(&std::fs::metadata(scripts.place.project.join("out/a")).unwrap());
    assert_eq!((names(), scripts.place.read("out/a").as_str()), (2, "public\n"), "else there is nothing to see");
    // written anew, it is another file
    scripts.script("fs.write(\"out/late.txt\", fs.read(\"token.txt\"))").is(0, &[]);
    assert_eq!((scripts.place.read("out/a").as_str(), scripts.place.read("out/late.txt").as_str()), ("public\n", SECRET));
}

#[test]
fn hosts_are_reached_by_what_they_may_know() {
    let open = Server::answering(|_, stream| ok(stream, "text/plain", b"open"));
    let cleared = Server::answering(|_, stream| ok(stream, "text/plain", b"cleared"));
    let policy = format!(
        "{POLICY}\n[network]\nhttp_get_allow = [\"{}\"]\nlocal_only_hosts = [\"{}\"]\nallow_ips = [\"127.0.0.1\"]\n",
        open.url(),
        cleared.url()
    );
    let policy = policy.replace("confine = \"required\"", "confine = \"required\"\nnetwork = \"proxy\"");
    let Some(scripts) = Scripts::new(&policy) else { return };
    if !scripts.public("command -v curl").out.contains("curl") {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no curl here");
        return;
    }
    let both = |secret: &str| format!("for host in {} {}; do curl -sS -m 10 --noproxy '' $host/{secret}; done", open.url(), cleared.url());
    let (seen_open, seen_cleared) = (open.seen().len(), cleared.seen().len());
    let ended = scripts.public(&both("x"));
    assert!(ended.out.contains("open") && !ended.out.contains("cleared"), "{}", ended.out);
    assert_eq!((open.seen().len(), cleared.seen().len()), (seen_open + 1, seen_cleared));
    scripts.private(&both("$(cat token.txt)")).is(0, &[]);
    assert!(scripts.place.read("vault/said").contains("cleared") && !scripts.place.read("vault/said").contains("open"));
    assert_eq!((open.seen().len(), cleared.seen().len()), (seen_open + 1, seen_cleared + 1));
    assert!(!std::fs::read_to_string(&scripts.place.journal).unwrap().contains(SECRET));
    // the records name the effect that they belong to
    let opened = scripts.place.records_of("connection.open");
    assert!(opened.len() == 2 && opened.iter().all(|record| record["effect"].is_u64()), "{opened:?}");
}

#[test]
fn nothing_that_a_command_started_is_left() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    let name = format!("8{}", std::process::id());
    let ended = scripts.script_with_public(
        &format!("sleep {name} & setsid sleep {name} & trap '' TERM; exit 0"),
        "r = subprocess.run([\"/bin/sh\", \"public.sh\"])\nprint(r.exit_code, subprocess.run([\"/bin/sh\", \"public.sh\", \"again\"]).exit_code)",
    );
    ended.is(0, &[]).prints("0 0\n");
    assert!(!place::is_alive(&format!("sleep {name}")));
    // and of one that is stopped at its time neither
    let slow = scripts.policy.replace("confine = \"required\"", "confine = \"required\"\ntimeout_seconds = 1");
    let scripts = Scripts { policy: slow, ..scripts };
    let ended = scripts.public(&format!("trap '' TERM; sleep {name} & sleep {name}"));
    assert!(ended.err.contains("timed out and was killed"), "{ended:#?}");
    assert!(!place::is_alive(&format!("sleep {name}")));
}

#[test]
fn what_is_denied_is_told_with_the_line_to_add() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    let ended = scripts.public("echo x > b.txt; echo x > policy.toml; mkdir .git; echo x > out/ok");
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(scripts.is_there("out/ok") && !scripts.is_there("b.txt") && !scripts.is_there(".git"));
    assert_eq!(scripts.place.read("policy.toml"), scripts.policy);
    let told = "aegis: denied: fs.write b.txt: no rule in [filesystem].write_allow matches\n  way out: add \"b.txt\"";
    assert!(ended.err.contains(told), "{}", ended.err);
    assert!(scripts.place.records_of("denied").iter().any(|record| record["target"].as_str().unwrap().ends_with("/b.txt")));
    let confinement = scripts.place.records_of("confinement");
    assert!(confinement.iter().all(|record| record["actual"].as_str().unwrap().contains("changes judged one by one")), "{confinement:?}");
}

/// Inside `aegis exec` no namespaces can be made: a machine that lacks them.
#[test]
fn where_the_kernel_cannot_hold_commands_the_policy_says_what_happens() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    scripts.place.file("public.sh", "echo ran > out/ran; echo ran");
    scripts.place.file(
        "outer.toml",
        "version = 1\n[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out/**\", \"log/**\"]\n[environment]\nallow_vars = [\"PATH\"]\n",
    );
    scripts.place.file("script.star", "print(subprocess.run([\"/bin/sh\", \"public.sh\"]).stdout)");
    let inside = |confine: &str| {
        scripts.place.file("inner.toml", POLICY.replace("\"required\"", confine));
        let mut command = scripts.place.command();
        command.args(["exec", "--policy", "outer.toml", "--no-audit", "--"]).arg(place::binary());
        command.args(["run", "--policy", "inner.toml", "--audit", "log/log", "script.star"]);
        wait(command)
    };
    let ended = inside("\"required\"");
    ended.is(2, &["[subprocess].confine is \"required\", and the kernel cannot hold commands here: ", "aegis doctor"]);
    assert!(!scripts.is_there("out/ran"));
    let ended = inside("\"auto\"");
    ended.is(0, &["commands ran without confinement by the kernel: "]).prints("ran\n\n");
    assert!(scripts.is_there("out/ran"));
    let log = std::fs::read_to_string(scripts.place.project.join("log/log")).unwrap();
    assert!(log.contains("\"kind\":\"confinement\",\"actual\":\"none: "), "{log}");
}

/// Commands could make more names than are looked at, and the next one ran unconfined under `confine = "auto"`.
#[test]
fn what_commands_bring_about_does_not_set_them_free() {
    let auto = POLICY.replace("\"required\"", "\"auto\"");
    let Some(scripts) = Scripts::new(&auto) else { return };
    if scripts.public("true").err.contains("without confinement") {
        let _ = writeln!(std::io::stderr(), "SKIPPED, not shown on this machine: a plan that is too large");
        return;
    }
    // a directory holds one name for each; a file has at most 65,000
    for directory in 0..5 {
        let first = scripts.place.file(format!("out/{directory}/0"), "x");
        for n in 1..40_200 {
            std::fs::hard_link(&first, first.with_file_name(n.to_string())).unwrap();
        }
    }
    let ended = scripts.public("echo ran > out/ran; cat token.txt");
    ended.is(2, &["the kernel holds commands here, but could not hold this one: more than 200000 names below "]);
    assert!(!scripts.is_there("out/ran") && !ended.out.contains(SECRET));
}

#[test]
fn the_doctor_says_what_holds_here() {
    let Some(scripts) = Scripts::new(POLICY) else { return };
    scripts.place.file("policy.toml", POLICY);
    let ended = scripts.place.aegis(&["doctor", "--policy", "policy.toml"]);
    ended.is(0, &[]);
    assert!(ended.out.contains("namespaces       yes") && ended.out.contains("\"required\": kept"), "{}", ended.out);
    // where there are none
    scripts.place.file("outer.toml", "version = 1\n[filesystem]\nread_allow = [\"**\"]\n[environment]\nallow_vars = [\"PATH\"]\n");
    let inside = |more: &[&str]| {
        let mut command = scripts.place.command();
        command.args(["exec", "--policy", "outer.toml", "--no-audit", "--"]).arg(place::binary());
        command.args(["doctor", "--policy", "policy.toml"]).args(more);
        let ended = wait(command);
        assert_eq!(ended.code, Some(5), "{ended:#?}");
        ended
    };
    let ended = inside(&[]);
    assert!(ended.out.contains("namespaces       no: ") && ended.out.contains("cannot be kept here, so no command runs"), "{}", ended.out);
    let object: serde_json::Value = serde_json::from_str(&inside(&["--json"]).out).unwrap();
    assert_eq!((object["namespaces"].as_bool(), object["kept"].as_bool()), (Some(false), Some(false)), "{object}");
}
