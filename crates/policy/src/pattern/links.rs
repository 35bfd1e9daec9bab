//! Where symlinks lead, looked up once for each directory of a load.
//!
//! Hundreds of patterns begin in the same few directories, most of them in the home. Asking the kernel for every component of
//! every pattern costs more than all the rest of loading.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;

/// From this many questions about names of one directory, the whole directory is read.
const MANY: u32 = 16;
/// Larger directories are not read as a whole.
const MOST_ENTRIES: usize = 512;

/// What is known of the file system, for as long as one policy is loaded.
#[derive(Debug, Default)]
pub(crate) struct Links {
    known: HashMap<Box<[u8]>, Object>,
    directories: HashMap<Box<[u8]>, Directory>,
    /// What is not known by now counts as missing.
    frozen: bool,
}

#[derive(Debug, Clone)]
enum Object {
    Missing,
    /// Not a link.
    Plain,
    /// A link that nothing has led through yet.
    Link,
    /// Where a link leads; a dangling one leads nowhere.
    Leads(Option<PathBuf>),
}

#[derive(Debug, Default)]
struct Directory {
    asked: u32,
    /// All its entries are known.
    read: bool,
}

impl Links {
    /// From now on only what was looked up before is answered: the rest counts as missing.
    pub(crate) const fn freeze(&mut self) {
        self.frozen = true;
    }

    /// For the names of an absolute path: how many of them exist, and where that part really is, if links lead elsewhere.
    pub(crate) fn real<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>) -> Option<(PathBuf, usize)> {
        let mut path = Vec::with_capacity(128);
        let mut real: Option<PathBuf> = None;
        let mut count = 0_usize;
        for name in names {
            let parent = path.len();
            path.push(b'/');
            path.extend_from_slice(name);
            match self.object(&path, parent) {
                Object::Missing => break,
                Object::Plain => {
                    if let Some(real) = &mut real {
                        real.push(OsStr::from_bytes(name));
                    }
                }
                // a dangling link exists, and nothing below it does
                Object::Link | Object::Leads(None) => return None,
                Object::Leads(Some(to)) => real = Some(to),
            }
            count += 1;
        }
        // a path with a link in it is never the canonical one
        real.map(|real| (real, count))
    }

    fn object(&mut self, path: &[u8], parent: usize) -> Object {
        match self.known.get(path) {
            Some(Object::Link) if !self.frozen => {
                let leads = Object::Leads(std::fs::canonicalize(OsStr::from_bytes(path)).ok());
                self.known.insert(path.into(), leads.clone());
                leads
            }
            Some(object) => object.clone(),
            None if self.frozen => Object::Missing,
            None => self.look_up(path, path.get(..parent).unwrap_or_default()),
        }
    }

    fn look_up(&mut self, path: &[u8], parent: &[u8]) -> Object {
        if !self.directories.contains_key(parent) {
            self.directories.insert(parent.into(), Directory::default());
        }
        if let Some(directory) = self.directories.get_mut(parent) {
            if directory.read {
                return Object::Missing;
            }
            directory.asked += 1;
            // where names are compared without case, a directory's entries do not tell which names exist
            if directory.asked == MANY && cfg!(target_os = "linux") && self.read(parent) {
                return if self.known.contains_key(path) { self.object(path, parent.len()) } else { Object::Missing };
            }
        }
        let object = match std::fs::symlink_metadata(Path::new(OsStr::from_bytes(path))) {
            Err(_) => Object::Missing,
            Ok(meta) if meta.is_symlink() => Object::Link,
            Ok(_) => Object::Plain,
        };
        let is_link = matches!(object, Object::Link);
        self.known.insert(path.into(), object.clone());
        if is_link { self.object(path, parent.len()) } else { object }
    }

    /// Notes all entries of a directory; says whether it could.
    fn read(&mut self, directory: &[u8]) -> bool {
        let path = if directory.is_empty() { b"/" } else { directory };
        let Ok(entries) = std::fs::read_dir(OsStr::from_bytes(path)) else { return false };
        let mut found = Vec::new();
        for entry in entries {
            let Ok(entry) = entry else { return false };
            let Ok(kind) = entry.file_type() else { return false };
            if found.len() == MOST_ENTRIES {
                return false;
            }
            found.push((entry.file_name(), kind.is_symlink()));
        }
        for (name, is_link) in found {
            let path = [directory, b"/", name.as_bytes()].concat();
            self.known.entry(path.into()).or_insert(if is_link { Object::Link } else { Object::Plain });
        }
        if let Some(directory) = self.directories.get_mut(directory) {
            directory.read = true;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn real(links: &mut Links, path: &Path) -> Option<(PathBuf, usize)> {
        links.real(path.as_os_str().as_bytes().split(|b| *b == b'/').filter(|n| !n.is_empty()))
    }

    /// By definition: the deepest part that exists, canonical.
    fn slow(path: &Path) -> Option<(PathBuf, usize)> {
        let names: Vec<&OsStr> = path.iter().skip(1).collect();
        let deepest =
            (0..=names.len()).take_while(|n| fs::symlink_metadata(Path::new("/").join(names[..*n].iter().collect::<PathBuf>())).is_ok());
        let count = deepest.last().unwrap();
        let named = Path::new("/").join(names[..count].iter().collect::<PathBuf>());
        let real = fs::canonicalize(&named).ok()?;
        (real != named).then_some((real, count))
    }

    #[test]
    fn agrees_with_the_kernel_before_and_after_a_directory_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("a/b")).unwrap();
        fs::write(top.join("a/file"), "").unwrap();
        symlink("a", top.join("link")).unwrap();
        symlink("nowhere", top.join("dangling")).unwrap();
        symlink("link/b", top.join("twice")).unwrap();
        symlink(".", top.join("self")).unwrap();
        let mut links = Links::default();
        for _ in 0..2 {
            for name in [
                "a",
                "a/b/c",
                "a/file",
                "a/file/x",
                "link",
                "link/b",
                "link/b/none/x",
                "link/none",
                "dangling",
                "dangling/x",
                "twice",
                "twice/x",
                "none",
                "none/x/y",
                "self",
                "self/link/file",
                "self/none",
                "z1",
                "z2",
                "z3",
                "z4",
                "z5",
                "z6",
                "z7",
                "z8",
                "z9",
                "za",
                "zb",
                "zc",
            ] {
                assert_eq!(real(&mut links, &top.join(name)), slow(&top.join(name)), "{name}");
            }
        }
        assert!(links.directories[top.as_os_str().as_bytes()].read);
    }

    #[test]
    fn a_large_directory_is_asked_name_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        for n in 0..=MOST_ENTRIES {
            fs::write(top.join(format!("f{n}")), "").unwrap();
        }
        symlink("/etc", top.join("link")).unwrap();
        let mut links = Links::default();
        for n in 0..20 {
            assert_eq!(real(&mut links, &top.join(format!("f{n}"))), None);
        }
        assert_eq!(real(&mut links, &top.join("link/x")), slow(&top.join("link/x")));
        assert!(!links.directories[top.as_os_str().as_bytes()].read);
    }
}
