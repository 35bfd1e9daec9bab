//! `aegis policy migrate`.

use std::path::Path;
use std::process::ExitCode;

use crate::{exit, output};

pub(crate) fn migrate(file: &Path, write: bool) -> ExitCode {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return exit::failure(&format!("{}: {}", file.display(), exit::reason(&error))),
    };
    let migrated = match aegis_policy::migrate(&text) {
        Ok(migrated) => migrated,
        Err(error) => {
            // the text has no name of its own
            let text = error.to_string();
            return exit::failure(&format!("{}{}", file.display(), text.strip_prefix("policy").unwrap_or(&text)));
        }
    };
    if !write {
        return output::put(migrated.as_bytes());
    }
    if migrated == text {
        say!("{}: already version 1", file.display());
        return ExitCode::SUCCESS;
    }
    match super::init::replace(file, &migrated) {
        Ok(()) => {
            say!("{}: migrated to version 1", file.display());
            ExitCode::SUCCESS
        }
        Err(error) => exit::failure(&format!("{}: {error}", file.display())),
    }
}
