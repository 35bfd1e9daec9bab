//! `aegis policy edit`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use aegis_policy::Policy;

use crate::home::Start;
use crate::{chosen, exit};

/// Edits a copy; only a copy that loads takes the place of the policy.
pub(crate) fn edit(file: Option<PathBuf>, start: &Start) -> ExitCode {
    let path = match chosen::file(file, start) {
        Ok(path) => path,
        Err(error) => return exit::failure(&error),
    };
    match edit_copy(&path, start) {
        Ok(Some(())) => {
            let shown = start.shown(&path);
            say!("{shown}: replaced; to trust it as it is now: aegis trust {shown}");
            ExitCode::SUCCESS
        }
        Ok(None) => {
            say!("{}: unchanged", start.shown(&path));
            ExitCode::SUCCESS
        }
        Err(error) => exit::failure(&error),
    }
}

fn edit_copy(path: &Path, start: &Start) -> Result<Option<()>, String> {
    let old = std::fs::read_to_string(path).map_err(|e| format!("{}: {}", start.shown(path), exit::reason(&e)))?;
    let editor = ["VISUAL", "EDITOR"].iter().find_map(|v| start.var(v).filter(|e| !e.trim().is_empty()));
    let editor = editor.ok_or("set $VISUAL or $EDITOR to your editor")?;
    // beside the policy, so that relative `inherits` mean the same
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut copy = tempfile::Builder::new().prefix(".aegis-edit-").suffix(".toml").tempfile_in(directory).map_err(|e| e.to_string())?;
    copy.write_all(old.as_bytes()).and_then(|()| copy.flush()).map_err(|e| e.to_string())?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let environment: Vec<(&str, &std::ffi::OsString)> =
        start.environment.names().filter_map(|n| Some((n, start.environment.get(n)?))).collect();
    let status = Command::new(program)
        .args(words)
        .arg(copy.path())
        .envs(environment)
        .status()
        .map_err(|e| format!("the editor `{program}` cannot be started: {e}"))?;
    if !status.success() {
        return Err(format!("the editor ended with {status}; the policy is unchanged"));
    }
    let new = std::fs::read_to_string(copy.path()).map_err(|e| e.to_string())?;
    if new == old {
        return Ok(None);
    }
    Policy::load(copy.path(), &start.finder(), &start.surroundings()).map_err(|e| {
        let text = e.to_string().replace(&copy.path().display().to_string(), &start.shown(path));
        format!("{text}; the policy is unchanged")
    })?;
    super::init::replace(path, &new).map_err(|e| e.to_string())?;
    Ok(Some(()))
}
