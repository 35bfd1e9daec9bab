//! Where symlinks lead, looked up once for each directory of a load.
//!
//! Hundreds of patterns begin in the same few directories, most of them in the home. Asking the kernel for every component of
//! every pattern costs more than all the rest of loading.

use std::ffi::{OsStr, OsString};
use std::hash::BuildHasher as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use hashbrown::{DefaultHashBuilder, HashTable};
use rustix::fs::FileType;

/// From this many questions about names of one directory, the whole directory is read.
const MANY: u32 = 16;
/// About as many names the presets ask for.
const USUAL: usize = 448;
/// Larger directories are not read as a whole.
const MOST_ENTRIES: usize = 512;

/// What is known of the file system, for as long as one policy is loaded: a tree of names in few pieces of memory.
#[derive(Debug)]
pub(crate) struct Links {
    /// The root first.
    nodes: Vec<Node>,
    /// Every node but the root, by its parent and its name.
    children: HashTable<NodeIndex>,
    hasher: DefaultHashBuilder,
    /// The names of all nodes.
    names: Vec<u8>,
    /// Where links lead; a dangling one leads nowhere.
    targets: Vec<Option<PathBuf>>,
    /// What is not known by now counts as missing.
    frozen: bool,
}

type NodeIndex = u32;
const ROOT: NodeIndex = 0;

#[derive(Debug)]
struct Node {
    parent: NodeIndex,
    name: (usize, usize),
    object: Object,
    /// Questions about names in it, as a directory.
    asked: u32,
    /// As a directory, all its entries are known.
    read: bool,
}

#[derive(Debug, Clone, Copy)]
enum Object {
    Missing,
    /// Not a link.
    Plain,
    /// A link that nothing has led through yet.
    Link,
    /// A link, and where it leads.
    Leads(usize),
}

impl Default for Links {
    fn default() -> Links {
        let mut nodes = Vec::with_capacity(USUAL);
        nodes.push(Node { parent: ROOT, name: (0, 0), object: Object::Plain, asked: 0, read: false });
        Links {
            nodes,
            children: HashTable::with_capacity(USUAL),
            hasher: DefaultHashBuilder::default(),
            names: Vec::with_capacity(8 * USUAL),
            targets: Vec::new(),
            frozen: false,
        }
    }
}

impl Links {
    /// Those of a file system in which nothing is.
    pub(crate) fn none() -> Links {
        Links {
            nodes: Vec::new(),
            children: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            names: Vec::new(),
            targets: Vec::new(),
            frozen: true,
        }
    }

    /// From now on only what was looked up before is answered: the rest counts as missing.
    pub(crate) const fn freeze(&mut self) {
        self.frozen = true;
    }

