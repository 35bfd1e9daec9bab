//! What a merged policy is refused for, as far as it can be told without matchers.

use super::merge::Layer;
use crate::decision::Rule;
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::{Confine, Entry, Lists, Merged};

/// Confinement that this version cannot give, as its own check: [`crate::migrate`] keeps what a file demands.
pub(super) fn unavailable(layer: &Layer, merged: &Merged) -> Result<(), LoadError> {
    let Some(stated) = layer.settings.get("[subprocess].confine") else { return Ok(()) };
    if merged.settings.confine != Confine::Required {
        return Ok(());
    }
    let message = "confine = \"required\" (or an older sandbox = \"bwrap\" or \"landlock\") cannot be had: kernel confinement of children \
                   is not in this version yet; the way out is confine = \"auto\"";
    Err(stated.origin.error(LoadCode::Unavailable, stated.at, message).in_key("[subprocess].confine"))
}

/// Flows and declassifications that name what no list has.
pub(super) fn contradictions(layer: &Layer, merged: &mut Merged) -> Result<(), LoadError> {
    // A source that the operator removed takes the inherited flows with it.
    let gone = |from: &str| layer.removed.iter().any(|rule| from.split_once(':').is_some_and(|(_, pattern)| rule.pattern() == pattern));
    let lists = &mut merged.lists;
    let mut flows = std::mem::take(&mut lists.flows);
    flows.retain(|flow| is_source(lists, &flow.from) || !(flow.entry.rule.is_preset() && gone(&flow.from)));
    lists.flows = flows;

    for flow in &lists.flows {
        source(lists, &flow.from, &flow.entry.rule)?;
        for to in &flow.to {
            sink(lists, to, &flow.entry.rule)?;
        }
    }
    lists.declassify.iter().try_for_each(|entry| source(lists, &entry.from, &entry.entry.rule))
}

fn source(lists: &Lists, from: &str, rule: &Rule) -> Result<(), LoadError> {
    if is_source(lists, from) {
        return Ok(());
    }
    let list = match from.split_once(':') {
        Some(("file", _)) => "[filesystem].local_only_read or local_only_write",
        Some(("host", _)) => "[network].local_only_hosts",
        _ => "[subprocess].local_only_commands",
    };
    Err(LoadError::about(LoadCode::Contradiction, rule, format!("{} is no source: {list} has no such entry", quoted(from))))
}

/// A source is a variable, or the very pattern of a local-only rule: that is the unit labels are made of.
fn is_source(lists: &Lists, from: &str) -> bool {
    let named = |list: &[Entry], pattern: &str| list.iter().any(|entry| entry.rule.pattern() == pattern);
    match from.split_once(':') {
        Some(("env", _)) => true,
        Some(("file", pattern)) => named(&lists.local_only_read, pattern) || named(&lists.local_only_write, pattern),
        Some(("host", pattern)) => named(&lists.local_only_hosts, pattern),
        Some(("command", pattern)) => named(&lists.local_only_commands, pattern),
        _ => false,
    }
}

/// A sink must be something that a list opens at all. Whether its patterns really meet is for the matchers to say.
fn sink(lists: &Lists, to: &str, rule: &Rule) -> Result<(), LoadError> {
    let (opened, lists) = match to.split_once(':') {
        Some(("host", pattern)) => (any_host(lists, pattern), "list of [network]"),
        Some(("command", pattern)) => (any_command(lists, pattern), "list of [subprocess]"),
        _ => (!lists.local_only_write.is_empty(), "[filesystem].local_only_write"),
    };
    if opened {
        return Ok(());
    }
    Err(LoadError::about(LoadCode::Contradiction, rule, format!("the flow goes to {}, which no {lists} allows", quoted(to))))
}

fn any_host(lists: &Lists, pattern: &str) -> bool {
    let allowed = [
        &lists.local_only_hosts,
        &lists.http_get_allow,
        &lists.http_post_allow,
        &lists.http_put_allow,
        &lists.http_patch_allow,
        &lists.http_delete_allow,
    ];
    let wanted = host_name(pattern);
    allowed.into_iter().flatten().any(|entry| {
        let known = host_name(entry.rule.pattern());
        let below = |pattern: &str, name: &str| pattern.strip_prefix('*').is_some_and(|suffix| name.ends_with(suffix));
        known == wanted || below(&known, &wanted) || below(&wanted, &known)
    })
}

/// The name in a host pattern, without scheme, port and path.
fn host_name(pattern: &str) -> String {
    let rest = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let name = match (authority.strip_prefix('['), authority.rsplit_once(':')) {
        (Some(address), _) => address.split(']').next().unwrap_or_default(),
        (None, Some((name, port))) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit() || b == b'*') => name,
        _ => authority,
    };
    name.trim_end_matches('.').to_lowercase()
}

fn any_command(lists: &Lists, pattern: &str) -> bool {
    let wanted = program(pattern);
    [&lists.local_only_commands, &lists.allow_commands, &lists.ask_commands]
        .into_iter()
        .flatten()
        .any(|entry| program(entry.rule.pattern()) == wanted)
}

/// The last component of the first word: a bare name and its path are one program here.
fn program(pattern: &str) -> &str {
    let word = pattern.split_whitespace().next().unwrap_or_default();
    word.rsplit('/').next().unwrap_or(word)
}
