//! Making public what depends on a local-only source.

use super::Answer;
use super::layer::Layer;
use crate::access::Capability;
use crate::decision::{Reason, Verdict};
use crate::merged::{DeclassifyEntry, Shape};
use crate::policy::Policy;
use crate::rule::RuleRef;

/// What a `[[declassify]]` lets through.
#[derive(Debug, Clone, Copy)]
pub struct Declassification<'a> {
    /// What the value must look like.
    pub shape: &'a Shape,
    /// Most bytes of its source a day.
    pub max_bytes: u64,
    /// The rule itself.
    pub rule: &'a RuleRef,
}

/// A rule is meant by its very source and its very reason, so that a script says what for it asks.
pub(super) fn decide(layer: &Layer, source: &str, reason: &str) -> Answer {
    let Some(entry) = layer.declassify.iter().find(|entry| is_meant(entry, source, reason)) else {
        return Answer::new(Verdict::Deny, Reason::NoRule { list: "[[declassify]]" }, None);
    };
    match layer.asks_for(Capability::Declassify).or_else(|| layer.ask_declassify.first_match(source)) {
        Some(ask) => Answer::new(Verdict::Ask, Reason::AskRule, Some(ask.clone())),
        None => Answer::new(Verdict::Allow, Reason::Allowed, Some(entry.entry.rule.clone())),
    }
}

fn is_meant(entry: &DeclassifyEntry, source: &str, reason: &str) -> bool {
    entry.from == source && entry.reason == reason
}

impl Policy {
    /// What the rule lets through that is meant by a source and a reason. It allows nothing by itself: that is for
    /// [`Policy::decide`] to say.
    #[must_use]
    pub fn declassification(&self, source: &str, reason: &str) -> Option<Declassification<'_>> {
        let rules = self.layers.first()?.declassify.iter();
        let entry = rules.into_iter().find(|entry| is_meant(entry, source, reason))?;
        Some(Declassification { shape: &entry.shape, max_bytes: entry.max_bytes, rule: &entry.entry.rule })
    }

    /// The reasons for which data of a source may become public.
    pub(crate) fn reasons(&self, source: &str) -> impl Iterator<Item = &str> {
        let rules = self.layers.first().into_iter().flat_map(|layer| &layer.declassify);
        rules.filter(move |entry| entry.from == source).map(|entry| &*entry.reason)
    }
}
