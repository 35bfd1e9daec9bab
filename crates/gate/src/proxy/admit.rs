//! Name, resolve, vet, journal, connect: the way to every host.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use aegis_audit::{ConnectionEnd, ConnectionOpen, EffectResult, Text};
use aegis_effect::ErrorCode;
use aegis_policy::{Access, Decision, RequestUrl, Verdict};

use super::bounds::Bounds;
use super::dial::dial;
use super::fault::Fault;
use super::shared::{Shared, Why, Wish};
use super::wire::Wire;
use crate::net::VettedAddrs;

/// A connection to a host that may be used as it was judged. Its end is written down by [`Upstream::end`].
pub(super) struct Upstream<'s> {
    pub(super) wire: Wire,
    shared: &'s Shared,
    id: u64,
    address: SocketAddr,
    begun: Instant,
}

/// Why there is no connection.
#[derive(Debug, Clone)]
pub(super) enum NotMade {
    /// The policy does not allow it.
    Denied(Why),
    /// The host has no address, or none answers.
    Unreachable(String, Fault),
    /// It could not be written down.
    Unrecorded,
}

/// Connects to the host that the access names. What is denied by name causes no lookup; every address is vetted; one of the vetted
/// addresses is what is connected to.
pub(super) fn admit<'s>(
    shared: &'s Shared,
    bounds: &Arc<Bounds>,
    wish: &Wish<'_>,
    access: &Access<'_>,
    url: &RequestUrl,
) -> Result<Upstream<'s>, NotMade> {
    let denied = |why: Why| {
        shared.refuse(wish, &why);
        NotMade::Denied(why)
    };
    let decision = shared.parts.policy.decide(access);
    if let Some(why) = objection(shared, wish, access, &decision) {
        return Err(denied(why));
    }
    let caps = &shared.parts.caps;
    let found = shared.with_resolver(|resolver| resolver.addresses_unless(url, Instant::now() + caps.connect, Some(&shared.stop)));
    let found = found.map_err(|error| {
        let why = Why { code: ErrorCode::Network, reason: error.to_string(), rule: None, suggestion: None };
        // no fault of the policy
        shared.record_refusal(wish, &why);
        NotMade::Unreachable(why.reason, Fault::Closed)
    })?;
    let mut closed = None;
    let vetted = VettedAddrs::vet(found, &mut |ip| {
        let access = Access::Address { ip };
        let decision = shared.parts.policy.decide(&access);
        let verdict = decision.verdict();
        if verdict != Verdict::Allow && closed.is_none() {
            closed = Some(explained(shared, wish, &access, &decision));
        }
        verdict
    });
    let vetted = vetted.map_err(|error| {
        let plain = || Why { code: ErrorCode::PolicyDenied, reason: error.to_string(), rule: None, suggestion: None };
        denied(closed.unwrap_or_else(plain))
    })?;
    let addresses = vetted.ips().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let rule = decision.rule().map(|rule| rule.place());
    let record = ConnectionOpen { connection: shared.describe(wish, rule.as_deref()), addresses: Text::from(shared.shown(&addresses)) };
    shared.parts.records.open(&record).map_err(|_| NotMade::Unrecorded)?;
    let begun = Instant::now();
    let mut last = Fault::Closed;
    for ip in vetted.ips() {
        let address = SocketAddr::new(*ip, url.port);
        let left = caps.connect.saturating_sub(begun.elapsed());
        let made =
            dial(address, left, &shared.stop).and_then(|stream| Wire::new(stream, bounds.clone(), u64::MAX, u64::MAX).map_err(Fault::from));
        match made {
            Ok(wire) => return Ok(Upstream { wire, shared, id: wish.id, address, begun }),
            Err(fault) => last = fault,
        }
    }
    let detail = format!("could not connect: {last}");
    let record = ConnectionEnd {
        id: wish.id,
        result: EffectResult::Error(ErrorCode::Network.name()),
        address: None,
        bytes_up: 0,
        bytes_down: 0,
        took: begun.elapsed(),
        detail: Some(Text::from(&detail)),
    };
    let _ = shared.parts.records.end(&record);
    Err(NotMade::Unreachable("could not connect".to_owned(), last))
}

/// What the policy has against a connection of a child. Nobody can be asked about one, and what it carries has the label that the child has.
fn objection(shared: &Shared, wish: &Wish<'_>, access: &Access<'_>, decision: &Decision) -> Option<Why> {
    let clearance = &shared.parts.clearance;
    let mut why = explained(shared, wish, access, decision);
    match decision.verdict() {
        Verdict::Allow if !clearance.may_learn(decision) => {
            why.reason = format!("denied: {}: the host is local-only, and the command is not", wish.what);
            why.suggestion = None;
        }
        Verdict::Allow if !clearance.may_tell(&shared.parts.policy, decision) => {
            why.reason = format!("denied: {}: the command has local-only data that the host may not receive", wish.what);
            why.suggestion = None;
        }
        Verdict::Allow => return None,
        Verdict::Ask => {
            why.reason = format!("{}; connections of confined commands cannot be approved", why.reason);
            why.suggestion = None;
        }
        Verdict::Deny => {}
    }
    Some(why)
}

fn explained(shared: &Shared, wish: &Wish<'_>, access: &Access<'_>, decision: &Decision) -> Why {
    let explanation = shared.parts.policy.explain(access, wish.what, decision);
    Why { code: ErrorCode::PolicyDenied, reason: explanation.one_line(), rule: explanation.rule, suggestion: explanation.suggestion }
}

impl Upstream<'_> {
    /// Writes down what became of it.
    pub(super) fn end(&self, result: Result<(), ErrorCode>, detail: &str) {
        let address = self.address.ip().to_string();
        let record = ConnectionEnd {
            id: self.id,
            result: result.map_or_else(|code| EffectResult::Error(code.name()), |()| EffectResult::Ok),
            address: Some(Text::from(self.shared.shown(&address))),
            bytes_up: self.wire.sent(),
            bytes_down: self.wire.received(),
            took: self.begun.elapsed(),
            detail: Some(Text::from(detail)),
        };
        // what was sent is sent; a journal that fails here refuses the next connection
        let _ = self.shared.parts.records.end(&record);
    }
}
