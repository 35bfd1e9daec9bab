//! All path patterns of a policy in one trie over components, so that a decision costs the length of the path.
//!
//! All edges stand in one hash table under (node, form, text): a node costs nothing until it has edges, and building the trie of
//! hundreds of patterns at every start takes few allocations. The table's hash is the fast, seeded one of `hashbrown`. Its keys come
//! from policies alone (at most 64 files of 1 MiB): who asks about paths can add none, and a project's policy that chose its names
//! to collide would have to know a seed that differs in each process.

use std::cell::LazyCell;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::component::{Component, Token, extension, start, wild};
use super::path::{PathPattern, Segment};

/// Index of a rule in the policy's table.
pub(crate) type RuleIndex = u32;
type NodeIndex = u32;

/// A rule at the end of its pattern.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) rule: RuleIndex,
    /// It also matches everything below (deny and control lists).
    pub(crate) covers: bool,
    /// It stands on the directory of a `dir/**` pattern, not on something below it.
    pub(crate) directory_itself: bool,
}

#[derive(Debug, Default)]
struct Node {
    has_names: bool,
    any: Option<NodeIndex>,
    /// The node behind `**`; it loops on every component.
    deep: Option<NodeIndex>,
    loops: bool,
    wild: Option<Box<WildEdges>>,
    ends: Vec<End>,
}

/// Which wild components a node has at all, so that few are looked for.
#[derive(Debug, Default)]
struct WildEdges {
    has_extensions: bool,
    /// Lengths of the literal starts, each once.
    starts: Vec<usize>,
    /// The first bytes of these starts, a bit each.
    first_bytes: [u64; 4],
    /// The first of those that neither start nor end literally.
    others: Option<u32>,
}

/// The text of an edge is all of the name, or what stands behind its last dot, or what it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Name,
    Extension,
    Start,
}

#[derive(Debug)]
struct Edge {
    hash: u64,
    from: NodeIndex,
    form: Form,
    text: Box<[u8]>,
    /// A node, or of wild components the first one with this extension or start.
    to: u32,
}

/// A wild component of some node, and the next one under the same edge.
#[derive(Debug)]
struct Wild {
    tokens: Box<[Token]>,
    to: NodeIndex,
    next: Option<u32>,
}

/// Told of every rule that matches.
pub(crate) trait Hits {
    fn hit(&mut self, end: End);
}

/// The trie.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
    edges: HashTable<Edge>,
    wilds: Vec<Wild>,
    hasher: DefaultHashBuilder,
}

impl Default for Trie {
    fn default() -> Self {
        Trie { nodes: vec![Node::default()], edges: HashTable::new(), wilds: Vec::new(), hasher: DefaultHashBuilder::default() }
    }
}

/// Live nodes while a path is walked; on the stack as long as they are few.
struct Live {
    few: [NodeIndex; 32],
    len: usize,
    more: Vec<NodeIndex>,
}

