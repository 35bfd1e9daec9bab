//! The text of a path as asked, made absolute. Nothing is looked up, and `..` stays: only the kernel knows where it leads.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::resolve::PathError;

/// Bytes a path may have with its terminating NUL (`PATH_MAX` of Linux).
const PATH_MAX: usize = 4096;

/// A path as asked: absolute, without `.` and empty components.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) absolute: PathBuf,
    /// `..` stands in it, so that its lexical form says nothing about where it leads.
    pub(crate) has_parent: bool,
    /// It ends in `/` or `/.`.
    pub(crate) must_be_dir: bool,
}

/// Makes the text absolute: `~/` is the home directory, everything else that does not begin with `/` starts at the root.
pub(crate) fn lexical(root: &Path, home: Option<&Path>, text: &str) -> Result<Asked, PathError> {
    if text.is_empty() {
        return Err(PathError::BadArgument("the path is empty"));
    }
    if text.as_bytes().contains(&0) {
        return Err(PathError::BadArgument("the path contains a NUL byte"));
    }
    let (base, rest) = if text == "~" || text.starts_with("~/") {
        (home.ok_or(PathError::BadArgument("no home directory is known"))?, text.get(1..).unwrap_or_default())
    } else if text.starts_with('/') {
        (Path::new("/"), text)
    } else {
        (root, text)
    };
    let mut absolute = Vec::with_capacity(base.as_os_str().len() + rest.len() + 1);
    absolute.extend_from_slice(base.as_os_str().as_bytes());
    let mut has_parent = false;
    let mut must_be_dir = false;
    for component in rest.split('/') {
        must_be_dir = matches!(component, "" | "." | "..");
        if matches!(component, "" | ".") {
            continue;
        }
        has_parent |= component == "..";
        if absolute.last() != Some(&b'/') {
            absolute.push(b'/');
        }
        absolute.extend_from_slice(component.as_bytes());
    }
    if absolute.len() >= PATH_MAX {
        return Err(PathError::BadArgument("the path is too long"));
    }
    Ok(Asked { absolute: PathBuf::from(OsStr::from_bytes(&absolute)), has_parent, must_be_dir })
}

impl Asked {
    /// A path that has no `..` because it is a real one.
    pub(crate) fn real(path: PathBuf) -> Asked {
        Asked { absolute: path, has_parent: false, must_be_dir: false }
    }

    /// The directory and the last name, where the path ends in a name.
    pub(crate) fn split(&self) -> Option<(Asked, &OsStr)> {
        let name = self.absolute.file_name()?;
        let parent = self.absolute.parent()?.to_path_buf();
        Some((Asked { absolute: parent, has_parent: self.has_parent, must_be_dir: true }, name))
    }

    /// With `..` taken away lexically. Only good for judging a name before anything is looked up.
    pub(crate) fn collapsed(&self) -> PathBuf {
        collapse(&self.absolute)
    }
}

/// An absolute path with `..` taken away lexically.
pub(crate) fn collapse(path: &Path) -> PathBuf {
    let mut out = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => out.push(name),
            Component::ParentDir => {
                out.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absolute(text: &str) -> String {
        lexical(Path::new("/proj"), Some(Path::new("/home/u")), text).unwrap().absolute.display().to_string()
    }

    #[test]
    fn paths_become_absolute_without_losing_parent_components() {
        for (text, expected) in [
            ("a/b", "/proj/a/b"),
            ("./a//b/.", "/proj/a/b"),
            (".", "/proj"),
            ("/etc/passwd", "/etc/passwd"),
            ("//etc", "/etc"),
            ("/", "/"),
            ("~/x", "/home/u/x"),
            ("~", "/home/u"),
            ("~x", "/proj/~x"),
            ("a/../b", "/proj/a/../b"),
        ] {
            assert_eq!(absolute(text), expected, "{text}");
        }
        assert!(lexical(Path::new("/"), None, "a/..").unwrap().has_parent);
        assert!(lexical(Path::new("/"), None, "a/").unwrap().must_be_dir);
        assert!(!lexical(Path::new("/"), None, "a..b").unwrap().has_parent);
        assert_eq!(lexical(Path::new("/proj"), None, "a/../../b").unwrap().collapsed(), Path::new("/b"));
    }

    #[test]
    fn unusable_texts_are_bad_arguments() {
        let long = "x/".repeat(2100);
        for text in ["", "a\0b", long.as_str(), "~/x"] {
            assert!(matches!(lexical(Path::new("/"), None, text), Err(PathError::BadArgument(_))), "{text:?}");
        }
    }
}
