//! Many command patterns at once. A policy with its presets has hundreds; few are about the command at hand, and reading one needs
//! the command's grammar. So they are kept as text by the name they begin with, and read when a command of that name comes.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;

use crate::command::{ArgPattern, CommandPattern, Concerned, ExecRequest, Hazard, PatternError, family_of};
use crate::rule::{RuleRef, Text};

#[derive(Debug)]
struct Item<T> {
    rule: RuleRef,
    /// Behind the capability in `requires_approval`; otherwise the rule's own text is meant.
    text: Option<Box<str>>,
    read: OnceLock<Option<Box<CommandPattern>>>,
    value: T,
}

impl<T> Item<T> {
    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_else(|| self.rule.pattern())
    }

    fn pattern(&self) -> Option<&CommandPattern> {
        self.read.get_or_init(|| CommandPattern::parse(self.text()).ok().map(Box::new)).as_deref()
    }

    fn name(&self) -> Option<&str> {
        match self.read.get() {
            // hundreds of names are asked for, and reading a pattern takes its command's grammar
            None => plain_name(self.text()).or_else(|| self.pattern().map(CommandPattern::name)),
            Some(pattern) => pattern.as_deref().map(CommandPattern::name),
        }
    }
}

/// Command patterns by the name they begin with.
#[derive(Debug)]
pub(crate) struct CommandSet<T> {
    items: Vec<Item<T>>,
    /// Made when commands keep coming.
    index: OnceLock<Index>,
    asked: AtomicUsize,
}

/// So many times all names are looked through: a process that judges one command is done before an index would be.
const FEW: usize = 3;

#[derive(Debug, Default)]
struct Index {
    by_name: HashMap<String, Vec<usize>>,
    /// A path can stand for a file under any name; there are few of them.
    paths: Vec<usize>,
}

impl<T> Default for CommandSet<T> {
    fn default() -> Self {
        CommandSet { items: Vec::new(), index: OnceLock::new(), asked: AtomicUsize::new(0) }
    }
}

impl<T> CommandSet<T> {
    /// An empty one, for so many patterns.
    pub(crate) fn with_capacity(count: usize) -> CommandSet<T> {
        CommandSet { items: Vec::with_capacity(count), ..CommandSet::default() }
    }

    /// Adds the pattern that a rule is.
    pub(crate) fn push(&mut self, rule: &RuleRef, value: T) -> Result<(), PatternError> {
        self.push_text(None, rule, value)
    }

    /// Adds a pattern. Those of presets are read by a test of this crate; those of the operator at once, where they could be wrong.
    pub(crate) fn push_text(&mut self, text: Option<&str>, rule: &RuleRef, value: T) -> Result<(), PatternError> {
        let item = Item { rule: rule.clone(), text: text.map(Into::into), read: OnceLock::new(), value };
        if !rule.is_preset() && !CommandPattern::is_certainly(item.text()) {
            let _ = item.read.set(Some(Box::new(CommandPattern::parse(item.text())?)));
        }
        self.index.take();
        self.items.push(item);
        Ok(())
    }

