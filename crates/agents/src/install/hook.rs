//! The command that a host runs before a tool: how it is written, and how one of ours is known again.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::words::first_command;
use crate::server::base;

/// Behind the command: whatever way the program ends without an answer, the host blocks. Codex takes exit code 2 only with a word on
/// standard error.
const GUARD: &str = " || { echo 'aegis: the hook gave no answer, so this is blocked' >&2; exit 2; }";

/// The program that is a hook and nothing else.
const ALONE: &str = "aegis-hook";

/// The program that has the hook among its verbs.
const WITH_VERB: &str = "aegis";
const VERB: &str = "hook";

/// Why there is no command for a program or a policy.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Not UTF-8, or with control characters.
    #[error("{}: no settings file can hold this path", .0.display())]
    Path(PathBuf),
    /// Which program it is would depend on where the host stands.
    #[error("{}: not an absolute path", .0.display())]
    Relative(PathBuf),
    /// Our own entries are known again by the program's name.
    #[error("{}: named neither `aegis` nor `aegis-hook`, so its entry would not be known again", .0.display())]
    Name(PathBuf),
}

/// What is installed: the program of the hook, and the policy that it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    program: String,
    policy: Option<String>,
}

impl Hook {
    /// A hook of this program; without a policy it looks for one itself.
    ///
    /// # Errors
    /// [`HookError`].
    pub fn new(program: &Path, policy: Option<&Path>) -> Result<Hook, HookError> {
        let text = |path: &Path| match path.to_str() {
            Some(_) if !path.is_absolute() => Err(HookError::Relative(path.to_path_buf())),
            Some(text) if !text.contains(char::is_control) => Ok(text.to_owned()),
            _ => Err(HookError::Path(path.to_path_buf())),
        };
        let hook = Hook { program: text(program)?, policy: policy.map(text).transpose()? };
        match base(&hook.program) {
            ALONE | WITH_VERB => Ok(hook),
            _ => Err(HookError::Name(program.to_path_buf())),
        }
    }

    /// The hook of an installation: the program `aegis-hook` beside `aegis`, or, where there is none, `aegis hook`.
    ///
    /// # Errors
    /// [`HookError`].
    pub fn of(aegis: &Path, policy: Option<&Path>) -> Result<Hook, HookError> {
        let beside = aegis.with_file_name(ALONE);
        let runs = beside.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
        Hook::new(if runs { &beside } else { aegis }, policy)
    }

    /// The program, absolute.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The policy, absolute, where one is named.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// What stands behind the program.
    pub(crate) fn arguments(&self, host: &str, event: &str) -> Vec<String> {
        let verb = (base(&self.program) == WITH_VERB).then_some(VERB);
        let policy = self.policy.iter().flat_map(|policy| ["--policy", policy]);
        verb.into_iter().chain(["--host", host, "--event", event]).chain(policy).map(str::to_owned).collect()
    }

    /// The command for a shell of any kind that POSIX knows.
    pub(crate) fn command(&self, host: &str, event: &str) -> String {
        let mut words = vec![quoted(&self.program)];
        let mut is_path = false;
        for argument in self.arguments(host, event) {
            words.push(if is_path { quoted(&argument) } else { argument.clone() });
            is_path = argument == "--policy";
        }
        words.join(" ") + GUARD
    }
}

/// A command that Aegis wrote, in this form or an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) program: String,
    pub(crate) policy: Option<String>,
    /// Whether a program that fails blocks.
    pub(crate) is_guarded: bool,
}

