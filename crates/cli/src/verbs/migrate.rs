//! `aegis policy migrate`.

use std::path::Path;
use std::process::ExitCode;

use crate::exit;

pub(crate) fn migrate(file: &Path, write: bool) -> ExitCode {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return exit::failure(&format!("{}: {error}", file.display())),
    };
    let migrated = match aegis_policy::migrate(&text) {
        Ok(migrated) => migrated,
        Err(error) => return exit::failure(&error),
    };
    if !write {
        print!("{migrated}");
        return ExitCode::SUCCESS;
    }
    if migrated == text {
        println!("{}: already version 1", file.display());
        return ExitCode::SUCCESS;
    }
    match super::init::replace(file, &migrated) {
        Ok(()) => {
            println!("{}: migrated to version 1", file.display());
            ExitCode::SUCCESS
        }
        Err(error) => exit::failure(&format!("{}: {error}", file.display())),
    }
}
