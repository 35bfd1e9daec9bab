//! `declassify`: the one way in which something labelled becomes public.
//!
//! Whether a rule is there and what a person says depends on nothing labelled. What is looked at then tells something even where the
//! answer is no (it is not of that shape, it is too long), so a no costs a byte of the day's budget and ends the run.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aegis_audit::{Declassified, Tally, Text};
use aegis_effect::{EffectError, ErrorCode, Label, Outcome, Payload};
use aegis_policy::{Access, Shape};

use crate::approve::ApprovalRequest;
use crate::call::{Call, Ruling};
use crate::gate::Gate;

/// What the rules of all sources of a value let through: the strictest of them.
struct Bounds {
    shapes: Vec<Shape>,
    /// Their places.
    rules: Vec<String>,
    /// Most bytes a day, by the name of the source.
    most: BTreeMap<String, u64>,
}

/// What came of looking at the content.
enum Look {
    Released(String, u64),
    /// Of the shape of that name it is not.
    Shape(&'static str),
    TooLong,
    /// Nothing was left before it was looked at.
    UsedUp(String),
}

impl Gate {
    pub(crate) fn declassify(&mut self, call: &Call<'_>, value: &Payload, reason: &str) -> Result<Outcome, EffectError> {
        let label = self.vault.label_of(value)?;
        if let Some(public) = value.as_public() {
            return Ok(Outcome::Text(String::from_utf8_lossy(&public).into_owned()));
        }
        if !call.current.is_public() {
            let error = denied("the script has branched on local-only data: whether it asks depends on that")
                .suggest("declassify first, then branch on what that gives");
            return Err(self.refused(call, error, None));
        }
        let (mut ruling, bounds) = self.judge_declassification(call, &label, reason)?;
        let sources: Vec<&str> = bounds.most.keys().map(String::as_str).collect();
        if self.ledger.journal().is_none() {
            return Err(self.refused(call, denied("nothing becomes public without a journal").suggest("run without --no-audit"), None));
        }
        let Some(path) = self.declassified.clone() else {
            return Err(self.refused(call, denied("there is no state directory that keeps how much became public"), None));
        };
        let request =
            ApprovalRequest { call: call.name, target: sources.join(", "), content: Some(format!("\"{reason}\"")), ..Default::default() };
        self.approve(call, &mut ruling, request, &[])?;

        let today = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
        let looked = Tally::at(&path).with(today, |today| {
            let left = |source: &str, most: u64| most.saturating_sub(today.used(source));
            if let Some((source, _)) = bounds.most.iter().find(|(source, most)| left(source, **most) == 0) {
                return Ok(Look::UsedUp(source.clone()));
            }
            let least = bounds.most.iter().map(|(source, most)| left(source, *most)).min().unwrap_or(0);
            let look = self.look(value, &bounds.shapes, least);
            let cost = if let Look::Released(_, bytes) = &look { *bytes } else { 1 };
            today.add(&sources, cost).map(|()| look)
        });
        let look = match looked {
            Ok(Ok(look)) => look,
            Ok(Err(error)) => return Err(self.refused(call, denied(&format!("{}: {error}", path.display())), None)),
            Err(error) => return Err(self.refused(call, denied(&error.to_string()), None)),
        };
        match look {
            Look::Released(text, bytes) => {
                let shape = bounds.shapes.first().unwrap_or(&Shape::Text);
                self.ledger.declassified(&Declassified {
                    labels: &sources,
                    reason: Text::from(reason),
                    rule: &bounds.rules.join(", "),
                    shape: shape.name(),
                    bytes,
                })?;
                Ok(match shape {
                    Shape::Int => Outcome::Int(text),
                    Shape::Bool => Outcome::Bool(text == "True"),
                    Shape::Text | Shape::OneOf(_) | Shape::Regex(_) => Outcome::Text(text),
                })
            }
            Look::Shape(name) => {
                let error = denied(&format!("the value is not of the shape {name}, or there is none"))
                    .suggest("bring it into that shape first, in compute(f, x)");
                Err(self.refused(call, error, None))
            }
            Look::TooLong => Err(self.refused(call, denied("the value is longer than what is left of max_bytes for today"), None)),
            Look::UsedUp(source) => {
                let error =
                    denied(&format!("max_bytes of {source} is used up for today")).suggest("raise max_bytes, or wait until tomorrow (UTC)");
                Err(self.refused(call, error, None))
            }
        }
    }

    /// Every source needs a rule with that reason.
    fn judge_declassification(&mut self, call: &Call<'_>, label: &Label, reason: &str) -> Result<(Ruling, Bounds), EffectError> {
        let policy = self.policy.clone();
        let mut ruling = Ruling::default();
        let mut bounds = Bounds { shapes: Vec::new(), rules: Vec::new(), most: BTreeMap::new() };
        for source in label.indexes().map(|index| policy.source_name(index)) {
            let access = Access::Declassify { source: &source, reason };
            let decision = policy.decide(&access);
            let Some(rule) = policy.declassification(&source, reason).filter(|_| !decision.is_deny()) else {
                return Err(self.denied_as(call, &format!("declassify {source}"), &access, &decision, None));
            };
            bounds.shapes.push(rule.shape.clone());
            bounds.rules.push(rule.rule.place());
            bounds.most.insert(source.clone(), rule.max_bytes);
            ruling.decisions.push(decision);
        }
        Ok((ruling, bounds))
    }

    /// Looks at the content, with so much left.
    fn look(&self, value: &Payload, shapes: &[Shape], left: u64) -> Look {
        let opened = match self.vault.open(value) {
            Ok(opened) if !self.vault.has_failed(value) => String::from_utf8(opened.bytes).ok(),
            _ => None,
        };
        let shape = shapes.first().map_or("text", Shape::name);
        let Some(text) = opened else { return Look::Shape(shape) };
        if let Some(wrong) = shapes.iter().find(|shape| !shape.fits(&text)) {
            return Look::Shape(wrong.name());
        }
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX).max(1);
        if bytes > left { Look::TooLong } else { Look::Released(text, bytes) }
    }
}

fn denied(why: &str) -> EffectError {
    EffectError::new(ErrorCode::FlowDenied, format!("denied: declassify: {why}"))
}
