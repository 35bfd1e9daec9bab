//! What would change in a file: to be shown as a diff, or done.

use std::path::Path;

use crate::edit::{EditError, Edited, installed, uninstalled};
use crate::file::{FileError, SettingsFile};
use crate::host::Host;
use crate::server::Server;

/// Why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file itself
    #[error(transparent)]
    File(#[from] FileError),
    /// What stands in it
    #[error("{path}: {error}")]
    Text {
        /// As it was named
        path: std::path::PathBuf,
        /// What is in the way
        error: EditError,
    },
}

/// A change of one file that has not happened yet.
#[derive(Debug)]
pub struct Plan {
    file: SettingsFile,
    edited: Edited,
    before: Option<String>,
    /// Whether what is there is worth a backup: not where all of it is ours.
    keep: bool,
}

impl Plan {
    /// Our entry put in, or brought up to date.
    ///
    /// # Errors
    /// [`PlanError`]; nothing was changed.
    pub fn install(host: Host, file: SettingsFile, server: &Server) -> Result<Plan, PlanError> {
        let text = file.text().unwrap_or_default();
        let edited = installed(host, text, server).map_err(|error| in_file(file.path(), error))?;
        let keep = !matches!(uninstalled(host, text, None), Ok(Edited::Gone));
        Ok(Plan { file, edited, before: None, keep })
    }

    /// Our entry taken out, and the section around it where only we needed that.
    ///
    /// # Errors
    /// [`PlanError`]; nothing was changed.
    pub fn uninstall(host: Host, file: SettingsFile) -> Result<Plan, PlanError> {
        let before = file.backed_up();
        let edited = match file.text() {
            Some(text) => uninstalled(host, text, before.as_deref()).map_err(|error| in_file(file.path(), error))?,
            None => Edited::Same,
        };
        Ok(Plan { file, edited, before, keep: true })
    }

    /// Any other change. With `keep` what is there is worth a backup; `before` is what an earlier one holds.
    pub(crate) fn of(file: SettingsFile, edited: Edited, before: Option<String>, keep: bool) -> Plan {
        Plan { file, edited, before, keep }
    }

    /// The file it is about.
    #[must_use]
    pub fn file(&self) -> &SettingsFile {
        &self.file
    }

    /// Whether all is as it should be already.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.edited == Edited::Same
    }

    /// Whether the file goes, since nothing that anybody else wrote is in it.
    #[must_use]
    pub fn removes_the_file(&self) -> bool {
        self.edited == Edited::Gone
    }

    /// The change as a unified diff; empty where nothing changes.
    #[must_use]
    pub fn diff(&self) -> String {
        let old = self.file.text();
        let new = match &self.edited {
            Edited::Same => return String::new(),
            Edited::Text(text) => Some(text.as_str()),
            Edited::Gone => None,
        };
        let path = self.file.path().display().to_string();
        let name = |text: Option<&str>| if text.is_some() { path.clone() } else { "/dev/null".to_owned() };
        similar::TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default())
            .unified_diff()
            .header(&name(old), &name(new))
            .to_string()
    }

    /// Makes the change.
    ///
    /// # Errors
    /// [`FileError`]; the file is as it was.
    pub fn carry_out(&self) -> Result<(), FileError> {
        match &self.edited {
            Edited::Same => Ok(()),
            Edited::Gone => self.file.remove(),
            Edited::Text(text) => {
                self.file.replace(text, self.keep)?;
                if self.before.as_ref() == Some(text) { self.file.forget_backup() } else { Ok(()) }
            }
        }
    }
}

pub(crate) fn in_file(path: &Path, error: EditError) -> PlanError {
    PlanError::Text { path: path.to_path_buf(), error }
}