impl Known {
    /// The command, if it starts our program. `arguments` are what an entry has beside its command.
    pub(crate) fn of(command: &str, arguments: &[String]) -> Option<Known> {
        let (mut words, rest) = match arguments {
            [] => first_command(command),
            _ => (vec![command.to_owned()], ""),
        };
        words.extend_from_slice(arguments);
        let (program, words) = words.split_first()?;
        let is_ours = match base(program) {
            ALONE => true,
            WITH_VERB => words.first().is_some_and(|word| word == VERB),
            _ => false,
        };
        let policy = words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--policy") {
            Some("") => words.get(at + 1).cloned(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        });
        is_ours.then(|| Known { program: program.clone(), policy, is_guarded: rest.starts_with("||") })
    }

    /// The hook that would be written like this.
    pub(crate) fn hook(&self) -> Option<Hook> {
        Hook::new(Path::new(&self.program), self.policy.as_deref().map(Path::new)).ok()
    }
}

/// One word of a shell, whatever stands in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn written() {
        let hook = Hook::new(Path::new("/opt/aegis-hook"), Some(Path::new("/home/u/it's mine.toml"))).unwrap();
        assert_eq!(
            hook.command("claude", "PreToolUse"),
            "'/opt/aegis-hook' --host claude --event PreToolUse --policy '/home/u/it'\\''s mine.toml' || { echo 'aegis: the hook gave no answer, so this is blocked' >&2; exit 2; }"
        );
        let hook = Hook::new(Path::new("/opt/aegis"), None).unwrap();
        assert!(hook.command("codex", "E").starts_with("'/opt/aegis' hook --host codex --event E || {"));
    }

    #[test]
    fn refused() {
        for program in ["aegis", "/opt/ae\ngis", "/opt/aegis-1.0", "/opt/\u{1b}/aegis"] {
            assert!(Hook::new(Path::new(program), None).is_err(), "{program:?}");
        }
        assert!(Hook::new(Path::new("/opt/aegis"), Some(Path::new("/a\nb"))).is_err());
        assert!(Hook::new(Path::new("/opt/aegis"), Some(Path::new("p.toml"))).is_err());
    }

    #[test]
    fn known_again() {
        for (command, program, policy) in [
            ("/usr/bin/aegis hook --host claude --event X", "/usr/bin/aegis", None),
            ("aegis-hook", "aegis-hook", None),
            ("\"/a b/aegis-hook\" --host x --policy=/p || exit 2", "/a b/aegis-hook", Some("/p")),
            ("'/a b/aegis' \"hook\" --policy '/p q'", "/a b/aegis", Some("/p q")),
            ("A=1 B='2 3' /x/aegis\\-hook --policy \"/p\"", "/x/aegis-hook", Some("/p")),
        ] {
            let known = Known::of(command, &[]).unwrap();
            assert_eq!((known.program.as_str(), known.policy.as_deref()), (program, policy), "{command}");
        }
        let arguments = ["hook".to_owned(), "--policy".to_owned(), "/p".to_owned()];
        assert_eq!(Known::of("/a b/aegis", &arguments).unwrap().policy.unwrap(), "/p");
        for command in [
            "",
            "echo aegis hook",
            "/opt/aegis-hooks",
            "/opt/aegis run x",
            "/opt/aegis",
            "aegis; hook",
            "my-aegis hook",
            "/opt/aegis-hook/run.sh",
            "# aegis-hook",
            "'unclosed aegis-hook",
            "true && aegis-hook",
        ] {
            assert_eq!(Known::of(command, &[]), None, "{command}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_known_again(dir in "/[^\\p{Cc}]{0,12}", policy in proptest::option::of("/[^\\p{Cc}]{0,12}"), alone: bool) {
            let program = format!("{dir}/{}", if alone { "aegis-hook" } else { "aegis" });
            let hook = Hook::new(Path::new(&program), policy.as_deref().map(Path::new)).unwrap();
            let known = Known::of(&hook.command("claude", "PreToolUse"), &[]).unwrap();
            prop_assert_eq!(known.hook().unwrap(), hook);
            prop_assert!(known.is_guarded);
        }

        #[test]
        fn any_text_is_looked_at(command in "[a-z '\"\\\\/$|&;=-]{0,40}|.{0,40}") {
            let _ = Known::of(&command, &[]);
        }
    }
}
