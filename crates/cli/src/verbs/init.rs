//! `aegis init`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use aegis_policy::{Policy, TrustStore, starter_text};

use crate::cli::{Init, Lang};
use crate::home::Start;
use crate::{exit, output};

/// Writes the starter policy of a language, and trusts what it wrote.
pub(crate) fn init(args: &Init, start: &Start) -> ExitCode {
    let name = match args.lang {
        Lang::Python => "python",
        Lang::Node => "node",
        Lang::Ruby => "ruby",
        Lang::Rust => "rust",
        Lang::Go => "go",
    };
    let Some(text) = starter_text(name) else { return exit::internal(&format!("no starter policy for {name}")) };
    if args.output == Path::new("-") {
        return output::put(text.as_bytes());
    }
    let path = start.cwd.join(&args.output);
    match write(&path, text, args.force) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return exit::failure(&format!("{} exists; --force replaces it", args.output.display()));
        }
        Err(error) => return exit::failure(&format!("{}: {}", args.output.display(), exit::reason(&error))),
    }
    let policy = match Policy::load(&path, &start.finder(), &start.surroundings()) {
        Ok(policy) => policy,
        Err(error) => return exit::failure(&start.load_failure(&error)),
    };
    say!("wrote {}", args.output.display());
    for weakened in policy.weakened() {
        say!("  weakened: {} ({})", weakened.what, weakened.by);
    }
    match record(&path, &policy, start) {
        Ok(()) => say!("trusted on this machine as it is now; after a change: aegis trust {}", args.output.display()),
        Err(error) => return exit::failure(&error),
    }
    say!("next: aegis why exec git status, then aegis run SCRIPT");
    ExitCode::SUCCESS
}

/// A new file is made new; a replaced one is replaced whole.
fn write(path: &Path, text: &str, force: bool) -> std::io::Result<()> {
    if !force {
        let mut file = std::fs::File::options().write(true).create_new(true).open(path)?;
        return file.write_all(text.as_bytes());
    }
    replace(path, text)
}

/// Puts new text in the place of a file, or leaves the old one.
pub(crate) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let directory = target.parent().unwrap_or(Path::new("/"));
    let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
    temporary.write_all(text.as_bytes())?;
    let mode = std::fs::metadata(&target).map_or_else(|_| std::os::unix::fs::PermissionsExt::from_mode(0o644), |m| m.permissions());
    temporary.as_file().set_permissions(mode)?;
    temporary.as_file().sync_all()?;
    temporary.persist(&target).map_err(|e| e.error)?;
    Ok(())
}

/// Records trust in a policy as it was loaded.
pub(crate) fn record(path: &Path, policy: &Policy, start: &Start) -> Result<(), String> {
    let real = std::fs::canonicalize(path).map_err(|e| e.to_string())?;
    let store = TrustStore::open(&start.trust_dir()?).map_err(|e| e.to_string())?;
    store.record(&real, policy.trust_hash()).map_err(|e| e.to_string())
}
