//! A project directory with something beside it that must not be reached, and a judge by prefixes.
#![allow(dead_code)]

use std::cell::RefCell;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_gate::{GlobLimits, Intent, MAX_ENTRIES, PathError, Prepared, Tree};
use aegis_policy::{PathOp, Verdict};
use tempfile::TempDir;

pub struct Project {
    temp: TempDir,
    pub root: PathBuf,
    pub outside: PathBuf,
    pub tree: Tree,
    pub allow: Vec<PathBuf>,
    pub ask: Vec<PathBuf>,
    pub deny: Vec<PathBuf>,
    pub guarded: Vec<PathBuf>,
    pub asked: RefCell<Vec<(PathOp, PathBuf)>>,
}

impl Project {
    /// `proj` with everything in it allowed, `outside/secret.txt` with nothing.
    pub fn new() -> Project {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        let (root, outside) = (top.join("proj"), top.join("outside"));
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret.txt"), "secret").unwrap();
        std::fs::write(root.join("src/a.txt"), "content of a").unwrap();
        let tree = Tree::new(&root, Some(&top.join("home"))).unwrap();
        let allow = vec![root.clone()];
        Project { temp, root, outside, tree, allow, ask: vec![], deny: vec![], guarded: vec![], asked: RefCell::default() }
    }

    pub fn judge(&self, path: &Path) -> Verdict {
        let among = |list: &[PathBuf]| list.iter().any(|p| path.starts_with(p));
        if among(&self.deny) || !among(&self.allow) {
            Verdict::Deny
        } else if among(&self.ask) {
            Verdict::Ask
        } else {
            Verdict::Allow
        }
    }

    pub fn resolve(&self, text: &str, intent: Intent) -> Result<Prepared, PathError> {
        self.asked.borrow_mut().clear();
        self.tree.resolve(
            text,
            intent,
            &mut |op, path| {
                self.asked.borrow_mut().push((op, path.to_path_buf()));
                self.judge(path)
            },
            &|| Arc::from(self.guarded.clone()),
        )
    }

    pub fn read(&self, text: &str) -> Result<String, PathError> {
        self.resolve(text, Intent::Read)?.text(1 << 20)
    }

    pub fn write(&self, text: &str, content: &str) -> Result<(), PathError> {
        self.resolve(text, Intent::Write)?.write(content.as_bytes())
    }

    pub fn append(&self, text: &str, content: &str) -> Result<(), PathError> {
        self.resolve(text, Intent::Append)?.append(content.as_bytes(), false)
    }

    pub fn replace(&self, text: &str, old: &str, new: &str) -> Result<(), PathError> {
        self.resolve(text, Intent::Replace)?.replace(old.as_bytes(), new.as_bytes(), 1 << 20)
    }

    pub fn delete(&self, text: &str) -> Result<(), PathError> {
        self.resolve(text, Intent::Delete)?.delete()
    }

    pub fn mkdir(&self, text: &str) -> Result<(), PathError> {
        self.resolve(text, Intent::Mkdir)?.mkdir()
    }

    pub fn exists(&self, text: &str) -> Result<bool, PathError> {
        self.resolve(text, Intent::Exists)?.exists()
    }

    pub fn list(&self, text: &str) -> Result<Vec<String>, PathError> {
        self.list_within(text, MAX_ENTRIES)
    }

    pub fn list_within(&self, text: &str, limit: usize) -> Result<Vec<String>, PathError> {
        let dir = self.resolve(text, Intent::List)?;
        dir.list(&self.tree, limit, &mut |_, path| self.judge(path), &|| Arc::from(self.guarded.clone()))
    }

    pub fn glob_within(&self, pattern: &str, limits: GlobLimits) -> Result<Vec<String>, PathError> {
        self.tree.glob(pattern, limits, &mut |_, path| self.judge(path), &|| Arc::from(self.guarded.clone()), &mut |dir| {
            !self.deny.iter().any(|p| dir.starts_with(p))
        })
    }

    pub fn glob(&self, pattern: &str) -> Result<Vec<String>, PathError> {
        self.glob_within(pattern, GlobLimits::default())
    }

    pub fn link(&self, target: impl AsRef<Path>, name: &str) {
        symlink(target, self.root.join(name)).unwrap();
    }

    pub fn content(&self, name: &str) -> String {
        std::fs::read_to_string(self.root.join(name)).unwrap()
    }

    /// Every path of project and outside with its content or target, so that "nothing changed" can be said.
    pub fn snapshot(&self) -> Vec<(PathBuf, String)> {
        fn visit(dir: &Path, all: &mut Vec<(PathBuf, String)>) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let meta = path.symlink_metadata().unwrap();
                if meta.is_symlink() {
                    all.push((path.clone(), format!("-> {}", path.read_link().unwrap().display())));
                } else if meta.is_dir() {
                    all.push((path.clone(), "dir".to_owned()));
                    visit(&path, all);
                } else {
                    let content = if meta.is_file() { std::fs::read_to_string(&path).unwrap() } else { "special".to_owned() };
                    all.push((path, content));
                }
            }
        }
        let mut all = Vec::new();
        visit(self.root.parent().unwrap(), &mut all);
        all.sort();
        all
    }
}
