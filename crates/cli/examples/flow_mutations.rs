//! Switches off one check of the flow control after the other, and says whether the noninterference tests notice.
//!
//! `cargo run -p aegis --example flow_mutations` tries every row of `tests/flow/mutations.toml`; words after `--` name the rows to try, each
//! by a part of its name. Every fifth attack goes first; where that is not enough, all of them. It works on a copy of the repository, with a target directory of its own that later runs use again. It ends with 1
//! if a row is not as the table says.

#[path = "../tests/flow/mutations.rs"]
mod mutations;

use std::error::Error;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use mutations::{Edit, Mutation, mutations, repository};

/// Longer than building or trying one row takes, unless it hangs.
const HANGS: Duration = Duration::from_secs(900);

const ATTACKS: &str = "no_attack_tells_worlds_apart";

/// What came of a row.
enum Came {
    /// How many scripts told the worlds apart, and the first of them.
    Caught(String),
    NotCaught,
    /// With what the compiler said.
    DoesNotBuild(String),
    /// The tests ended without a word on scripts, or took too long: that shows nothing.
    Broke,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let all = mutations()?;
    let chosen = all.iter().filter(|row| parts.is_empty() || parts.iter().any(|part| row.name.contains(part)));
    let copy = Copy::make()?;
    let (mut caught, mut held, mut wrong) = (0, 0, 0);
    for row in chosen {
        let began = Instant::now();
        let came = copy.with(&row.edits, || copy.test(row))?;
        let (fits, text) = match (&came, &row.held_by) {
            (Came::Caught(how), None) => (true, format!("caught by {how}")),
            (Came::NotCaught, Some(by)) => (true, format!("held: {by}")),
            (Came::Caught(how), Some(_)) => (false, format!("NOT HELD: caught by {how}")),
            (Came::NotCaught, None) => (false, "NOT CAUGHT".to_owned()),
            (Came::DoesNotBuild(why), _) => (false, format!("DOES NOT BUILD\n{why}")),
            (Came::Broke, _) => (false, "THE TESTS BROKE".to_owned()),
        };
        match fits {
            true if row.held_by.is_some() => held += 1,
            true => caught += 1,
            false => wrong += 1,
        }
        println!("{} ({}; {} s): {text}", row.name, row.off, began.elapsed().as_secs());
    }
    println!("{caught} caught, {held} held by another check, {wrong} not as the table says");
    Ok(ExitCode::from(u8::from(wrong > 0)))
}

/// The repository as it lies there, apart from it.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn make() -> Result<Copy, Box<dyn Error>> {
        let from = repository().canonicalize()?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| from.join("target"), PathBuf::from);
        let top = target.join("flow-mutations");
        let copy = Copy { tree: top.join("tree"), target: top.join("target") };
        if copy.tree.exists() {
            std::fs::remove_dir_all(&copy.tree)?;
        }
        let listed =
            Command::new("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&from).output()?;
        for path in String::from_utf8(listed.stdout)?.split('\0').filter(|path| !path.is_empty()) {
            copied(&from.join(path), &copy.tree.join(path)).map_err(|error| format!("{path}: {error}"))?;
        }
        Ok(copy)
    }

    /// Does something while the text is changed.
    fn with(&self, edits: &[Edit], then: impl FnOnce() -> Result<Came, Box<dyn Error>>) -> Result<Came, Box<dyn Error>> {
        let mut before = Vec::new();
        for edit in edits {
            let path = self.tree.join(&edit.file);
            let text = std::fs::read_to_string(&path)?;
            std::fs::write(&path, text.replacen(&edit.find, &edit.replace, 1))?;
            before.push((path, text));
        }
        let came = then();
        // the last first: a file may have been changed twice
        for (path, text) in before.into_iter().rev() {
            std::fs::write(path, text)?;
        }
        came
    }

    fn test(&self, row: &Mutation) -> Result<Came, Box<dyn Error>> {
        let (builds, said) = self.cargo(&["--no-run"], "1")?;
        if !builds {
            let errors = said.split("\n\n").filter(|part| part.contains("error"));
            return Ok(Came::DoesNotBuild(errors.collect::<Vec<_>>().join("\n")));
        }
        let mut words = vec!["--", "--exact"];
        match row.tests.as_slice() {
            [] => words.push(ATTACKS),
            tests => words.extend(tests.iter().map(String::as_str)),
        }
        let (mut passes, mut said) = (true, String::new());
        for every in ["5", "1"] {
            if passes {
                (passes, said) = self.cargo(&words, every)?;
            }
        }
        if passes {
            return Ok(Came::NotCaught);
        }
        // "12 of 624:", and then a line for each
        let is_count =
            |line: &str| line.strip_suffix(':').and_then(|line| line.split_once(" of ")).is_some_and(|(n, _)| n.parse::<u32>().is_ok());
        let mut lines = said.lines().skip_while(|line| !is_count(line));
        let (Some(count), Some(first)) = (lines.next(), lines.next()) else { return Ok(Came::Broke) };
        let first = first.split(": ").next().unwrap_or_default();
        Ok(Came::Caught(format!("{}, first {first}", count.trim_end_matches(':'))))
    }

    /// Whether it went well with every so many of the scripts, and what it said.
    fn cargo(&self, words: &[&str], every: &str) -> Result<(bool, String), Box<dyn Error>> {
        let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
        command.args(["test", "-q", "-p", "aegis", "--test", "flow", "--locked"]).args(words);
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target).env_remove("AEGIS_FLOW_ONLY").env("AEGIS_FLOW_EVERY", every);
        // what a cargo that runs this says of its package: build scripts would take it for a change
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
        let mut child = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let said = [child.stdout.take().map(reader), child.stderr.take().map(reader)];
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if began.elapsed() > HANGS {
                // all that it started, too
                if let Some(group) = rustix::process::Pid::from_raw(i32::try_from(child.id())?) {
                    rustix::process::kill_process_group(group, rustix::process::Signal::KILL)?;
                }
                child.wait()?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let said: Vec<String> = said.into_iter().flatten().filter_map(|thread| thread.join().ok()).collect();
        Ok((status.is_some_and(|status| status.success()), said.join("\n")))
    }
}

fn reader(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// With its time, so that nothing is built again that was built from it before.
fn copied(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    if from.is_symlink() {
        return std::os::unix::fs::symlink(std::fs::read_link(from)?, to);
    }
    if !from.exists() {
        // deleted, and not committed yet
        return Ok(());
    }
    std::fs::copy(from, to)?;
    std::fs::File::options().append(true).open(to)?.set_modified(std::fs::metadata(from)?.modified()?)
}
