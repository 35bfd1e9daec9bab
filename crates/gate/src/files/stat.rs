//! Whether something is there, and what it is.

use aegis_effect::{FileKind, Stat};

use crate::resolve::{Meta, NodeKind, Object, PathError, Prepared};

impl Prepared {
    /// Whether the object is there. A denied one never comes this far.
    ///
    /// # Errors
    /// [`PathError::Unapproved`] if a person is to be asked first.
    pub fn exists(&self) -> Result<bool, PathError> {
        if self.unapproved {
            return Err(PathError::Unapproved);
        }
        match &self.object {
            Object::Absent => Ok(false),
            Object::Held(..) => Ok(true),
            _ => Err(PathError::WrongIntent),
        }
    }

    /// What it is. Of a directory no size and no time: they tell about entries that may not be read.
    ///
    /// # Errors
    /// [`PathError::Unapproved`] if a person is to be asked first.
    pub fn stat(&self) -> Result<Stat, PathError> {
        match &self.object {
            Object::Held(_, meta) if !self.unapproved => Ok(stat_of(meta)),
            _ => Err(self.unusable()),
        }
    }
}

fn stat_of(meta: &Meta) -> Stat {
    match meta.node() {
        NodeKind::Directory => Stat { kind: FileKind::Dir, size: 0, modified: 0.0, executable: false },
        NodeKind::File => {
            Stat { kind: FileKind::File, size: meta.size, modified: seconds(meta.modified), executable: meta.is_executable() }
        }
        _ => Stat { kind: FileKind::Other, size: 0, modified: seconds(meta.modified), executable: false },
    }
}

/// Seconds since the Unix epoch; a double holds them to the microsecond.
#[expect(clippy::cast_precision_loss, reason = "the time of a file, to the microsecond")]
fn seconds((whole, nanos): (i64, u64)) -> f64 {
    whole as f64 + nanos as f64 / 1e9
}
