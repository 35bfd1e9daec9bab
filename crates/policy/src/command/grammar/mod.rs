//! Command grammars: what the options and words of common tools stand for. Data, in `policies/commands/*.toml`.

mod family;
mod line;
#[cfg(test)]
mod listing;
mod text;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;

#[cfg(test)]
pub(super) use family::all_names;
pub(crate) use family::family_of;
pub(super) use family::grammar_of;

use super::request::Role;

/// What the value of an option, or a word, stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Plain,
    /// A git revision or a path; a path only if it is written like one.
    Maybe,
    /// Something whose use is not known: judged like an argument of a command without a grammar.
    Any,
    PathIn,
    PathOut,
    PathBoth,
    PathDelete,
    /// Read and removed.
    PathMove,
    /// The directory that relative paths of the whole command start from.
    Chdir,
    /// The directory that the words behind it start from.
    ChdirNext,
    Exec,
    Config,
    Net,
    /// A URL: `file://` is a path, everything else is reached over the network.
    Url,
    /// What git takes for a repository: a name, a path, a URL, or `helper::address`.
    GitRemote,
    /// `@file` reads that file.
    AtPath,
    /// A file curl sends; it expands `{a,b}` and `[1-3]` itself.
    Upload,
    /// `name=@file` and `name=<file` read that file.
    Form,
    /// A file that is read or written, depending on another option (`tar -f`).
    Archive,
    /// A program in a file, `-` for standard input.
    Script,
    /// A sed script.
    Sed,
    /// An awk program.
    Awk,
    /// A jq filter; as a word it may be a file instead.
    Jq,
    /// `NAME=value` is configuration, anything else plain.
    Assignment,
    /// Written; if it is a directory, the sources are written below it.
    PathInto,
    /// A Go package: `./...` and `x.go` are paths, import paths are not.
    GoPackage,
    /// A command in one string, split at blanks.
    CommandLine,
    /// A command in one string, which a shell reads.
    Shell,
    /// This word and all behind it, with blanks between them, are a text that a shell reads.
    ShellWords,
    /// A package: a name, a URL or a path.
    Package,
    /// A format of curl: `@file` is read, `%output{file}` is written.
    WriteOut,
    /// This word and all behind it are a command; `NAME=value` before it is configuration.
    Command,
}

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    None,
    /// Glued, behind `=`, or the next word.
    Required(Value),
    /// Only glued or behind `=`.
    Optional(Value),
    /// All words up to `;` or `{} +` are a command.
    UntilSemicolon,
}

/// The words of a command: some at the beginning, any number, some at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub head: Vec<Value>,
    pub star: Option<Value>,
    pub tail: Vec<Value>,
}

impl Words {
    /// The role of word `index` of `count`. Words that the grammar does not foresee are judged like any others.
    pub fn role(&self, index: usize, count: usize) -> Value {
        let from_end = count.saturating_sub(index + 1);
        if let Some(role) = self.head.get(index) {
            return *role;
        }
        if let Some(role) = self.tail.len().checked_sub(from_end + 1).and_then(|at| self.tail.get(at)) {
            return *role;
        }
        self.star.unwrap_or(Value::Any)
    }
}

/// What an option does to the rest of the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Effects {
    /// Files that are read are also written.
    pub in_place: bool,
    /// Files that are read are also removed.
    pub deletes: bool,
    /// No options behind this one.
    pub rest: bool,
    /// Prints something and ends.
    pub info: bool,
    /// Archives are written, not read.
    pub writes: bool,
    /// Writes below the working directory.
    pub writes_here: bool,
    /// Reads the working directory if no word names a path.
    pub here: bool,
}

/// One line of `options`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OptionSpec {
    /// Separated by blanks.
    names: Box<str>,
    pub arity: Arity,
    /// The role of the option itself, apart from its value.
    pub own: Option<Role>,
    /// Replaces the words of its command.
    pub words: Option<Box<Words>>,
    pub effects: Effects,
}

