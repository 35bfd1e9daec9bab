//! Files that are not what their name says: nothing blocks, and nothing outside the policy is read or written.

use crate::place::{Place, text, wait};

const POLICY: &str = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out\", \"out/**\"]\ndelete_allow = [\"out/**\"]\n";

#[test]
fn a_pipe_is_not_read_from() {
    let place = Place::new();
    let pipe = place.project.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o666), 0).unwrap();
    place.run(POLICY, "print(fs.read(\"pipe\"))").is(1, &["script.star:1:7: ", "not a file but a named pipe"]).in_one_line();
    place.dir("out");
    std::fs::rename(&pipe, place.project.join("out/pipe")).unwrap();
    place.run(POLICY, "fs.append(\"out/pipe\", \"x\")").is(1, &["named pipe"]).in_one_line();
}

#[test]
fn a_device_is_not_read_from() {
    let place = Place::new();
    let policy = "[filesystem]\nread_allow = [\"/dev/zero\", \"/dev/null\"]\n";
    place.run(policy, "print(len(fs.read_bytes(\"/dev/zero\")))").is(1, &["script.star:1:", "not a file"]).in_one_line().prints("");
    place.run("inherits = \"secure-defaults\"\n[filesystem]\nread_allow = [\"/**\"]\n", "print(fs.read(\"/dev/zero\"))").is(3, &["denied by [filesystem].deny"]).in_one_line();
}

#[test]
fn a_directory_is_not_a_file() {
    let place = Place::new();
    place.dir("src");
    place.run(POLICY, "print(fs.read(\"src\"))").is(1, &["script.star:1:7: ", "directory"]).in_one_line();
    place.dir("out/d");
    place.run(POLICY, "fs.write(\"out/d\", \"x\")").is(1, &["directory"]).in_one_line();
    assert!(place.project.join("out/d").is_dir());
}

#[test]
fn nothing_is_written_through_a_dangling_link() {
    let place = Place::new();
    place.dir("out");
    let outside = place.top().join("outside.txt");
    place.link(&outside, "out/link");
    place.run(POLICY, "fs.write(\"out/link\", \"x\")").is(2, &["script.star:1:1: denied: fs.write out/link"]).in_one_line();
    place.link(place.project.join("out/nowhere"), "out/inside");
    place.run(POLICY, "fs.write(\"out/inside\", \"x\")").is(1, &["script.star:1:1: ", "link"]).in_one_line();
    for script in ["fs.append(\"out/link\", \"x\")", "fs.mkdir(\"out/link\")", "fs.write(\"out/link/x\", \"x\")"] {
        assert_ne!(place.run(POLICY, script).code, Some(0), "{script}");
    }
    assert!(!outside.exists(), "something was written outside");
    assert!(!place.project.join("out/nowhere").exists());
}

#[test]
fn a_link_to_a_file_outside_is_judged_as_that_file() {
    let place = Place::new();
    place.dir("out");
    let outside = place.top().join("outside.txt");
    std::fs::write(&outside, "keep").unwrap();
    std::os::unix::fs::chown(&outside, Some(54321), None).ok();
    place.link(&outside, "out/link");
    place.run(POLICY, "fs.write(\"out/link\", \"x\")").is(2, &["denied"]);
    place.run(POLICY, "print(fs.read(\"out/link\"))").is(2, &["denied"]).prints("");
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "keep");
    // deleting takes the link, never what it leads to
    place.run(POLICY, "fs.delete(\"out/link\")");
    assert!(outside.exists());
}

#[test]
fn dots_behind_a_linked_directory_are_those_of_its_target() {
    let place = Place::new();
    let far = place.top().join("far");
    std::fs::create_dir_all(far.join("inner")).unwrap();
    std::fs::write(far.join("secret.txt"), "secret").unwrap();
    place.file("secret.txt", "mine");
    place.link(far.join("inner"), "dir");
    // by its letters this is ./secret.txt, by the kernel it is far/secret.txt
    let ended = place.run(POLICY, "print(fs.read(\"dir/../secret.txt\"))");
    assert!(!ended.out.contains("secret") && !ended.out.contains("mine"), "{ended:#?}");
    assert_ne!(ended.code, Some(0));
    std::fs::create_dir_all(place.project.join("out")).unwrap();
    place.dir("out");
    place.link(far.join("inner"), "out/dir");
    assert_ne!(place.run(POLICY, "fs.write(\"out/dir/../new.txt\", \"x\")").code, Some(0));
    assert!(!far.join("new.txt").exists());
}

#[test]
fn relative_paths_start_at_the_policy_wherever_one_stands() {
    let place = Place::new();
    place.file("data.txt", "of the project");
    place.file("deep/data.txt", "of the directory");
    place.file("policy.toml", POLICY);
    place.file("script.star", "print(fs.read(\"data.txt\"))\nfs.write(\"out/x\", \"y\")\n");
    let mut command = place.command();
    command.current_dir(place.project.join("deep"));
    command.args(["run", "--policy", "../policy.toml", "--no-audit", "../script.star"]);
    wait(command).is(0, &[]).prints("of the project\n");
    assert!(place.project.join("out/x").exists());
    assert!(!place.project.join("deep/out").exists());
    let mut command = place.command();
    command.current_dir("/").args(["run", "--no-audit", "--policy"]).arg(place.project.join("policy.toml")).arg(place.project.join("script.star"));
    wait(command).is(0, &[]).prints("of the project\n");
}

#[test]
fn the_policy_and_the_journal_are_out_of_reach() {
    let place = Place::new();
    let policy = "[filesystem]\nread_allow = [\"**\"]\nwrite_allow = [\"out/**\"]\n";
    let path = text(&place.journal);
    for script in ["fs.write(\"policy.toml\", \"\")".to_owned(), format!("p = \"{path}\"\nfs.append(p, \"x\")"), format!("p = \"{path}\"\nprint(fs.read(p))")] {
        let ended = place.run(policy, &script);
        assert!(matches!(ended.code, Some(2 | 3)), "{ended:#?}");
    }
    assert_eq!(place.read("policy.toml"), policy);
    place.records();
}

#[test]
fn a_hard_link_to_a_denied_file_is_that_file() {
    let place = Place::new();
    place.file("private/key.txt", "the key");
    std::fs::hard_link(place.project.join("private/key.txt"), place.project.join("harmless.txt")).unwrap();
    let policy = "[filesystem]\nread_allow = [\"**\"]\ndeny = [\"./private/key.txt\"]\n";
    let ended = place.run(policy, "print(fs.read(\"harmless.txt\"))");
    ended.is(2, &["denied"]).prints("");
}
