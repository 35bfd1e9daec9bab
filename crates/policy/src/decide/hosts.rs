//! Hosts and addresses.

use std::net::IpAddr;

use super::Answer;
use super::layer::Layer;
use crate::access::{Capability, Method};
use crate::decision::{Reason, Verdict};
use crate::pattern::{RequestUrl, classify};

pub(super) fn decide(layer: &Layer, method: Method, url: &RequestUrl) -> Answer {
    if let Some(rule) = layer.deny_hosts.first_possible(url) {
        return Answer::new(Verdict::Deny, Reason::DenyRule, Some(rule.clone()));
    }
    let capability = method.capability();
    let local = layer.local_only_hosts.first_possible(url);
    let allow = layer.http_allow.get(&capability).and_then(|set| set.first_match(url));
    // what only might be meant is labelled, but not opened
    let opens = layer.local_only_hosts.first_match(url);
    let Some(allow) = allow.or(opens.map(|l| &l.0)) else {
        return Answer::new(Verdict::Deny, Reason::NoRule { list: list_of(capability) }, None);
    };
    let asks = layer.asks_for(capability).or_else(|| layer.http_ask.get(&capability).and_then(|set| set.first_match(url)));
    let answer = match asks {
        Some(rule) => Answer::new(Verdict::Ask, Reason::AskRule, Some(rule.clone())),
        None => Answer::new(Verdict::Allow, Reason::Allowed, Some(allow.clone())),
    };
    match local {
        Some((_, atom)) => answer.local_only(*atom),
        None => answer,
    }
}

/// A tunnel carries every verb and path. So whatever a list closes, labels or asks about somewhere behind that host and port, the tunnel
/// as a whole is.
pub(super) fn decide_tunnel(layer: &Layer, url: &RequestUrl) -> Answer {
    if let Some(rule) = layer.deny_hosts.first_touching(url) {
        return Answer::new(Verdict::Deny, Reason::DenyRule, Some(rule.clone()));
    }
    let Some(allow) = layer.connect_hosts.first_whole(url) else {
        return Answer::new(Verdict::Deny, Reason::NoRule { list: "[subprocess].connect_hosts" }, None);
    };
    let verbs = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete].map(Method::capability);
    let asks = verbs.into_iter().find_map(|verb| {
        let of_host = || layer.http_ask.get(&verb).and_then(|set| set.first_touching(url));
        layer.asks_for(verb).or_else(of_host)
    });
    let answer = match asks {
        Some(rule) => Answer::new(Verdict::Ask, Reason::AskRule, Some(rule.clone())),
        None => Answer::new(Verdict::Allow, Reason::Allowed, Some(allow.clone())),
    };
    match layer.local_only_hosts.first_touching(url) {
        Some((_, atom)) => answer.local_only(*atom),
        None => answer,
    }
}

pub(super) fn decide_address(layer: &Layer, ip: IpAddr) -> Answer {
    if let Some(rule) = layer.deny_ips.first_touching(ip) {
        return Answer::new(Verdict::Deny, Reason::DenyRule, Some(rule.clone()));
    }
    let class = classify(ip);
    if class.is_global() {
        return Answer::new(Verdict::Allow, Reason::Allowed, None);
    }
    match layer.allow_ips.first_match(ip) {
        Some(rule) => Answer::new(Verdict::Allow, Reason::Allowed, Some(rule.clone())),
        None => Answer::new(Verdict::Deny, Reason::ClosedAddress { class: class.name() }, None),
    }
}

pub(super) const fn list_of(capability: Capability) -> &'static str {
    match capability {
        Capability::NetHttpPost => "[network].http_post_allow",
        Capability::NetHttpPut => "[network].http_put_allow",
        Capability::NetHttpPatch => "[network].http_patch_allow",
        Capability::NetHttpDelete => "[network].http_delete_allow",
        _ => "[network].http_get_allow",
    }
}