impl OptionSpec {
    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.split(' ')
    }

    /// Whether it has exactly this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.names.as_bytes().split(|b| *b == b' ').any(|n| n == name.as_bytes())
    }

    /// The first long name, or the first one.
    pub fn canonical(&self) -> &str {
        self.names().find(|n| n.starts_with("--")).or_else(|| self.names().next()).unwrap_or("")
    }
}

/// How long options may be abbreviated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Abbreviate {
    #[default]
    None,
    /// Any prefix that fits one option (getopt_long).
    Prefix,
    /// The same, and `--no-` before any option (git).
    Git,
}

/// The conventions by which a command reads its words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent convention")]
pub(super) struct Style {
    pub abbreviate: Abbreviate,
    /// `-abc` is `-a -b -c`.
    pub cluster: bool,
    /// `--` ends options.
    pub end: bool,
    /// `-name` is an option of its own.
    pub single_dash: bool,
    /// The first word ends options.
    pub stop: bool,
    /// `-5` is an option.
    pub digits: bool,
    /// Options of a command may stand behind its subcommand.
    pub globals: bool,
    /// The first word may be a cluster without dash.
    pub bare_cluster: bool,
    /// A prefix that fits one subcommand is that subcommand.
    pub abbreviate_subcommands: bool,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            abbreviate: Abbreviate::None,
            cluster: true,
            end: true,
            single_dash: false,
            stop: false,
            digits: false,
            globals: false,
            bare_cluster: false,
            abbreviate_subcommands: false,
        }
    }
}

/// What happens to options and subcommands that a grammar does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unknown {
    /// They count as configuration, which a policy must name.
    #[default]
    Deny,
    /// Their values are judged like those of a command without a grammar.
    Judge,
}

/// A command or subcommand.
#[derive(Debug)]
pub(super) struct Level {
    /// The text of its options, and of the groups it uses; read at the first use.
    texts: Vec<String>,
    options: OnceLock<Vec<OptionSpec>>,
    /// Where each name is among them, once they were looked through often.
    index: OnceLock<HashMap<Box<str>, usize>>,
    looked: AtomicUsize,
    pub words: Option<Words>,
    /// The words behind `--`, where they differ.
    pub after: Option<Words>,
    /// Running it at all has this role.
    pub role: Option<Role>,
    /// Running it without a word has this role.
    pub bare: Option<Role>,
    /// Other names of its subcommands.
    aliases: BTreeMap<String, String>,
    /// Words that begin so stand for an option.
    pub synonyms: BTreeMap<String, String>,
    /// As its command, if it does not say.
    pub unknown: Option<Unknown>,
    /// Reads the working directory if no word names a path.
    pub here: bool,
    /// It adds nothing to what it runs.
    pub through: bool,
    /// It adds words to what it runs.
    pub appends: bool,
}

/// So often the options are looked through before there is an index.
const OFTEN: usize = 16;

impl Level {
    /// The options, read from their text at the first use. Lines that cannot be read are left out, and so unknown.
    pub fn options(&self) -> &[OptionSpec] {
        self.options.get_or_init(|| self.texts.iter().flat_map(|text| line::options(text)).filter_map(Result::ok).collect())
    }

    /// The option of exactly that name.
    pub fn option(&self, name: &str) -> Option<&OptionSpec> {
        // most processes read one command, and never pay for an index
        if self.index.get().is_none() && self.looked.fetch_add(1, Ordering::Relaxed) < OFTEN {
            return self.options().iter().find(|o| o.is_named(name));
        }
        let index = self.index.get_or_init(|| {
            let mut index = HashMap::new();
            for (at, option) in self.options().iter().enumerate() {
                for name in option.names() {
                    index.entry(name.into()).or_insert(at);
                }
            }
            index
        });
        self.options().get(*index.get(name)?)
    }
}