    /// Adds a pattern that begins with a path below the root.
    pub(crate) fn push_below(&mut self, root: &Path, rule: &RuleRef, value: T) -> Result<(), PatternError> {
        let text = format!("'{}'/{}", root.to_string_lossy().replace('\'', "'\\''"), rule.pattern());
        let pattern = Box::new(CommandPattern::parse_below_root(&text)?);
        self.index.take();
        self.items.push(Item { rule: rule.clone(), text: Some(text.into()), read: OnceLock::from(Some(pattern)), value });
        Ok(())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The first pattern that opens this argv, word by word.
    pub(crate) fn allowing(&self, request: &ExecRequest) -> Option<(&RuleRef, &T)> {
        self.candidates(request).find(|(p, _)| p.allows(request)).map(|(_, i)| (&i.rule, &i.value))
    }

    /// The first pattern that catches this argv, or a command it runs, in whatever spelling.
    pub(crate) fn catching(&self, request: &ExecRequest) -> Option<&RuleRef> {
        self.candidates(request).find(|(p, _)| p.catches(request)).map(|(_, i)| &i.rule)
    }

    /// Whether a pattern that opens this very argv names the option.
    pub(crate) fn allowing_names(&self, request: &ExecRequest, hazard: &Hazard) -> bool {
        self.candidates(request).any(|(p, _)| p.names_option(hazard) && p.allows(request))
    }

    /// Whether a pattern that asks about this argv names the option.
    pub(crate) fn catching_names(&self, request: &ExecRequest, hazard: &Hazard) -> bool {
        self.candidates(request).any(|(p, _)| p.names_option(hazard) && p.catches(request))
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (at, item) in self.items.iter().enumerate() {
                match item.name() {
                    Some(name) if name.starts_with('/') => index.paths.push(at),
                    Some(name) => index.by_name.entry_ref(name).or_default().push(at),
                    None => {}
                }
            }
            index
        })
    }

    fn candidates<'a>(&'a self, request: &ExecRequest) -> impl Iterator<Item = (&'a CommandPattern, &'a Item<T>)> {
        let mut names: Vec<&str> = Vec::with_capacity(4);
        names_of(request, &mut |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        });
        let mut found: Vec<usize> = Vec::new();
        if self.index.get().is_none() && self.asked.fetch_add(1, Ordering::Relaxed) < FEW {
            let fits = |item: &Item<T>| item.name().is_some_and(|name| name.starts_with('/') || names.contains(&name));
            found.extend(self.items.iter().enumerate().filter(|(_, item)| fits(item)).map(|(at, _)| at));
        } else {
            let index = self.index();
            found.extend(&index.paths);
            names.iter().for_each(|name| found.extend(index.by_name.get(*name).into_iter().flatten()));
            // each has one name
            found.sort_unstable();
        }
        found.into_iter().filter_map(|i| self.items.get(i)).filter_map(|item| Some((item.pattern()?, item)))
    }
}

/// The first word, where it needs no unquoting.
fn plain_name(text: &str) -> Option<&str> {
    let name = text.split(' ').next()?;
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
    plain.then_some(name)
}

/// Every name under which a pattern could mean this command or one that it runs.
fn names_of<'r>(request: &'r ExecRequest, found: &mut impl FnMut(&'r str)) {
    let first = request.argv().first().map_or("", String::as_str);
    found(first.rsplit('/').next().unwrap_or(first));
    found(request.program());
    if let Some(file) = request.binary().and_then(Path::file_name).and_then(|n| n.to_str()) {
        found(file);
    }
    for inner in request.inner() {
        names_of(inner, found);
    }
}

#[derive(Debug)]
struct ArgItem {
    rule: RuleRef,
    read: OnceLock<Option<Box<ArgPattern>>>,
}

/// Argument patterns of `deny_args` and `requires_approval_args`, in runs of one command.
#[derive(Debug, Default)]
pub(crate) struct ArgSet {
    runs: Vec<ArgRun>,
}

#[derive(Debug)]
struct ArgRun {
    command: Text,
    family: Option<&'static str>,
    items: Vec<ArgItem>,
}

impl ArgSet {
    pub(crate) fn push(&mut self, command: &Text, rule: &RuleRef) -> Result<(), PatternError> {
        let read = OnceLock::new();
        if !rule.is_preset() {
            let _ = read.set(Some(Box::new(ArgPattern::parse(command, rule.pattern())?)));
        }
        let item = ArgItem { rule: rule.clone(), read };
        match self.runs.last_mut() {
            Some(last) if last.command == *command => last.items.push(item),
            _ => self.runs.push(ArgRun { command: command.clone(), family: family_of(command), items: vec![item] }),
        }
        Ok(())
    }

    /// The first pattern that the normalised arguments match.
    pub(crate) fn catching(&self, request: &ExecRequest) -> Option<&RuleRef> {
        let concerned = Concerned::by(request);
        let about_it = self.runs.iter().filter(|run| concerned.by_pattern(&run.command, run.family));
        about_it.flat_map(|run| run.items.iter().map(move |item| (run, item))).find_map(|(run, item)| {
            let pattern = item.read.get_or_init(|| ArgPattern::parse(&run.command, item.rule.pattern()).ok().map(Box::new));
            pattern.as_ref().is_some_and(|p| p.matches(request)).then_some(&item.rule)
        })
    }
}
