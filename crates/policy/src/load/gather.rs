//! A policy file and all it inherits, each read once.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::finder::Finder;
use super::settings::root;
use super::source::{hex, read_file};
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::SourceFile;
use crate::position::Position;
use crate::schema::{Document, Origin, read};
use crate::suggest::nearest;

/// How deeply files may inherit.
const MAX_DEPTH: usize = 16;
/// How many files one policy may be made of.
const MAX_FILES: usize = 64;

/// What makes two files the same.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Identity {
    Preset(&'static str),
    Inode(u64, u64),
    Text,
}

/// One file, with what it inherits as indices into [`Gathered`].
pub(super) struct Node {
    identity: Identity,
    /// For the trust hash: where the file lies, or which preset it is.
    label: String,
    pub source: SourceFile,
    pub document: Document,
    pub inherits: Vec<usize>,
}

/// All files in reading order: the own file first.
pub(super) struct Gathered(pub Vec<Node>);

impl Gathered {
    /// SHA-256 over the files and the very bytes of each: what `aegis trust` records.
    pub(super) fn trust_hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"aegis trust 1\n");
        for node in &self.0 {
            hash.update(node.label.as_bytes());
            hash.update([0]);
            hash.update(node.source.sha256.as_bytes());
            hash.update([b'\n']);
        }
        hex(&hash.finalize())
    }
}

/// Reads files and presets, and follows what they inherit.
pub(super) struct Gatherer<'f> {
    finder: &'f Finder,
    nodes: Vec<Node>,
    /// The files that are being read, for cycles.
    chain: Vec<usize>,
}