/// One table of a grammar.
#[derive(Debug)]
struct Section {
    /// `command`, or `command.sub.NAME`, `command.sub.NAME.sub.NAME` and so on.
    name: &'static str,
    body: &'static str,
    /// Of a hundred tables one or two are read.
    level: OnceLock<Option<Box<Level>>>,
}

/// The grammar of one family of commands.
#[derive(Debug)]
pub(super) struct Grammar {
    #[cfg_attr(not(test), expect(dead_code, reason = "names are found on the first line; the tests compare"))]
    names: Vec<String>,
    pub style: Style,
    /// Argument patterns that no list opens.
    pub deny: Vec<String>,
    sections: Vec<Section>,
    /// The tables by their names.
    by_name: HashMap<&'static str, usize>,
    groups: &'static str,
    group_texts: OnceLock<BTreeMap<String, String>>,
}

impl Grammar {
    /// The names of all commands and subcommands, with their options.
    #[cfg(test)]
    pub fn levels(&self) -> impl Iterator<Item = (Vec<&'static str>, &Level)> {
        self.sections.iter().filter_map(|s| Some((s.name.split(".sub.").skip(1).collect(), self.level(s)?)))
    }

    fn level<'g>(&'g self, section: &'g Section) -> Option<&'g Level> {
        let groups = || self.group_texts.get_or_init(|| text::groups(self.groups).unwrap_or_default());
        section.level.get_or_init(|| text::level(section.body, groups()).ok().map(Box::new)).as_deref()
    }

    /// The command itself.
    pub fn root(&self) -> Option<&Level> {
        self.section("command").and_then(|s| self.level(s))
    }

    fn section(&self, name: &str) -> Option<&Section> {
        self.by_name.get(name).and_then(|at| self.sections.get(*at))
    }

    /// What the tables of the subcommands behind `path` begin with.
    fn prefix(path: &[String]) -> String {
        path.iter().fold("command.sub.".to_owned(), |prefix, name| prefix + name + ".sub.")
    }

    /// The tables directly below a prefix, with the names of their subcommands.
    fn below(&self, prefix: &str) -> impl Iterator<Item = (&'static str, &Section)> {
        let name = move |s: &Section| s.name.strip_prefix(prefix).filter(|name| !name.contains('.'));
        self.sections.iter().filter_map(move |s| Some((name(s)?, s)))
    }

    /// Whether the command at `path` has subcommands.
    pub fn has_subs(&self, path: &[String]) -> bool {
        self.below(&Self::prefix(path)).next().is_some()
    }

    /// The name of the subcommand that `word` is directly behind the command, by its name or an alias; nothing of it is read.
    pub fn sub_name(&self, root: &Level, word: &str) -> Option<&'static str> {
        let word = root.aliases.get(word).map_or(word, String::as_str);
        self.section(&format!("command.sub.{word}")).and_then(|section| section.name.strip_prefix("command.sub."))
    }

    /// The subcommand that `word` is behind `path`, by its name, an alias, or an abbreviation; with its name.
    pub fn sub(&self, path: &[String], level: &Level, word: &str) -> Option<(&'static str, &Level)> {
        let word = level.aliases.get(word).map_or(word, String::as_str);
        let prefix = Self::prefix(path);
        let named = |test: &dyn Fn(&str) -> bool| {
            let (name, section) = self.below(&prefix).find(|(name, _)| test(name))?;
            Some((name, self.level(section)?))
        };
        if let Some(section) = Some(word).filter(|word| !word.contains('.')).and_then(|word| self.section(&(prefix.clone() + word))) {
            return section.name.strip_prefix(&prefix).zip(self.level(section));
        }
        if !self.style.abbreviate_subcommands || word.is_empty() {
            return None;
        }
        let alias = level.aliases.iter().find(|(alias, _)| alias.starts_with(word)).map(|(_, name)| name.as_str());
        named(&|name| name.starts_with(word)).or_else(|| alias.and_then(|alias| named(&|name| name == alias)))
    }
}
