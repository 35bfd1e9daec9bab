//! Removing a name.

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use crate::files::temporary::same_as_held;
use crate::resolve::{Intent, NodeKind, PathError, Prepared};

impl Prepared {
    /// Removes the name: of a file, of a link itself and never of its target, or of an empty directory.
    ///
    /// # Errors
    /// [`PathError::NotEmpty`] if a directory has entries, [`PathError::Changed`] if another object stands there by now.
    pub fn delete(self) -> Result<(), PathError> {
        let entry = self.into_entry(Intent::Delete)?;
        let Some((_, held)) = &entry.held else { return Err(PathError::WrongIntent) };
        // The kernel removes names, not objects: between this look and the removal the name can change once more, within the judged directory.
        same_as_held(&entry.dir, &entry.name, held)?;
        let flags = if held.node() == NodeKind::Directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        match unlinkat(&entry.dir, &entry.name, flags) {
            Ok(()) => Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Err(PathError::NotEmpty),
            Err(Errno::NOENT | Errno::ISDIR | Errno::NOTDIR) => Err(PathError::Changed),
            Err(errno) => Err(PathError::io("delete", errno)),
        }
    }
}