impl<'f> Gatherer<'f> {
    pub(super) const fn new(finder: &'f Finder) -> Gatherer<'f> {
        Gatherer { finder, nodes: Vec::new(), chain: Vec::new() }
    }

    pub(super) fn file(mut self, path: &Path) -> Result<Gathered, LoadError> {
        self.add_file(path, &path.to_string_lossy().into(), None)?;
        Ok(Gathered(self.nodes))
    }

    pub(super) fn text(mut self, name: &str, text: &str, base: &Path) -> Result<Gathered, LoadError> {
        let name: Arc<str> = name.into();
        let origin = Arc::new(Origin { name: name.clone(), preset: false, base: Arc::from(base) });
        let source = SourceFile { name: name.clone(), path: None, sha256: hex(&Sha256::digest(text)) };
        let document = rooted(read(text, origin)?, self.finder, true)?;
        self.add(Node { identity: Identity::Text, label: format!("text:{name}"), source, document, inherits: Vec::new() })?;
        Ok(Gathered(self.nodes))
    }

    pub(super) fn preset(mut self, name: &str) -> Result<Gathered, LoadError> {
        self.add_preset(name, |message| LoadError::new(LoadCode::UnknownPreset, &"aegis".into(), message))?;
        Ok(Gathered(self.nodes))
    }

    fn add_file(&mut self, path: &Path, name: &Arc<str>, stated: Option<(&Origin, Position)>) -> Result<usize, LoadError> {
        let source = read_file(path, name, self.finder.uid).map_err(|e| match stated {
            // The place to correct is where the file is named, unless the file itself has to change.
            Some((origin, at)) if matches!(e.code(), LoadCode::Io) => {
                origin.error(LoadCode::Io, at, format!("{} {}", quoted(name), e.message())).in_key("inherits")
            }
            _ => e,
        })?;
        let identity = Identity::Inode(source.inode.0, source.inode.1);
        if let Some(known) = self.known(&identity, name, stated)? {
            return Ok(known);
        }
        let label = format!("file:{}", source.path.to_string_lossy());
        let origin = Arc::new(Origin { name: name.clone(), preset: false, base: source.base });
        let document = rooted(read(&source.text, origin)?, self.finder, stated.is_none())?;
        let source = SourceFile { name: name.clone(), path: Some(source.path), sha256: source.sha256 };
        self.add(Node { identity, label, source, document, inherits: Vec::new() })
    }

    fn add_preset(&mut self, name: &str, unknown: impl FnOnce(String) -> LoadError) -> Result<usize, LoadError> {
        let Some(preset) = self.finder.presets.iter().find(|preset| preset.name == name) else {
            let names = self.finder.presets.iter().map(|preset| preset.name);
            return Err(unknown(format!("unknown preset {}", quoted(name))).suggest(nearest(name, names)));
        };
        let name = preset.name;
        let shown: Arc<str> = format!("preset {name}").into();
        if let Some(known) = self.known(&Identity::Preset(name), &shown, None)? {
            return Ok(known);
        }
        let origin = Arc::new(Origin { name: shown.clone(), preset: true, base: Arc::from(Path::new("/")) });
        let sha256 = preset.sha256.map_or_else(|| hex(&Sha256::digest(preset.text)), str::to_owned);
        let source = SourceFile { name: shown, path: None, sha256 };
        let document = match preset.compiled {
            Some(compiled) => compiled.document(origin),
            None => read(preset.text, origin)?,
        };
        self.add(Node { identity: Identity::Preset(name), label: format!("preset:{name}"), source, document, inherits: Vec::new() })
    }

    /// The node of a file that was read before; an error if it is still being read.
    fn known(&self, identity: &Identity, name: &Arc<str>, stated: Option<(&Origin, Position)>) -> Result<Option<usize>, LoadError> {
        let Some(index) = self.nodes.iter().position(|node| node.identity == *identity) else { return Ok(None) };
        let Some(first) = self.chain.iter().position(|open| *open == index) else { return Ok(Some(index)) };
        let circle = self.chain.iter().skip(first).filter_map(|open| self.nodes.get(*open)).map(|node| &*node.source.name);
        let circle: Vec<&str> = circle.chain(std::iter::once(&**name)).collect();
        let message = format!("policies inherit each other in a circle: {}", circle.join(" -> "));
        Err(match stated {
            Some((origin, at)) => origin.error(LoadCode::Inheritance, at, message),
            None => LoadError::new(LoadCode::Inheritance, name, message),
        }
        .in_key("inherits"))
    }

    /// Adds a file and all it inherits.
    fn add(&mut self, node: Node) -> Result<usize, LoadError> {
        let index = self.nodes.len();
        let origin = node.document.origin.clone();
        let inherits = node.document.inherits.clone();
        self.nodes.push(node);
        self.chain.push(index);
        let mut indices = Vec::with_capacity(inherits.len());
        for (name, at) in inherits {
            if self.chain.len() >= MAX_DEPTH || self.nodes.len() >= MAX_FILES {
                let message = format!("a policy inherits at most {MAX_FILES} files, {MAX_DEPTH} deep");
                return Err(origin.error(LoadCode::Inheritance, at, message).in_key("inherits"));
            }
            indices.push(self.inherited(&origin, &name, at)?);
        }
        self.chain.pop();
        if let Some(node) = self.nodes.get_mut(index) {
            node.inherits = indices;
        }
        Ok(index)
    }

    fn inherited(&mut self, origin: &Arc<Origin>, name: &str, at: Position) -> Result<usize, LoadError> {
        let error = |code, message: String| origin.error(code, at, message).in_key("inherits");
        if !names_file(name) {
            let looks_like_file = name.contains('/') || name.ends_with(".toml");
            let hint = if looks_like_file { format!("; a file is written {}", quoted(&format!("./{name}"))) } else { String::new() };
            return self.add_preset(name, |message| error(LoadCode::UnknownPreset, message + &hint));
        }
        if origin.preset {
            return Err(error(LoadCode::Inheritance, "a preset inherits presets only".to_owned()));
        }
        let path = match self.finder.below_home(name) {
            Some(path) => path.map_err(|message| error(LoadCode::Io, message.to_owned()))?,
            None => origin.base.join(name),
        };
        let shown = if name.starts_with('.') { beside(&origin.name, name) } else { name.to_owned() };
        self.add_file(&path, &shown.into(), Some((origin, at)))
    }
}

/// Where a file states a `root`, its relative patterns start there, not at its directory: `src/**` in a user's own policy with
/// `root = "git"` is the `src` of whatever project it is used in.
fn rooted(mut document: Document, finder: &Finder, is_own: bool) -> Result<Document, LoadError> {
    if document.settings.contains_key("root") || (is_own && finder.start.is_some()) {
        let root: Arc<Path> = root(&document.settings, &document.origin, finder)?.into();
        if root != document.origin.base {
            document.lists.path_entries().for_each(|entry| entry.base = root.clone());
        }
    }
    Ok(document)
}

/// Whether an entry of `inherits` names a file rather than a preset.
pub(super) fn names_file(name: &str) -> bool {
    ["./", "../", "/", "~/"].iter().any(|prefix| name.starts_with(prefix))
}

/// The name of a file beside another, as people see it.
fn beside(name: &str, relative: &str) -> String {
    let relative = relative.strip_prefix("./").unwrap_or(relative);
    match Path::new(name).parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.join(relative).to_string_lossy().into_owned(),
        _ => relative.to_owned(),
    }
}
