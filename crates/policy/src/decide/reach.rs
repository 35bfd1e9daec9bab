//! Where the patterns of an allow list begin. A kernel can be told of directories and files, not of patterns.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::path_rules::PathKind;
use crate::access::PathOp;
use crate::pattern::{Component, PathPattern, Segment};
use crate::policy::Policy;

/// What a pattern matches at and below its literal beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// That name alone.
    Itself,
    /// Some of what is below; [`Reach::below`] leads there.
    Some,
    /// All of it.
    All,
}

/// The part of the file system that an allow rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The literal beginning of the pattern, absolute. Nothing need be there.
    pub begin: PathBuf,
    /// What of it.
    pub extent: Extent,
    /// The pattern behind the beginning.
    rest: Box<[Segment<'static>]>,
}

impl Policy {
    /// What the allow rules for an operation are about, sorted, each part once. What of it is allowed in the end, [`Policy::decide`] says.
    #[must_use]
    pub fn reach(&self, op: PathOp) -> Vec<Reach> {
        let kind = match op {
            PathOp::Read => PathKind::Read,
            PathOp::Write => PathKind::Write,
            PathOp::Delete => PathKind::Delete,
        };
        self.reach_of(kind)
    }

    /// The same for the local-only rules.
    #[must_use]
    pub fn local_only_reach(&self, op: PathOp) -> Vec<Reach> {
        match op {
            PathOp::Read => self.reach_of(PathKind::LocalRead),
            PathOp::Write => self.reach_of(PathKind::LocalWrite),
            PathOp::Delete => Vec::new(),
        }
    }

    /// The same for `[subprocess].exec_allow`: programs that confined children may start. A project that only tightens adds none.
    #[must_use]
    pub fn exec_reach(&self) -> Vec<Reach> {
        self.reach_of_operator(PathKind::Exec)
    }

    /// The same for `[subprocess].unix_sockets`: sockets that confined children may connect to.
    #[must_use]
    pub fn socket_reach(&self) -> Vec<Reach> {
        self.reach_of_operator(PathKind::Socket)
    }

    fn reach_of_operator(&self, kind: PathKind) -> Vec<Reach> {
        let mut all = Vec::new();
        if let Some(layer) = self.layers.first() {
            layer.paths.each_of(kind, &mut |pattern| all.push(Reach::of(pattern)));
        }
        all
    }

    /// The programs that command patterns name, as they name them, sorted. Where a pattern leaves that open, it is not among them, nor are
    /// programs of the project, which its builds replace.
    #[must_use]
    pub fn program_words(&self) -> Vec<&str> {
        let lists = self.lists();
        let all = lists.allow_commands.iter().chain(&lists.ask_commands).chain(&lists.local_only_commands);
        let first = all.filter_map(|entry| entry.rule.pattern().split_whitespace().next());
        let is_literal = |word: &&str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._+-".contains(&b));
        let of_system = |word: &&str| word.starts_with('/') || !word.contains('/');
        let mut words: Vec<&str> = first.filter(is_literal).filter(of_system).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    fn reach_of(&self, kind: PathKind) -> Vec<Reach> {
        let mut all = Vec::new();
        for layer in &self.layers {
            layer.paths.each_of(kind, &mut |pattern| all.push(Reach::of(pattern)));
        }
        all.sort_by(|a: &Reach, b| (&a.begin, a.extent).cmp(&(&b.begin, b.extent)));
        all.dedup();
        all
    }
}

impl Reach {
    fn of(pattern: &PathPattern<'_>) -> Reach {
        let owned = |segment: &Segment<'_>| match segment {
            Segment::One(component) => Segment::One(component.clone().into_owned()),
            Segment::Deep => Segment::Deep,
        };
        Reach::from("/".into(), pattern.segments.iter().map(owned).collect())
    }

    /// Takes what is literal into the beginning.
    fn from(mut begin: PathBuf, segments: Vec<Segment<'static>>) -> Reach {
        let mut rest = segments.as_slice();
        while let [Segment::One(Component::Literal(name)), after @ ..] = rest {
            begin.push(OsStr::from_bytes(name));
            rest = after;
        }
        let extent = match rest {
            [] => Extent::Itself,
            [Segment::Deep] => Extent::All,
            _ => Extent::Some,
        };
        Reach { begin, extent, rest: rest.into() }
    }

