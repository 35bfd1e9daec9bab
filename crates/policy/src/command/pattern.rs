//! Entries of `allow_commands`, `ask_commands`, `local_only_commands` and `deny_commands`.

use std::path::Path;

use super::multicall;
use super::parse::{base_name, lexical};
use super::request::{ExecRequest, Hazard};
use super::understood::Understood;
use super::unseen;
use super::word::{self, PatternError, STAR, WordPattern};

/// A pattern over command lines: a name or absolute path, then words; `*` is one argument (or, inside a word, a part of it), a final `**`
/// any number. One word alone allows any arguments.
#[derive(Debug, Clone)]
pub struct CommandPattern {
    name: String,
    words: Vec<WordPattern>,
    meaning: Understood,
}

impl CommandPattern {
    /// Reads a pattern. Words are split at blanks; quotes and backslashes keep what they cover literal.
    ///
    /// # Errors
    /// No word, an unclosed quote, `**` before the end, a control character, or a command that is neither a bare name nor an absolute path.
    pub fn parse(text: &str) -> Result<CommandPattern, PatternError> {
        let words = word::split(text)?;
        let (name, args) = words.split_first().ok_or(PatternError::Empty)?;
        CommandPattern::of_words(name, args, false)
    }

    /// Whether a text is a pattern for sure, without reading it: a bare name, then words of plain characters, wildcards where they may stand.
    pub(crate) fn is_certainly(text: &str) -> bool {
        let (name, args) = text.split_once(' ').unwrap_or((text, ""));
        let args = args.strip_suffix("**").filter(|before| before.is_empty() || before.ends_with(' ')).unwrap_or(args);
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@,+% ".contains(&b);
        !matches!(name, "" | "." | "..")
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
            && args.bytes().all(|b| is_plain(b) || b == b'*')
            && !args.contains("**")
    }

    /// The same, where the last part of a path may have wildcards: programs of the project, which its builds make.
    pub(crate) fn parse_below_root(text: &str) -> Result<CommandPattern, PatternError> {
        let words = word::split(text)?;
        let (name, args) = words.split_first().ok_or(PatternError::Empty)?;
        CommandPattern::of_words(name, args, true)
    }

    fn of_words(name: &str, args: &[String], wild: bool) -> Result<CommandPattern, PatternError> {
        let is_path = name.starts_with('/') && !name.ends_with('/') && lexical(Path::new(name)) == Path::new(name);
        let (front, last) = name.rsplit_once('/').unwrap_or(("", name));
        let fixed = if wild && is_path { front } else { name };
        if name.is_empty() || last.is_empty() || fixed.contains(STAR) || (name.contains('/') && !is_path) || matches!(name, "." | "..") {
            return Err(PatternError::Command(name.replace(STAR, "*")));
        }
        Ok(CommandPattern {
            name: name.to_owned(),
            words: args.iter().map(|w| WordPattern::from_marked(w)).collect(),
            meaning: Understood::of(name, args),
        })
    }

    /// The command: a bare name or an absolute path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For entries that open: whether the argv, word by word as it stands, fits. Another spelling of the same command does not fit, nor
    /// does a path where the pattern has a bare name. A pattern with a path fits a bare name that resolved to this very file, and this path
    /// however it is written, but with `..`, which links take elsewhere.
    #[must_use]
    pub fn allows(&self, request: &ExecRequest) -> bool {
        let Some((first, args)) = request.argv.split_first() else { return false };
        if request.malformed.is_some() || request.built_in_deny.is_some() {
            return false;
        }
        let resolved = || request.binary.as_deref().is_some_and(|b| b == Path::new(&self.name) && !is_multicall(b));
        let is_this_path = || !first.split('/').any(|part| part == "..") && self.is_of_path(&lexical(&request.cwd.join(first)));
        let fits_path = || if first.contains('/') { is_this_path() } else { resolved() };
        let named = *first == self.name || (self.name.starts_with('/') && fits_path());
        named && (self.words.is_empty() || unseen::surely_fit_all(&self.words, args))
    }

    fn is_of_path(&self, path: &Path) -> bool {
        let pattern = Path::new(&self.name);
        if !self.name.contains(STAR) {
            return path == pattern;
        }
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        path.parent() == pattern.parent()
            && matches!((name(pattern), name(path)), (Some(pattern), Some(name)) if WordPattern::from_marked(&pattern).fits(&name))
    }

    /// For entries that deny or ask: whether the argv fits as it stands or by what it means, or a command that it runs does.
    /// `git push **` catches `git -C dir push x`; a name also catches the file it resolved to.
    #[must_use]
    pub fn catches(&self, request: &ExecRequest) -> bool {
        if self.catches_name(request) {
            let args = request.argv.get(1..).unwrap_or_default();
            let fits =
                |args: &[String]| if request.partly { unseen::could_fit_all(&self.words, args) } else { word::fit_all(&self.words, args) };
            if self.words.is_empty() || fits(args) || self.meaning.fits(request) {
                return true;
            }
        }
        request.inner.iter().any(|inner| self.catches(inner))
    }

    fn catches_name(&self, request: &ExecRequest) -> bool {
        let first = request.argv.first().map_or("", String::as_str);
        let binary = request.binary.as_deref();
        let own_file = || binary.filter(|b| !is_multicall(b));
        if self.name.starts_with('/') {
            let path = Path::new(&self.name);
            let same_applet = base_name(first) == base_name(&self.name);
            return self.is_of_path(&lexical(&request.cwd.join(first))) && first.contains('/')
                || own_file() == Some(path)
                || (binary == Some(path) && same_applet);
        }
        request.program == self.name
            || base_name(first) == self.name
            || own_file().and_then(Path::file_name).is_some_and(|name| name == self.name.as_str())
    }

    /// Whether the pattern names this option: it holds the option itself, with a value (or a wildcard in its place) that fits. A lone name
    /// or a bare `**` names nothing.
    #[must_use]
    pub fn names_option(&self, hazard: &Hazard) -> bool {
        self.meaning.names(hazard)
    }

    /// The names of the files that the pattern is about, for a comparison of the files themselves.
    #[must_use]
    pub fn names(&self) -> [&str; 1] {
        [&self.name]
    }
}

fn is_multicall(binary: &Path) -> bool {
    binary.file_name().and_then(|n| n.to_str()).is_some_and(multicall::is_multicall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_patterns_look_like_is_certain() {
        for text in ["git", "git status **", "cargo test --test=*", "git push origin *", "cargo +nightly build"] {
            assert!(CommandPattern::is_certainly(text), "{text}");
        }
        for text in ["", " ", ".", "..", "/bin/ls", "git ** x", "git a**", "'git'", "git 'a", "git\u{7}", "git a\\", "*", "git ***"] {
            assert!(!CommandPattern::is_certainly(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_certain_can_be_read(text in r"[a-c0*./ _'\\:=@,+%{}~$#-]{0,12}( \*\*)?") {
            if CommandPattern::is_certainly(&text) {
                let pattern = CommandPattern::parse(&text);
                let name = text.split(' ').next().unwrap();
                proptest::prop_assert_eq!(pattern.as_ref().ok().map(CommandPattern::name), Some(name), "{}", text);
            }
        }
    }
}
