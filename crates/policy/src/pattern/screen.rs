//! Which patterns cannot match a path, by their texts alone.
//!
//! Putting hundreds of patterns into a trie costs far more than one path is worth, and many a process judges one or two. Most patterns
//! have a piece of plain text in them that the path at hand has not: those need not be read for it.

use std::path::Path;

use super::path::{names_of, only_group};

/// The names of a path that is judged.
pub(crate) struct Names<'p> {
    all: Vec<&'p [u8]>,
    in_home: bool,
}

impl<'p> Names<'p> {
    /// The names of an absolute path; none of a path that patterns see in more than one spelling.
    pub(crate) fn of(path: &'p [u8], home: Option<&Path>) -> Option<Names<'p>> {
        let all: Vec<&[u8]> = path.split(|b| *b == b'/').filter(|name| !name.is_empty()).collect();
        let in_home = home.is_none_or(|home| names_of(home).zip(&all).all(|(a, b)| a == *b));
        path.is_ascii().then_some(Names { all, in_home })
    }

    /// Whether a pattern of this text could match, or cover, a path of these names. It says yes too often rather than look closely:
    /// `text` may be no pattern at all. What links lead to it does not know.
    pub(crate) fn may_match(&self, text: &str) -> bool {
        if text.starts_with("~/") && !self.in_home {
            return false;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let part = Part::first_of(rest);
            match part.kind {
                // other spellings of the text count too, a backslash changes what stands behind it, alternatives can be several names
                Kind::Hard => return true,
                Kind::Plain => {
                    if !self.all.contains(&part.text.as_bytes()) && needs_a_name(part.text) {
                        return false;
                    }
                }
                Kind::Wild { start, end } => {
                    let (start, end) = (part.text.get(..start).unwrap_or_default(), part.text.get(end..).unwrap_or_default());
                    let group = Group::only_one(part.text);
                    let is_choice = |name: &[u8]| group.as_ref().is_none_or(|group| group.is_one_of(name));
                    let fits = |name: &&[u8]| name.starts_with(start.as_bytes()) && name.ends_with(end.as_bytes()) && is_choice(name);
                    let needs_a_name = needs_a_name(start) || needs_a_name(end) || group.as_ref().is_some_and(Group::needs_a_name);
                    if needs_a_name && !self.all.iter().any(fits) {
                        return false;
                    }
                }
            }
            rest = rest.get(part.text.len() + 1..).unwrap_or_default();
        }
        true
    }

    /// Whether a pattern of this text could match, or cover, something below the directory of these names. Yes too often, as
    /// [`Names::may_match`].
    pub(crate) fn may_match_below(&self, text: &str, home: Option<&Path>) -> bool {
        // a pattern that is not absolute can begin anywhere
        let (start, rest) = match (text.strip_prefix("~/"), text.strip_prefix('/')) {
            (Some(rest), _) if home.is_some() => (home, rest),
            (None, Some(rest)) => (None, rest),
            _ => return true,
        };
        let mut names = self.all.iter();
        let mut is_other = |name: &[u8]| names.next().map(|there| *there != name);
        for name in start.into_iter().flat_map(names_of) {
            match is_other(name) {
                Some(false) => {}
                Some(true) => return false,
                None => return true,
            }
        }
        let mut rest = rest;
        while !rest.is_empty() {
            let part = Part::first_of(rest);
            if !matches!(part.kind, Kind::Plain) || !needs_a_name(part.text) {
                return true;
            }
            match is_other(part.text.as_bytes()) {
                Some(false) => {}
                Some(true) => return false,
                None => return true,
            }
            rest = rest.get(part.text.len() + 1..).unwrap_or_default();
        }
        true
    }
}

/// Without a letter it could also stand for nothing, `.`, `~` or `**`, which need no name at all.
fn needs_a_name(plain: &str) -> bool {
    plain.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// What stands up to the next slash.
struct Part<'t> {
    text: &'t str,
    kind: Kind,
}

enum Kind {
    Plain,
    /// Where its plain beginning ends, and where its plain end begins.
    Wild {
        start: usize,
        end: usize,
    },
    /// Nothing that is told from the text alone.
    Hard,
}

impl<'t> Part<'t> {
    fn first_of(rest: &'t str) -> Part<'t> {
        let mut depth = 0_usize;
        let mut wild: Option<(usize, usize)> = None;
        let mut length = rest.len();
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'/' if depth == 0 => {
                    length = at;
                    break;
                }
                b'/' | b'\\' | 0x80.. => return Part { text: rest, kind: Kind::Hard },
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b'*' | b'?' | b'[' | b']' => {}
                _ => continue,
            }
            wild = Some((wild.map_or(at, |(start, _)| start), at + 1));
        }
        let text = rest.get(..length).unwrap_or_default();
        Part { text, kind: wild.map_or(Kind::Plain, |(start, end)| Kind::Wild { start, end }) }
    }
}

/// A part that is plain but for one group of plain choices.
struct Group<'t> {
    before: &'t str,
    choices: &'t str,
    after: &'t str,
}

