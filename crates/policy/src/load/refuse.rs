//! What a merged policy is refused for, as far as it can be told without matchers.

use hashbrown::HashSet;

use super::merge::Layer;
use super::sinks::Opened;
use crate::load_error::{LoadCode, LoadError, quoted};
use crate::merged::Merged;
use crate::rule::Rule;

/// Flows and declassifications that name what no list has.
pub(super) fn contradictions(layer: &Layer, merged: &mut Merged) -> Result<(), LoadError> {
    let mut flows = std::mem::take(&mut merged.lists.flows);
    let lists = &merged.lists;
    let opened = Opened::by(lists);
    // A source that the operator removed takes the flows of presets with it.
    let removed: HashSet<&str> = layer.removed.iter().map(|rule| rule.pattern()).collect();
    let gone = |from: &str| from.split_once(':').is_some_and(|(_, pattern)| removed.contains(pattern));
    flows.retain(|flow| !flow.entry.rule.is_preset() || !gone(flow.source()) || opened.is_source(flow.source()));

    for flow in &flows {
        source(&opened, flow.source(), &flow.entry.rule)?;
        for to in &flow.to {
            sink(&opened, to, &flow.entry.rule)?;
        }
    }
    lists.declassify.iter().try_for_each(|entry| source(&opened, &entry.from, &entry.entry.rule))?;
    drop(opened);
    merged.lists.flows = flows;
    Ok(())
}

fn source(opened: &Opened<'_>, from: &str, rule: &Rule) -> Result<(), LoadError> {
    if opened.is_source(from) {
        return Ok(());
    }
    let list = match from.split_once(':') {
        Some(("file", _)) => "[filesystem].local_only_read or local_only_write",
        Some(("host", _)) => "[network].local_only_hosts",
        _ => "[subprocess].local_only_commands",
    };
    Err(LoadError::about(LoadCode::Contradiction, rule, format!("{} is no source: {list} has no such entry", quoted(from))))
}

fn sink(opened: &Opened<'_>, to: &str, rule: &Rule) -> Result<(), LoadError> {
    if opened.is_sink(to) {
        return Ok(());
    }
    let lists = match to.split_once(':') {
        Some(("host", _)) => "list of [network]",
        Some(("command", _)) => "list of [subprocess]",
        _ => "[filesystem].local_only_write",
    };
    Err(LoadError::about(LoadCode::Contradiction, rule, format!("the flow goes to {}, which no {lists} allows", quoted(to))))
}