impl Live {
    const fn new() -> Live {
        Live { few: [0; 32], len: 0, more: Vec::new() }
    }
    fn clear(&mut self) {
        self.len = 0;
        self.more.clear();
    }
    fn iter(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.few.iter().take(self.len).chain(&self.more).copied()
    }
    fn insert(&mut self, node: NodeIndex) {
        if self.iter().any(|n| n == node) {
            return;
        }
        match self.few.get_mut(self.len) {
            Some(place) => {
                *place = node;
                self.len += 1;
            }
            None => self.more.push(node),
        }
    }
    fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The hash of a text under a node: that of the text, which is computed once for all live nodes, moved by node and form.
const fn hash_of(text: u64, from: NodeIndex, form: Form) -> u64 {
    let place = ((from as u64) << 2) | form as u64;
    text ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn narrow(index: usize) -> u32 {
    // a policy is at most 64 files of 1 MiB: far below 2^32 of anything
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Building.
impl Trie {
    /// Makes room for so many patterns more, as they are on average.
    pub(crate) fn reserve(&mut self, patterns: usize) {
        self.nodes.reserve(2 * patterns);
        self.edges.reserve(patterns, |edge| edge.hash);
    }

    /// Adds a pattern for a rule.
    pub(crate) fn insert(&mut self, pattern: &PathPattern<'_>, rule: RuleIndex, covers: bool) {
        let mut at = 0;
        let mut before = 0;
        for segment in &pattern.segments {
            before = at;
            at = self.child(at, segment);
        }
        if let Some(node) = self.node_mut(at) {
            node.ends.push(End { rule, covers, directory_itself: false });
        }
        if pattern.segments.last() == Some(&Segment::Deep)
            && let Some(node) = self.node_mut(before)
        {
            node.ends.push(End { rule, covers, directory_itself: true });
        }
    }

    fn child(&mut self, of: NodeIndex, segment: &Segment<'_>) -> NodeIndex {
        match segment {
            Segment::One(Component::Literal(name)) => self.name(of, name),
            Segment::One(Component::Wild(tokens)) => self.wild(of, tokens),
            Segment::One(Component::Any) => self.only(of, false, |node| &mut node.any),
            Segment::Deep => self.only(of, true, |node| &mut node.deep),
        }
    }

    fn add(&mut self, loops: bool) -> NodeIndex {
        self.nodes.push(Node { loops, ..Node::default() });
        narrow(self.nodes.len() - 1)
    }

    fn only(&mut self, of: NodeIndex, loops: bool, edge: fn(&mut Node) -> &mut Option<NodeIndex>) -> NodeIndex {
        if let Some(next) = self.node_mut(of).and_then(|node| *edge(node)) {
            return next;
        }
        let next = self.add(loops);
        if let Some(node) = self.node_mut(of) {
            *edge(node) = Some(next);
        }
        next
    }

    fn name(&mut self, of: NodeIndex, name: &[u8]) -> NodeIndex {
        let hash = self.hasher.hash_one(name);
        if let Some(edge) = self.edge(of, Form::Name, hash, name) {
            return edge;
        }
        let next = self.add(false);
        self.set(of, Form::Name, hash, name, next);
        if let Some(node) = self.node_mut(of) {
            node.has_names = true;
        }
        next
    }

    fn wild(&mut self, of: NodeIndex, tokens: &[Token]) -> NodeIndex {
        let (form, text) = match extension(tokens) {
            Some(extension) => (Form::Extension, extension),
            None => (Form::Start, start(tokens)),
        };
        let hash = self.hasher.hash_one(&*text);
        let others = self.node(of).and_then(|n| n.wild.as_ref()).and_then(|w| w.others);
        let first = if text.is_empty() { others } else { self.edge(of, form, hash, &text) };
        if let Some(known) = self.chain(first).find(|wild| *wild.tokens == *tokens) {
            return known.to;
        }
        let to = self.add(false);
        self.wilds.push(Wild { tokens: tokens.into(), to, next: first });
        let index = narrow(self.wilds.len() - 1);
        if !text.is_empty() {
            self.set(of, form, hash, &text, index);
        }
        let Some(edges) = self.node_mut(of).map(|node| node.wild.get_or_insert_default()) else { return to };
        match (form, text.first()) {
            (_, None) => edges.others = Some(index),
            (Form::Start, Some(first)) => {
                if !edges.starts.contains(&text.len()) {
                    edges.starts.push(text.len());
                }
                if let Some(bits) = edges.first_bytes.get_mut(usize::from(*first) / 64) {
                    *bits |= 1 << (*first % 64);
                }
            }
            _ => edges.has_extensions = true,
        }
        to
    }

    fn node_mut(&mut self, index: NodeIndex) -> Option<&mut Node> {
        self.nodes.get_mut(index as usize)
    }

    fn set(&mut self, from: NodeIndex, form: Form, text_hash: u64, text: &[u8], to: u32) {
        let hash = hash_of(text_hash, from, form);
        match self.edges.find_mut(hash, |e| e.from == from && e.form == form && *e.text == *text) {
            Some(edge) => edge.to = to,
            None => {
                self.edges.insert_unique(hash, Edge { hash, from, form, text: text.into(), to }, |e| e.hash);
            }
        }
    }
}

/// Looking up.
impl Trie {
    /// Reports every rule whose pattern matches the absolute path of these bytes.
    pub(crate) fn walk(&self, path: &[u8], hits: &mut impl Hits) {
        let mut live = Live::new();
        let mut next = Live::new();
        self.enter(0, &mut live);
        let mut components = path.split(|b| *b == b'/').filter(|c| !c.is_empty()).peekable();
        if components.peek().is_none() {
            self.report_if(0, true, hits);
            return;
        }
        while let Some(name) = components.next() {
            let last = components.peek().is_none();
            let hash = self.hasher.hash_one(name);
            let extension = LazyCell::new(|| behind_dot(name).map(|text| (text, self.hasher.hash_one(text))));
            next.clear();
            for index in live.iter() {
                let Some(node) = self.node(index) else { continue };
                if node.loops {
                    self.arrive(index, last, &mut next, hits);
                }
                if node.has_names
                    && let Some(to) = self.edge(index, Form::Name, hash, name)
                {
                    self.arrive(to, last, &mut next, hits);
                }
                if let Some(to) = node.any {
                    self.arrive(to, last, &mut next, hits);
                }
                let Some(wild) = &node.wild else { continue };
                if wild.has_extensions
                    && let Some((text, hash)) = *extension
                {
                    self.try_all(self.edge(index, Form::Extension, hash, text), name, |to| self.arrive(to, last, &mut next, hits));
                }
                if wild.may_start(name) {
                    for text in wild.starts.iter().filter_map(|length| name.get(..*length)) {
                        let first = self.edge(index, Form::Start, self.hasher.hash_one(text), text);
                        self.try_all(first, name, |to| self.arrive(to, last, &mut next, hits));
                    }
                }
                self.try_all(wild.others, name, |to| self.arrive(to, last, &mut next, hits));
            }
            if next.is_empty() {
                return;
            }
            std::mem::swap(&mut live, &mut next);
        }
    }

    fn node(&self, index: NodeIndex) -> Option<&Node> {
        self.nodes.get(index as usize)
    }

    fn edge(&self, from: NodeIndex, form: Form, text_hash: u64, text: &[u8]) -> Option<u32> {
        let hash = hash_of(text_hash, from, form);
        self.edges.find(hash, |e| e.hash == hash && e.from == from && e.form == form && *e.text == *text).map(|e| e.to)
    }

    fn chain(&self, first: Option<u32>) -> impl Iterator<Item = &Wild> {
        let wild = |index: u32| self.wilds.get(index as usize);
        std::iter::successors(first.and_then(wild), move |w| w.next.and_then(wild))
    }

    fn try_all(&self, first: Option<u32>, name: &[u8], mut found: impl FnMut(NodeIndex)) {
        for edge in self.chain(first) {
            if wild(&edge.tokens, name) {
                found(edge.to);
            }
        }
    }

    /// A component was consumed and leads to `index`.
    fn arrive(&self, index: NodeIndex, last: bool, next: &mut Live, hits: &mut impl Hits) {
        self.report_if(index, last, hits);
        if !last {
            self.enter(index, next);
        }
    }

    fn report_if(&self, index: NodeIndex, last: bool, hits: &mut impl Hits) {
        for end in self.node(index).map_or(&[][..], |n| &n.ends) {
            if last || end.covers {
                hits.hit(*end);
            }
        }
    }

    /// Makes a node live, with the `**` node that needs no component.
    fn enter(&self, index: NodeIndex, live: &mut Live) {
        live.insert(index);
        if let Some(deep) = self.node(index).and_then(|n| n.deep) {
            live.insert(deep);
        }
    }
}

impl WildEdges {
    fn may_start(&self, name: &[u8]) -> bool {
        let Some(first) = name.first() else { return false };
        self.first_bytes.get(usize::from(*first) / 64).is_some_and(|bits| bits >> (*first % 64) & 1 == 1)
    }
}

/// What stands behind the last dot of a name.
fn behind_dot(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().rposition(|b| *b == b'.')?;
    name.get(dot + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Anchor, Links, Reading};
    use std::path::Path;

    #[derive(Default)]
    struct Seen(std::collections::BTreeSet<(u32, bool)>);
    impl Hits for Seen {
        fn hit(&mut self, end: End) {
            self.0.insert((end.rule, end.directory_itself));
        }
    }

    fn matches(pattern: &str, path: &str, anchor: Anchor, covers: bool) -> bool {
        let mut trie = Trie::default();
        let reading = Reading { base: Path::new("/p"), home: Some(Path::new("/home/u")), anchor };
        reading.each(pattern, &mut Links::default(), &mut |p| trie.insert(p, 7, covers)).unwrap();
        let mut seen = Seen::default();
        trie.walk(path.as_bytes(), &mut seen);
        seen.0.iter().any(|(r, itself)| *r == 7 && !itself)
    }

    #[test]
    fn exact_lists() {
        for (pattern, path, expected) in [
            ("src/*.txt", "/p/src/a.txt", true),
            ("src/*.txt", "/p/src/a/b.txt", false),
            ("src/**", "/p/src/a/b.txt", true),
            ("src/**", "/p/src", false),
            ("src/**/x", "/p/src/x", true),
            ("src/**/x", "/p/src/a/b/x", true),
            ("**/*.md", "/p/a.md", true),
            ("**/*.md", "/a.md", false),
            ("**", "/p/x", true),
            ("README.md", "/p/README.md", true),
            ("README.md", "/p/sub/README.md", false),
            ("a/**/b/**/c", "/p/a/b/c", true),
            ("a/**/b/**/c", "/p/a/x/b/y/z/c", true),
            ("a/**/b/**/c", "/p/a/x/c", false),
            ("~/x", "/home/u/x", true),
            ("/p/*/z", "/p/q/z", true),
            ("{src,tests}/**", "/p/tests/t.rs", true),
        ] {
            assert_eq!(matches(pattern, path, Anchor::Exact, false), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn deny_lists_float_and_cover() {
        for (pattern, path, expected) in [
            (".env", "/p/a/.env", true),
            (".env", "/p/a/.env/b/c", true),
            (".env", "/q/.env", false),
            ("private", "/p/private/x/y", true),
            ("private/x", "/p/private/x/y", true),
            ("private/x", "/p/q/private/x", false),
            ("**/.env*", "/p/q/.env.local", true),
            ("*.pem", "/p/a/b.pem", true),
        ] {
            assert_eq!(matches(pattern, path, Anchor::AnyDepth, true), expected, "{pattern} {path}");
        }
        assert!(matches(".git/hooks", "/p/x/.git/hooks/pre-commit", Anchor::Floating, true));
    }

    proptest::proptest! {
        /// A slow matcher by definition is the second opinion.
        #[test]
        fn agrees_with_the_definition(
            patterns in proptest::collection::vec(proptest::collection::vec("a|b|\\*|\\*\\*|a\\*|ab\\*|a\\?|\\*b|\\?|x\\.\\*|\\*\\.c|x\\*\\.c", 1..5), 1..12),
            path in proptest::collection::vec("a|b|ab|abb|x\\.c|y\\.c", 1..6),
            covers in proptest::bool::ANY,
        ) {
            let mut trie = Trie::default();
            for (i, p) in patterns.iter().enumerate() {
                let reading = Reading { base: Path::new("/"), home: None, anchor: Anchor::Exact };
                let text = format!("/{}", p.join("/"));
                reading.each(&text, &mut Links::default(), &mut |p| trie.insert(p, u32::try_from(i).unwrap(), covers)).unwrap();
            }
            let mut seen = Seen::default();
            trie.walk(format!("/{}", path.join("/")).as_bytes(), &mut seen);
            for (i, p) in patterns.iter().enumerate() {
                let p: Vec<&str> = p.iter().map(String::as_str).collect();
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let trailing = p.last() == Some(&"**");
                // a deny covers what is below anything it matches
                let shortest = if covers { 1 } else { path.len() };
                let expected = (shortest..=path.len()).any(|n| slow(&p, &path[..n], trailing));
                let got = seen.0.contains(&(u32::try_from(i).unwrap(), false));
                proptest::prop_assert_eq!(got, expected, "{:?} {:?}", p, path);
            }
        }
    }

    fn slow(pattern: &[&str], path: &[&str], trailing_needs_one: bool) -> bool {
        match (pattern.first(), path.first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(&"**"), _) => {
                let rest = &pattern[1..];
                if rest.is_empty() && trailing_needs_one {
                    return !path.is_empty();
                }
                (0..=path.len()).any(|n| slow(rest, &path[n..], trailing_needs_one))
            }
            (Some(_), None) => false,
            (Some(c), Some(name)) => {
                Component::parse(c).unwrap().matches(name.as_bytes()) && slow(&pattern[1..], &path[1..], trailing_needs_one)
            }
        }
    }
}
