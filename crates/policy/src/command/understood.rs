//! What a pattern means, read when it is first asked: a policy has a hundred patterns about `git`, each with a subcommand of its own, and a
//! command line has one.

use std::sync::OnceLock;

use super::arguments::Meaning;
use super::grammar;
use super::request::{ExecRequest, Hazard};
use super::word::STAR;

/// The words of a pattern for a command, and their meaning.
#[derive(Debug, Clone)]
pub(super) struct Understood {
    command: Box<str>,
    family: Option<&'static str>,
    args: Box<[String]>,
    meaning: OnceLock<Meaning>,
    /// The subcommand that its first word is, if it is one.
    subcommand: OnceLock<Option<&'static str>>,
}

impl Understood {
    /// Of marked words.
    pub fn of(command: &str, args: &[String]) -> Understood {
        let family = grammar::family_of(command);
        Understood { command: command.into(), family, args: args.into(), meaning: OnceLock::new(), subcommand: OnceLock::new() }
    }

    fn meaning(&self) -> &Meaning {
        self.meaning.get_or_init(|| Meaning::of(&self.command, &self.args))
    }

    /// The grammar that it is read by.
    pub const fn family(&self) -> Option<&'static str> {
        self.family
    }

    /// As [`Meaning::fits`].
    pub fn fits(&self, request: &ExecRequest) -> bool {
        !self.is_of_another_subcommand(request) && self.meaning().fits(request)
    }

    /// As [`Meaning::is_in`].
    pub fn is_in(&self, request: &ExecRequest) -> bool {
        !self.is_of_another_subcommand(request) && self.meaning().is_in(request)
    }

    /// As [`Meaning::names`].
    pub fn names(&self, hazard: &Hazard) -> bool {
        self.meaning().names(hazard)
    }

    /// Whether its first word is one subcommand, and that of the request is another one: then it cannot fit, whatever else it says.
    fn is_of_another_subcommand(&self, request: &ExecRequest) -> bool {
        let Some(own) = request.subcommand.first().filter(|_| !request.partly) else { return false };
        self.subcommand().is_some_and(|name| name != own) && self.family() == request.family
    }

    fn subcommand(&self) -> Option<&'static str> {
        *self.subcommand.get_or_init(|| {
            let first = self.args.first().filter(|first| !first.starts_with('-') && !first.contains(STAR))?;
            let (_, grammar) = grammar::grammar_of(&self.command)?;
            grammar.sub_name(grammar.root()?, first)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::command::word;

    /// What is passed over without being read is what reading would have said no to.
    #[test]
    fn nothing_that_fits_is_passed_over() {
        let patterns = [
            "push --force",
            "push **",
            "commit --no-verify",
            "status **",
            "-c core.fsmonitor",
            "config **",
            "* --output",
            "remote add",
            "remote",
            "worktree add **",
            "t",
            "test **",
            "build --config",
            "stash drop",
            "checkout -- *",
            "**",
        ];
        let lines = [
            "git push -f",
            "git push --force x",
            "git -C d push --force",
            "git status -s",
            "git commit -n",
            "git remote add x y",
            "git -c core.fsmonitor=x status",
            "git stash drop",
            "git checkout -- a",
            "git --output x log",
            "cargo t",
            "cargo test x",
            "cargo build --config x",
            "cargo +nightly test",
            "git",
            "git x",
        ];
        let mut passed = 0;
        for command in ["git", "cargo"] {
            for pattern in patterns {
                let understood = Understood::of(command, &word::split(pattern).unwrap());
                for line in lines.iter().filter(|line| line.starts_with(command)) {
                    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
                    let request = ExecRequest::parse(&words, Path::new("/w"));
                    let meaning = understood.meaning();
                    passed += usize::from(understood.is_of_another_subcommand(&request));
                    assert_eq!(understood.fits(&request), meaning.fits(&request), "{command} {pattern}: {line}");
                    assert_eq!(understood.is_in(&request), meaning.is_in(&request), "{command} {pattern}: {line}");
                }
            }
        }
        assert!(passed > 80, "{passed}");
    }
}
