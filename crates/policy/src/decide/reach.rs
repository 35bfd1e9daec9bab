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
    /// Some of what is below.
    Some,
    /// All of it.
    All,
}

/// The part of the file system that an allow rule is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// The literal beginning of the pattern, absolute. Nothing need be there.
    pub begin: PathBuf,
    /// What of it.
    pub extent: Extent,
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

    /// The same for `[subprocess].exec_allow`: programs that confined children may start.
    #[must_use]
    pub fn exec_reach(&self) -> Vec<Reach> {
        self.reach_of(PathKind::Exec)
    }

    /// The programs that command patterns name, as they name them, sorted. Where a pattern leaves that open, it is not among them.
    #[must_use]
    pub fn program_words(&self) -> Vec<&str> {
        let lists = self.lists();
        let all = lists.allow_commands.iter().chain(&lists.ask_commands).chain(&lists.local_only_commands);
        let first = all.filter_map(|entry| entry.rule.pattern().split_whitespace().next());
        let is_literal = |word: &&str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._+-".contains(&b));
        let mut words: Vec<&str> = first.filter(is_literal).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    fn reach_of(&self, kind: PathKind) -> Vec<Reach> {
        let mut all = Vec::new();
        for layer in &self.layers {
            layer.paths.each_of(kind, &mut |pattern| all.push(Reach::of(pattern)));
        }
        all.sort();
        all.dedup();
        all
    }
}

impl Reach {
    fn of(pattern: &PathPattern<'_>) -> Reach {
        let mut begin = PathBuf::from("/");
        let mut rest = pattern.segments.as_slice();
        while let [Segment::One(Component::Literal(name)), after @ ..] = rest {
            begin.push(OsStr::from_bytes(name));
            rest = after;
        }
        let extent = match rest {
            [] => Extent::Itself,
            [Segment::Deep] => Extent::All,
            _ => Extent::Some,
        };
        Reach { begin, extent }
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
        assert_eq!(policy.exec_reach(), [Reach { begin: "/project/target".into(), extent: Extent::All }]);
    }

    #[test]
    fn programs_are_the_first_words_of_commands() {
        let text = "[subprocess]\nallow_commands = [\"git log **\", \"git show\", \"./x *\", \"* y\"]\nask_commands = [\"/usr/bin/make\"]\nlocal_only_commands = [\"gh **\"]\n";
        let policy = Policy::from_text("p", text, Path::new("/project"), &Finder::of_this_user(), &Surroundings::default()).unwrap();
        assert_eq!(policy.program_words(), ["./x", "/usr/bin/make", "gh", "git"]);
    }
}
