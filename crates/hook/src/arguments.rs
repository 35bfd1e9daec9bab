//! The command line: `--host H --event E [--policy FILE]`.

use std::ffi::OsString;
use std::path::PathBuf;

use aegis_agents::hooks::HookHost;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The host; to be found out without.
    pub(crate) host: Option<HookHost>,
    /// The event; the one that standard input names without.
    pub(crate) event: Option<String>,
    /// The user's policy, in the place of the one in the user's directory.
    pub(crate) policy: Option<PathBuf>,
}

impl Arguments {
    /// Reads the words behind the program's name.
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Arguments, String> {
        let mut arguments = Arguments { host: None, event: None, policy: None };
        let (mut host, mut event) = (None, None);
        let mut words = words;
        while let Some(word) = words.next() {
            let word = word.into_string().map_err(|_| "an argument is not UTF-8".to_owned())?;
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            let mut value = || match value.clone() {
                Some(value) => Ok(value),
                None => words.next().and_then(|next| next.into_string().ok()).ok_or_else(|| format!("`{name}` has no value")),
            };
            match name.as_str() {
                "--host" => host = Some(value()?),
                "--event" => event = Some(value()?),
                "--policy" => arguments.policy = Some(PathBuf::from(value()?)),
                _ => return Err(format!("`{name}` is no option of aegis hook")),
            }
        }
        let host = host.ok_or("`--host` is missing: claude, codex, opencode, gemini, antigravity, copilot, cursor, or auto")?;
        let event = event.ok_or("`--event` is missing: the host's own name for it, or auto")?;
        if host != "auto" {
            arguments.host = Some(HookHost::from_word(&host).ok_or_else(|| format!("`{host}` is no host that Aegis knows"))?);
        }
        arguments.event = Some(event).filter(|event| event != "auto");
        if arguments.policy.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err("`--policy` must be an absolute path: where a host starts a hook is not certain".to_owned());
        }
        Ok(arguments)
    }
}