    /// The same below another name of where it begins.
    #[must_use]
    pub fn at(self, begin: PathBuf) -> Reach {
        Reach { begin, ..self }
    }

    /// What of a name directly below the beginning it is about: nothing, or up to two parts of it.
    #[must_use]
    pub fn below(&self, name: &OsStr) -> Vec<Reach> {
        let mut found = Vec::new();
        self.step(&self.rest, name, &mut found);
        found
    }

    fn step(&self, rest: &[Segment<'static>], name: &OsStr, found: &mut Vec<Reach>) {
        match rest {
            [Segment::One(component), after @ ..] if component.matches(name.as_bytes()) => {
                found.push(Reach::from(self.begin.join(name), after.to_vec()));
            }
            [Segment::Deep, after @ ..] => {
                // the name is among those that `**` stands for, or the first behind them
                found.push(Reach {
                    begin: self.begin.join(name),
                    extent: if after.is_empty() { Extent::All } else { Extent::Some },
                    rest: rest.into(),
                });
                self.step(after, name, found);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Finder, Surroundings};

    #[test]
    fn patterns_begin_where_their_first_wildcard_is() {
        let text = "[filesystem]\nread_allow = [\"**\", \"/etc/hosts\", \"docs/*.md\", \"src/{a,b}/**\"]\nwrite_allow = [\"out/**\"]\n\
                    [subprocess]\nexec_allow = [\"target/**\"]\n";
        let policy = Policy::from_text("p", text, Path::new("/project"), &Finder::of_this_user(), &Surroundings::default()).unwrap();
        let of = |op| -> Vec<(String, Extent)> {
            policy.reach(op).into_iter().map(|reach| (reach.begin.display().to_string(), reach.extent)).collect()
        };
        let expected = [
            ("/etc/hosts", Extent::Itself),
            ("/project", Extent::All),
            ("/project/docs", Extent::Some),
            ("/project/src/a", Extent::All),
            ("/project/src/b", Extent::All),
        ];
        assert_eq!(of(PathOp::Read), expected.map(|(path, extent)| (path.to_owned(), extent)));
        assert_eq!(of(PathOp::Write), [("/project/out".to_owned(), Extent::All)]);
        assert_eq!(of(PathOp::Delete), []);
        let exec = policy.exec_reach();
        assert_eq!(
            exec.iter().map(|reach| (reach.begin.to_str().unwrap(), reach.extent)).collect::<Vec<_>>(),
            [("/project/target", Extent::All)]
        );
    }

    #[test]
    fn patterns_lead_below_their_wildcards() {
        let text = "[filesystem]\nread_allow = [\"t/*/lib/**\", \"d/**/x*/y\", \"w/*.md\"]\n";
        let policy = Policy::from_text("p", text, Path::new("/p"), &Finder::of_this_user(), &Surroundings::default()).unwrap();
        let all = policy.reach(PathOp::Read);
        let below = |from: &str, name: &str| -> Vec<(String, Extent)> {
            let from = all.iter().find(|reach| reach.begin == Path::new(from)).unwrap();
            from.below(OsStr::new(name)).into_iter().map(|reach| (reach.begin.display().to_string(), reach.extent)).collect()
        };
        let part = |path: &str, extent| (path.to_owned(), extent);
        assert_eq!(below("/p/t", "stable"), [part("/p/t/stable/lib", Extent::All)]);
        assert_eq!(below("/p/d", "a"), [part("/p/d/a", Extent::Some)]);
        assert_eq!(below("/p/d", "x1"), [part("/p/d/x1", Extent::Some), part("/p/d/x1/y", Extent::Itself)]);
        assert_eq!(below("/p/w", "a.md"), [part("/p/w/a.md", Extent::Itself)]);
        assert_eq!(below("/p/w", "a.txt"), []);
    }

    #[test]
    fn programs_are_the_first_words_of_commands() {
        let text = "[subprocess]\nallow_commands = [\"git log **\", \"git show\"]\nask_commands = [\"/usr/bin/make\"]\nlocal_only_commands = [\"gh **\"]\n";
        let policy = Policy::from_text("p", text, Path::new("/project"), &Finder::of_this_user(), &Surroundings::default()).unwrap();
        assert_eq!(policy.program_words(), ["/usr/bin/make", "gh", "git"]);
    }
}
