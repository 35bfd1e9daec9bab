//! Many command patterns at once. A policy with its presets has hundreds; few are about the command at hand, and reading one needs
//! the command's grammar. So they are kept as text by the name they begin with, and read when a command of that name comes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::OnceLock;

use crate::command::{ArgPattern, CommandPattern, ExecRequest, Hazard, PatternError, concerns};
use crate::decision::RuleRef;

#[derive(Debug)]
struct Item<T> {
    rule: RuleRef,
    /// Behind the capability in `requires_approval`, else the rule's own text.
    text: Box<str>,
    read: OnceLock<Option<CommandPattern>>,
    value: T,
}

impl<T> Item<T> {
    fn pattern(&self) -> Option<&CommandPattern> {
        self.read.get_or_init(|| CommandPattern::parse(&self.text).ok()).as_ref()
    }
}

/// Command patterns by the name they begin with.
#[derive(Debug)]
pub(crate) struct CommandSet<T> {
    items: Vec<Item<T>>,
    by_name: HashMap<Box<str>, Vec<usize>>,
}

impl<T> Default for CommandSet<T> {
    fn default() -> Self {
        CommandSet { items: Vec::new(), by_name: HashMap::new() }
    }
}

impl<T> CommandSet<T> {
    /// Adds a pattern. Those of presets are read by a test of this crate; those of the operator at once.
    pub(crate) fn push(&mut self, text: &str, rule: &RuleRef, value: T) -> Result<(), PatternError> {
        let read = OnceLock::new();
        let name = match plain_name(text) {
            Some(name) if rule.is_preset() => name.to_owned(),
            _ => {
                let pattern = CommandPattern::parse(text)?;
                let name = pattern.name().to_owned();
                let _ = read.set(Some(pattern));
                name
            }
        };
        self.by_name.entry(name.into()).or_default().push(self.items.len());
        self.items.push(Item { rule: rule.clone(), text: text.into(), read, value });
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

    fn candidates<'a>(&'a self, request: &ExecRequest) -> impl Iterator<Item = (&'a CommandPattern, &'a Item<T>)> {
        let mut indexes = BTreeSet::new();
        names_of(request, &mut |name| indexes.extend(self.by_name.get(name).into_iter().flatten().copied()));
        // a path can stand for a file under any name; there are few of them
        indexes.extend(self.by_name.iter().filter(|(name, _)| name.starts_with('/')).flat_map(|(_, i)| i.iter().copied()));
        indexes.into_iter().filter_map(|i| self.items.get(i)).filter_map(|item| Some((item.pattern()?, item)))
    }
}

/// The first word, where it needs no unquoting.
fn plain_name(text: &str) -> Option<&str> {
    let name = text.split(' ').next()?;
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
    plain.then_some(name)
}

/// Every name under which a pattern could mean this command or one that it runs.
fn names_of(request: &ExecRequest, found: &mut impl FnMut(&str)) {
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
    read: OnceLock<Option<ArgPattern>>,
}

/// Argument patterns of `deny_args` and `requires_approval_args`, by command.
#[derive(Debug, Default)]
pub(crate) struct ArgSet {
    by_command: BTreeMap<Box<str>, Vec<ArgItem>>,
}

impl ArgSet {
    pub(crate) fn push(&mut self, command: &str, rule: &RuleRef) -> Result<(), PatternError> {
        let read = OnceLock::new();
        if !rule.is_preset() {
            let _ = read.set(Some(ArgPattern::parse(command, rule.pattern())?));
        }
        self.by_command.entry(command.into()).or_default().push(ArgItem { rule: rule.clone(), read });
        Ok(())
    }

    /// The first pattern that the normalised arguments match.
    pub(crate) fn catching(&self, request: &ExecRequest) -> Option<&RuleRef> {
        let relevant = self.by_command.iter().filter(|(command, _)| concerns(command, request));
        relevant.flat_map(|(command, items)| items.iter().map(move |item| (command, item))).find_map(|(command, item)| {
            let pattern = item.read.get_or_init(|| ArgPattern::parse(command, item.rule.pattern()).ok());
            pattern.as_ref().is_some_and(|p| p.matches(request)).then_some(&item.rule)
        })
    }
}
