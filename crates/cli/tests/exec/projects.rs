//! Projects build, test and commit under the policy that `aegis init` gives for their language.

use std::io::Write;

use crate::place::{Ended, Place, wait};

struct Project {
    place: Place,
}

impl Project {
    /// None where this machine cannot hold commands, or has not these programs.
    fn new(test: &str, lang: &str, programs: &[&str]) -> Option<Project> {
        let place = Place::with_home(test)?;
        let skip = |why: &str| {
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
        };
        let mut command = place.program("/bin/sh");
        let all = programs.iter().map(|program| format!("command -v {program} && {program} --version")).collect::<Vec<_>>().join(" && ");
        command.args(["-c", &all]);
        if wait(command).code != Some(0) {
            skip(&format!("there is no {} for this user", programs.join(", ")));
            return None;
        }
        place.aegis(&["init", "--lang", lang]).is(0, &[]);
        let project = Project { place };
        let ended = project.exec(&["true"]);
        if ended.err.contains("the kernel cannot hold the command here") {
            skip(ended.err.trim());
            return None;
        }
        ended.is(0, &[]);
        Some(project)
    }

    fn exec(&self, words: &[&str]) -> Ended {
        let mut command = self.place.command();
        command.args(["exec", "--no-audit", "--"]).args(words);
        wait(command)
    }

    /// It succeeds, and met no denial.
    fn works(&self, words: &[&str]) -> Ended {
        let ended = self.exec(words);
        assert!(ended.code == Some(0) && !ended.err.contains("aegis: denied"), "{words:?}: {ended:#?}");
        ended
    }
}

#[test]
fn git() {
    let Some(project) = Project::new("projects::git", "rust", &["git"]) else { return };
    project.place.file("src/main.rs", "fn main() {}\n");
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
    // the first of them makes what is a control file: the operator's own
    let mut init = project.place.program("git");
    init.args(["init", "-q", "."]);
    wait(init).is(0, &[]);
    project.works(&["git", "add", "src"]);
    project.works(&[["git"].as_slice(), &identity, &["commit", "-qm", "one"]].concat());
    project.place.file("src/main.rs", "fn main() { }\n");
    project.works(&[["git"].as_slice(), &identity, &["commit", "-qam", "two"]].concat());
    assert_eq!(project.works(&["git", "log", "--oneline"]).out.lines().count(), 2);
    project.works(&["git", "checkout", "-qb", "other"]);
    // it cannot write .git/info, and does without
    assert_eq!(project.exec(&["git", "gc", "-q"]).code, Some(0));
    // and its hooks stay as they are
    let ended = project.exec(&["sh", "-c", "echo x > .git/hooks/pre-commit; git config core.pager x"]);
    assert!(ended.err.contains("denied: fs.write .git/hooks/pre-commit"), "{ended:#?}");
    assert!(!project.place.project.join(".git/hooks/pre-commit").exists() && !project.place.read(".git/config").contains("pager"));
}

#[test]
fn python() {
    let Some(project) = Project::new("projects::python", "python", &["python3"]) else { return };
    project.place.file("src/lib.py", "def two():\n    return 2\n");
    project.place.file("tests/__init__.py", "");
    project.place.file(
        "tests/test_lib.py",
        "import sys, tempfile, unittest\nsys.path.insert(0, 'src')\nimport lib\nclass T(unittest.TestCase):\n    def test(self):\n        with tempfile.NamedTemporaryFile() as f:\n            f.write(b'x')\n        self.assertEqual(lib.two(), 2)\n",
    );
    assert!(project.works(&["python3", "-m", "unittest", "-q"]).err.contains("OK"));
    assert!(project.place.project.join("src/__pycache__").exists());
}

#[test]
fn node() {
    let Some(project) = Project::new("projects::node", "node", &["node", "npm"]) else { return };
    project.place.file("package.json", r#"{ "name": "p", "version": "1.0.0", "scripts": { "test": "node --test", "build": "mkdir -p dist && cp src/a.js dist/ && rm -rf dist/old" } }"#);
    project.place.file("src/a.js", "exports.two = () => 2;\n");
    project.place.file("dist/old/x", "x");
    project.place.file(
        "test/a.test.js",
        "const test = require('node:test');\ntest('two', () => require('node:assert').equal(require('../src/a.js').two(), 2));\n",
    );
    let ended = project.exec(&["npm", "test"]);
    assert!(ended.code == Some(0) && ended.out.contains("pass 1"), "{ended:#?}");
    let ended = project.exec(&["npm", "run", "build"]);
    assert!(ended.code == Some(0) && project.place.project.join("dist/a.js").exists(), "{ended:#?}");
    assert!(!project.place.project.join("dist/old").exists());
}

#[test]
fn make() {
    let Some(project) = Project::new("projects::make", "rust", &["make", "cc"]) else { return };
    project.place.file("src/a.c", "#include <stdio.h>\nint main(void) { puts(\"built\"); return 0; }\n");
    project.place.file(
        "Makefile",
        "target/a: src/a.c\n\tmkdir -p target\n\tcc -o target/a src/a.c\ntest: target/a\n\t./target/a\nclean:\n\trm -f target/a\n",
    );
    assert!(project.works(&["make", "test"]).out.ends_with("built\n"));
    project.works(&["make", "clean"]);
    assert!(!project.place.project.join("target/a").exists());
}

#[test]
fn cargo() {
    let Some(project) = Project::new("projects::cargo", "rust", &["cargo", "cc"]) else { return };
    project.place.file("Cargo.toml", "[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    project.place.file("src/lib.rs", "#[test]\nfn two() {\n    assert_eq!(1 + 1, 2);\n}\n");
    let ended = project.works(&["cargo", "test", "--offline"]);
    assert!(ended.out.contains("1 passed"), "{ended:#?}");
}
