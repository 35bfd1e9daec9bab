//! Making a directory.

use rustix::fs::{AtFlags, FileType, Mode, mkdirat, statat};
use rustix::io::Errno;

use crate::files::parents::Parents;
use crate::resolve::{Intent, PathError, Prepared};

impl Prepared {
    /// Makes the directory and its missing parents. One that is there already is no error.
    ///
    /// # Errors
    /// As the operating system has it. Nothing new is left then.
    pub fn mkdir(self) -> Result<(), PathError> {
        let mut entry = self.into_entry(Intent::Mkdir)?;
        if entry.held.is_some() {
            return Ok(());
        }
        let parents = Parents::make(&mut entry)?;
        match mkdirat(parents.dir(), &entry.name, Mode::from_raw_mode(0o777)) {
            Ok(()) => {}
            Err(Errno::EXIST) => match statat(parents.dir(), &entry.name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {}
                _ => return Err(PathError::Changed),
            },
            Err(errno) => return Err(PathError::io("make the directory", errno)),
        }
        parents.keep();
        Ok(())
    }
}