    /// For the names of an absolute path: how many of them exist, and where that part really is, if links lead elsewhere.
    pub(crate) fn real<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>) -> Option<(PathBuf, usize)> {
        let mut at = ROOT;
        let mut real: Option<PathBuf> = None;
        let mut count = 0_usize;
        for name in names {
            let Some(next) = self.child(at, name) else { break };
            match self.object(next) {
                Object::Missing => break,
                Object::Plain => {
                    if let Some(real) = &mut real {
                        real.push(OsStr::from_bytes(name));
                    }
                }
                Object::Link => return None,
                // a dangling link exists, and nothing below it does
                Object::Leads(target) => real = Some(self.targets.get(target)?.clone()?),
            }
            at = next;
            count += 1;
        }
        // a path with a link in it is never the canonical one
        real.map(|real| (real, count))
    }

    /// The node of a name in a directory, looked up if it is new; none if it is known to be missing.
    fn child(&mut self, of: NodeIndex, name: &[u8]) -> Option<NodeIndex> {
        let known = self.known(of, name);
        if known.is_some() || self.frozen {
            return known;
        }
        let directory = self.nodes.get_mut(of as usize)?;
        if directory.read {
            return None;
        }
        directory.asked += 1;
        // where names are compared without case, a directory's entries do not tell which names exist
        if directory.asked == MANY && cfg!(target_os = "linux") && self.read(of) {
            return self.known(of, name);
        }
        let object = match rustix::fs::lstat(self.path(of, name)) {
            Err(_) => Object::Missing,
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_symlink() => Object::Link,
            Ok(_) => Object::Plain,
        };
        Some(self.add(of, name, object))
    }

    /// What a node is; of a link, where it leads.
    fn object(&mut self, index: NodeIndex) -> Object {
        let Some(node) = self.nodes.get(index as usize) else { return Object::Missing };
        if !matches!(node.object, Object::Link) || self.frozen {
            return node.object;
        }
        let path = self.path(node.parent, self.name(node));
        self.targets.push(std::fs::canonicalize(path).ok());
        let leads = Object::Leads(self.targets.len() - 1);
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.object = leads;
        }
        leads
    }

    fn known(&self, of: NodeIndex, name: &[u8]) -> Option<NodeIndex> {
        let is_it = |index: &NodeIndex| self.nodes.get(*index as usize).is_some_and(|node| node.parent == of && self.name(node) == name);
        self.children.find(self.hasher.hash_one((of, name)), is_it).copied()
    }

    fn name(&self, node: &Node) -> &[u8] {
        self.names.get(node.name.0..node.name.1).unwrap_or_default()
    }

    /// Adds what is not known yet.
    fn add(&mut self, parent: NodeIndex, name: &[u8], object: Object) -> NodeIndex {
        let start = self.names.len();
        self.names.extend_from_slice(name);
        // as many as patterns have beginnings, and names stand in a few directories: far below 2^32
        let index = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node { parent, name: (start, self.names.len()), object, asked: 0, read: false });
        let Links { nodes, names, hasher, children, .. } = self;
        let hash = |index: &NodeIndex| match nodes.get(*index as usize) {
            Some(node) => hasher.hash_one((node.parent, names.get(node.name.0..node.name.1).unwrap_or_default())),
            None => 0,
        };
        children.insert_unique(hasher.hash_one((parent, name)), index, hash);
        index
    }

    /// The path of a name in a directory.
    fn path(&self, of: NodeIndex, name: &[u8]) -> PathBuf {
        let mut path = Vec::with_capacity(128);
        self.push_path(of, &mut path);
        path.push(b'/');
        path.extend_from_slice(name);
        PathBuf::from(OsString::from_vec(path))
    }

    /// As deep as patterns have components: at most 128.
    fn push_path(&self, of: NodeIndex, path: &mut Vec<u8>) {
        if let Some(node) = self.nodes.get(of as usize).filter(|_| of != ROOT) {
            self.push_path(node.parent, path);
            path.push(b'/');
            path.extend_from_slice(self.name(node));
        }
    }

    /// Notes all entries of a directory; says whether it could.
    fn read(&mut self, directory: NodeIndex) -> bool {
        let path = self.path(directory, b"");
        let Ok(entries) = std::fs::read_dir(path) else { return false };
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
            if self.known(directory, name.as_bytes()).is_none() {
                self.add(directory, name.as_bytes(), if is_link { Object::Link } else { Object::Plain });
            }
        }
        if let Some(node) = self.nodes.get_mut(directory as usize) {
            node.read = true;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn real(links: &mut Links, path: &Path) -> Option<(PathBuf, usize)> {
        links.real(path.as_os_str().as_bytes().split(|b| *b == b'/').filter(|n| !n.is_empty()))
    }

    fn is_read(links: &Links, directory: &Path) -> bool {
        let names = directory.as_os_str().as_bytes().split(|b| *b == b'/').filter(|n| !n.is_empty());
        links.nodes[names.fold(ROOT, |at, name| links.known(at, name).unwrap()) as usize].read
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
        assert!(is_read(&links, &top));
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
        assert!(!is_read(&links, &top));
    }
}