impl<'t> Group<'t> {
    fn only_one(part: &'t str) -> Option<Group<'t>> {
        let (before, choices, after) = only_group(part)?;
        (!part.contains(['*', '?', ']'])).then_some(Group { before, choices, after })
    }

    fn is_one_of(&self, name: &[u8]) -> bool {
        let between = name.strip_prefix(self.before.as_bytes()).and_then(|rest| rest.strip_suffix(self.after.as_bytes()));
        between.is_some_and(|between| self.choices.split(',').any(|choice| choice.as_bytes() == between))
    }

    fn needs_a_name(&self) -> bool {
        self.choices.split(',').all(needs_a_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Anchor, End, Hits, Links, Reading, Trie};

    fn may(text: &str, path: &str) -> bool {
        Names::of(path.as_bytes(), Some(Path::new("/h"))).unwrap().may_match(text)
    }

    #[test]
    fn most_patterns_need_not_be_read() {
        for text in [
            "~/.ssh/**",
            ".env",
            ".env[._-]{d,di}",
            "*[!e].env",
            "/etc/shadow",
            "{e,t,*[!l]e}.pem",
            "id_{rsa,dsa}*[!b]",
            "/usr/bin/x",
            "~/*",
            "~/.{a,b}",
            "/etc/{init.d,xdg/a}",
            ".{a,b}",
            "{rust,gi}",
        ] {
            assert!(!may(text, "/usr/bin/git"), "{text}");
        }
        for text in [
            "/usr/**",
            "**",
            "usr/{bin,lib}/*",
            "/usr/bin/g?t",
            "{a/b,/usr}/bin/git",
            "~",
            "/",
            "\\g*",
            "ü",
            ".{,x}",
            "g[i]t",
            "/usr/./bin/**/git",
            "{a,git}",
            "{a,usr}/b{c,in}/*t",
            "{b,*i}*",
            "/usr/{x,bin/git}",
            "{,.}/usr",
        ] {
            assert!(may(text, "/usr/bin/git"), "{text}");
        }
        assert!(may("~/.{a,b}", "/h/.b") && may("~/*", "/h/x") && may("~", "/h"));
        assert!(Names::of("/ü".as_bytes(), None).is_none());
    }

    #[test]
    fn most_absolute_patterns_are_not_about_what_is_below() {
        let below = |text: &str| Names::of(b"/h/mia/p", None).unwrap().may_match_below(text, Some(Path::new("/h/mia")));
        for text in ["~/.ssh/**", "/etc/shadow", "/h/bob/p", "/h/mia/q/**", "~/q/{a,b}", "/proc/*/environ"] {
            assert!(!below(text), "{text}");
        }
        for text in
            ["~", "~/p", "~/p/q", "/", "/h", "/h/mia/p", "/h/mia/p/a/b", "/h/*/q", ".env", "**/x", "{/etc,~/p}/x", "~/./p", "/h\\/q"]
        {
            assert!(below(text), "{text}");
        }
        assert!(Names::of(b"/h", None).unwrap().may_match_below("~/.ssh", Some(Path::new("/h/mia"))));
        assert!(Names::of(b"/h", None).unwrap().may_match_below("~/.ssh", None));
    }

    struct Any(bool);
    impl Hits for Any {
        fn hit(&mut self, _: End) {
            self.0 = true;
        }
    }

    proptest::proptest! {
        /// What is passed over would not have matched, in any kind of list.
        #[test]
        fn what_is_passed_over_does_not_match(
            text in r"(/|~/|)([ab.*?]|\{a,b\}|\{\*\*,ab\}|\{,\.\}|\{a/b,b\}|\{\.,\.\.,a\}|\{b\*,\*a\}|\{\{a,b\},ab\}|\[ab\]|\[!a\*\]|\*\*|/|ab|\\a|,|\{|\}|\]){1,8}",
            path in proptest::collection::vec(r"a|b|ab|ba|aba|b\.a|\.a|a\*|h|h", 0..5),
            anchor in proptest::sample::select(vec![Anchor::Exact, Anchor::AnyDepth, Anchor::Floating]),
        ) {
            let path = format!("/{}", path.join("/"));
            let reading = Reading { base: Path::new("/"), home: Some(Path::new("/h")), anchor };
            let mut trie = Trie::default();
            if reading.each(&text, &mut Links::default(), &mut |p| trie.insert(p, 0, true)).is_ok() {
                let mut any = Any(false);
                trie.walk(path.as_bytes(), &mut any);
                proptest::prop_assert!(!any.0 || may(&text, &path), "{} {}", text, path);
                for (at, _) in path.match_indices('/') {
                    let (above, _) = path.split_at(at);
                    let below = Names::of(above.as_bytes(), None).unwrap().may_match_below(&text, Some(Path::new("/h")));
                    proptest::prop_assert!(!any.0 || below, "{} {} below {}", text, path, above);
                }
            }
        }
    }
}
