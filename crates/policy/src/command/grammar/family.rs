//! The embedded grammars, found by the name of a command and read at the first use.

use std::sync::OnceLock;

use hashbrown::HashMap;

use super::{Grammar, text};

/// One file of `policies/commands`. Its first line is `names = [...]`, so that finding a name reads nothing else.
pub(in crate::command) struct Family {
    pub(in crate::command) file: &'static str,
    pub(in crate::command) text: &'static str,
    grammar: OnceLock<Option<Grammar>>,
}

macro_rules! families {
    ($($file:literal)*) => {
        [$(Family {
            file: $file,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/commands/", $file, ".toml")),
            grammar: OnceLock::new(),
        }),*]
    };
}

static FAMILIES: [Family; 86] = families![
    "aegis" "awk" "basename" "bundle" "cargo" "cat" "chroot" "cmp" "comm" "command" "cp" "curl" "cut" "date" "df" "diff" "du" "env" "eval"
    "exec" "export" "file" "find" "flock" "git" "go" "gofmt" "grep" "head" "hexdump" "id" "ionice" "jq" "ln" "ls" "make" "md5sum" "mkdir"
    "mv" "nice" "nl" "node" "nohup" "npm" "npx" "nsenter" "parallel" "paste" "perl" "pip" "pylint" "pyright" "python" "rake" "readlink"
    "rg" "rm" "ruby" "script" "sed" "seq" "setpriv" "sh" "sort" "ssh" "ssh-agent" "stat" "stdbuf" "su" "sudo" "tar" "taskset" "tee" "time"
    "timeout" "touch" "tr" "trap" "tree" "uniq" "unshare" "watch" "wc" "which" "xargs" "xxd"
];

impl Family {
    /// The names on the first line.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let first = self.text.lines().next().unwrap_or("");
        first.split('"').skip(1).step_by(2)
    }
}

/// The families by their names: every pattern of a policy asks for one, and most have none.
struct Index {
    names: HashMap<&'static str, &'static Family>,
    /// Names that end in a star, without it.
    beginnings: Vec<(&'static str, &'static Family)>,
}

impl Index {
    fn of_all() -> &'static Index {
        static INDEX: OnceLock<Index> = OnceLock::new();
        INDEX.get_or_init(|| {
            let mut index = Index { names: HashMap::with_capacity(4 * FAMILIES.len()), beginnings: Vec::new() };
            for family in &FAMILIES {
                for name in family.names() {
                    match name.strip_suffix('*') {
                        Some(beginning) => index.beginnings.push((beginning, family)),
                        None => _ = index.names.insert(name, family),
                    }
                }
            }
            index
        })
    }

    fn family(&self, name: &str) -> Option<&'static Family> {
        let begins = |(beginning, _): &&(&str, _)| name.len() > beginning.len() && name.starts_with(beginning);
        self.names.get(name).copied().or_else(|| self.beginnings.iter().find(begins).map(|(_, family)| *family))
    }
}

/// The grammar of a command, with the first of its names.
pub(in crate::command) fn grammar_of(name: &str) -> Option<(&'static str, &'static Grammar)> {
    let family = Index::of_all().family(name)?;
    let grammar = family.grammar.get_or_init(|| text::parse(family.text).ok()).as_ref()?;
    grammar.root()?;
    Some((family.names().next().unwrap_or(family.file), grammar))
}

/// For every family its file and its names.
#[cfg(test)]
pub(in crate::command) fn all_names() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    FAMILIES.iter().map(|f| (f.file, f.names().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grammar_loads() {
        for family in &FAMILIES {
            let names = text::check::all(family.text).map_err(|e| format!("{}: {e}", family.file)).unwrap();
            assert_eq!(names, family.names().collect::<Vec<_>>(), "{}: the first line must be `names = [...]`", family.file);
        }
    }

    #[test]
    fn every_file_is_listed_once() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/commands");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".toml").to_owned())
            .collect();
        files.sort();
        assert_eq!(files, FAMILIES.iter().map(|f| f.file).collect::<Vec<_>>());
    }

    #[test]
    fn no_name_is_claimed_twice() {
        let mut names: Vec<&str> = FAMILIES.iter().flat_map(Family::names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    /// A budget for the largest grammar. Not timed: what is read at a first use is bounded by its size.
    #[test]
    fn the_largest_grammar_is_small() {
        assert!(FAMILIES.iter().all(|f| f.text.len() < 40_000));
    }
}
