//! All path patterns of a policy in one trie over components, so that a decision costs the length of the path.

use std::collections::HashMap;

use super::component::Component;
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
    names: HashMap<Box<[u8]>, NodeIndex>,
    wild: WildEdges,
    any: Option<NodeIndex>,
    /// The node behind `**`; it loops on every component.
    deep: Option<NodeIndex>,
    loops: bool,
    ends: Vec<End>,
}

/// Wild components, sorted so that few are tried: by extension, by first byte, the rest.
#[derive(Debug, Default)]
struct WildEdges {
    by_extension: HashMap<Box<[u8]>, Vec<(Component, NodeIndex)>>,
    by_first: HashMap<u8, Vec<(Component, NodeIndex)>>,
    others: Vec<(Component, NodeIndex)>,
}

/// Told of every rule that matches.
pub(crate) trait Hits {
    fn hit(&mut self, end: End);
}

/// The trie.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
}

impl Default for Trie {
    fn default() -> Self {
        Trie { nodes: vec![Node::default()] }
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

impl Trie {
    fn add(&mut self, node: Node) -> NodeIndex {
        self.nodes.push(node);
        // a policy is at most 16 files of 1 MiB: far below 2^32 nodes
        NodeIndex::try_from(self.nodes.len() - 1).unwrap_or(NodeIndex::MAX)
    }

    fn node(&self, index: NodeIndex) -> Option<&Node> {
        self.nodes.get(index as usize)
    }

    fn child(&mut self, of: NodeIndex, segment: &Segment) -> NodeIndex {
        let next = self.node(of).and_then(|n| match segment {
            Segment::One(Component::Literal(name)) => n.names.get(name).copied(),
            Segment::One(Component::Any) => n.any,
            Segment::One(wild) => n.wild.find(wild),
            Segment::Deep => n.deep,
        });
        if let Some(next) = next {
            return next;
        }
        let next = self.add(Node { loops: *segment == Segment::Deep, ..Node::default() });
        if let Some(node) = self.nodes.get_mut(of as usize) {
            match segment {
                Segment::One(Component::Literal(name)) => {
                    node.names.insert(name.clone(), next);
                }
                Segment::One(Component::Any) => node.any = Some(next),
                Segment::One(wild) => node.wild.insert(wild.clone(), next),
                Segment::Deep => node.deep = Some(next),
            }
        }
        next
    }

    /// Adds a pattern for a rule.
    pub(crate) fn insert(&mut self, pattern: &PathPattern, rule: RuleIndex, covers: bool) {
        let mut at = 0;
        let mut before = 0;
        for segment in &pattern.segments {
            before = at;
            at = self.child(at, segment);
        }
        if let Some(node) = self.nodes.get_mut(at as usize) {
            node.ends.push(End { rule, covers, directory_itself: false });
        }
        if pattern.segments.last() == Some(&Segment::Deep) {
            if let Some(node) = self.nodes.get_mut(before as usize) {
                node.ends.push(End { rule, covers, directory_itself: true });
            }
        }
    }

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
            next.clear();
            for index in live.iter() {
                let Some(node) = self.node(index) else { continue };
                if node.loops {
                    self.arrive(index, last, &mut next, hits);
                }
                if let Some(to) = node.names.get(name) {
                    self.arrive(*to, last, &mut next, hits);
                }
                if let Some(to) = node.any {
                    self.arrive(to, last, &mut next, hits);
                }
                node.wild.each(name, |to| self.arrive(to, last, &mut next, hits));
            }
            if next.is_empty() {
                return;
            }
            std::mem::swap(&mut live, &mut next);
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
    fn bucket(&mut self, component: &Component) -> &mut Vec<(Component, NodeIndex)> {
        if let Some(extension) = component.extension() {
            self.by_extension.entry(extension.into()).or_default()
        } else if let Some(first) = component.first_byte() {
            self.by_first.entry(first).or_default()
        } else {
            &mut self.others
        }
    }

    fn insert(&mut self, component: Component, node: NodeIndex) {
        self.bucket(&component).push((component, node));
    }

    fn find(&self, component: &Component) -> Option<NodeIndex> {
        self.by_extension
            .values()
            .chain(self.by_first.values())
            .chain([&self.others])
            .flatten()
            .find(|(c, _)| c == component)
            .map(|(_, n)| *n)
    }

    fn each(&self, name: &[u8], mut found: impl FnMut(NodeIndex)) {
        if !self.by_extension.is_empty() {
            if let Some(dot) = name.iter().rposition(|b| *b == b'.') {
                let extension = name.get(dot + 1..).unwrap_or_default();
                try_all(self.by_extension.get(extension), name, &mut found);
            }
        }
        if !self.by_first.is_empty() {
            try_all(name.first().and_then(|b| self.by_first.get(b)), name, &mut found);
        }
        try_all(Some(&self.others), name, &mut found);
    }
}

fn try_all(edges: Option<&Vec<(Component, NodeIndex)>>, name: &[u8], found: &mut impl FnMut(NodeIndex)) {
    for (component, node) in edges.into_iter().flatten() {
        if component.matches(name) {
            found(*node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::path::Anchor;
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
        for p in PathPattern::parse(pattern, Path::new("/p"), Some(Path::new("/home/u")), anchor).unwrap() {
            trie.insert(&p, 7, covers);
        }
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
            patterns in proptest::collection::vec(proptest::collection::vec("a|b|\\*|\\*\\*|a\\*|\\*\\.c", 1..5), 1..6),
            path in proptest::collection::vec("a|b|ab|x\\.c", 1..6),
        ) {
            let mut trie = Trie::default();
            for (i, p) in patterns.iter().enumerate() {
                for parsed in PathPattern::parse(&format!("/{}", p.join("/")), Path::new("/"), None, Anchor::Exact).unwrap() {
                    trie.insert(&parsed, u32::try_from(i).unwrap(), false);
                }
            }
            let mut seen = Seen::default();
            trie.walk(format!("/{}", path.join("/")).as_bytes(), &mut seen);
            for (i, p) in patterns.iter().enumerate() {
                let p: Vec<&str> = p.iter().map(String::as_str).collect();
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let trailing = p.last() == Some(&"**");
                let expected = slow(&p, &path, trailing);
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
