//! Replacing the whole content of a file, or making one.

use crate::files::parents::Parents;
use crate::files::temporary::put;
use crate::resolve::{Intent, PathError, Prepared};

impl Prepared {
    /// Gives the file this content in one step: whoever reads it sees the old content or the new. Its mode stays (not set-user and set-group
    /// bits), its owner where we may set it; extended attributes and hard links do not. Missing parents are made.
    ///
    /// # Errors
    /// [`PathError::Changed`] if another file stands there by now. After any error the file is as it was, and nothing new is left.
    pub fn write(self, content: &[u8]) -> Result<(), PathError> {
        let mut entry = self.into_entry(Intent::Write)?;
        let parents = Parents::make(&mut entry)?;
        put(parents.dir(), &entry.name, entry.held.as_ref().map(|(_, meta)| meta), content)?;
        parents.keep();
        Ok(())
    }
}
