//! What the threads of a proxy share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use aegis_audit::{Connection, ConnectionDenied, Text};
use aegis_effect::ErrorCode;
use aegis_policy::RequestUrl;
use aegis_sandbox::Cancel;

use super::denial::{Denial, Denials};
use super::parts::ProxyParts;
use crate::call::MARK;
use crate::net::Resolver;

/// What the threads of a proxy share.
pub(super) struct Shared {
    pub(super) parts: ProxyParts,
    pub(super) stop: Cancel,
    pub(super) denials: Denials,
    ids: AtomicU64,
    resolvers: Mutex<Vec<Resolver>>,
}

/// What a child asked for, in words, before anything is known of it but its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) id: u64,
    /// `http`, `connect` or `socks5`.
    pub(super) protocol: &'static str,
    /// `GET http://host/path`, `CONNECT host:port`.
    pub(super) what: &'a str,
    /// None where the request was not understood.
    pub(super) url: Option<&'a RequestUrl>,
}

/// Why a wish is not granted.
#[derive(Debug, Clone)]
pub(super) struct Why {
    pub(super) code: ErrorCode,
    /// On one line.
    pub(super) reason: String,
    pub(super) rule: Option<String>,
    pub(super) suggestion: Option<String>,
}

impl Shared {
    pub(super) fn new(parts: ProxyParts, stop: Cancel) -> Shared {
        Shared { parts, stop, denials: Denials::default(), ids: AtomicU64::new(1), resolvers: Mutex::default() }
    }

    /// The number of the next request or tunnel; none when there have been as many as there may be, which is written down once.
    pub(super) fn next_id(&self) -> Option<u64> {
        let (id, most) = (self.ids.fetch_add(1, Ordering::Relaxed), self.parts.caps.requests);
        if id <= most {
            return Some(id);
        }
        if id == most.saturating_add(1) {
            let reason = format!("no more than {most} requests of one command");
            let why = Why { code: ErrorCode::Limit, reason, rule: None, suggestion: None };
            self.refuse(&Wish { id, protocol: "http", what: "one request more", url: None }, &why);
        }
        None
    }

    /// A resolver that nobody else uses meanwhile.
    pub(super) fn with_resolver<T>(&self, work: impl FnOnce(&mut Resolver) -> T) -> T {
        let idle = self.resolvers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut resolver = idle.unwrap_or_else(|| (self.parts.resolvers)());
        let done = work(&mut resolver);
        self.resolvers.lock().unwrap_or_else(PoisonError::into_inner).push(resolver);
        done
    }

    pub(super) fn describe<'a>(&self, wish: &Wish<'a>, rule: Option<&'a str>) -> Connection<'a> {
        Connection {
            id: wish.id,
            effect: self.parts.effect.as_ref().map(|effect| effect.load(Ordering::Relaxed)),
            protocol: wish.protocol,
            target: Text::from(self.shown(wish.what)),
            host: Text::from(self.shown(wish.url.map_or("", |url| &url.host))),
            port: wish.url.map_or(0, |url| url.port),
            rule,
        }
    }

    /// A text for the journal: what a child with local-only data asks for may be made of that.
    pub(super) fn shown<'a>(&self, text: &'a str) -> &'a str {
        if self.parts.clearance.is_public() { text } else { MARK }
    }

    /// Writes a refusal into the journal. It stands whether that works or not.
    pub(super) fn record_refusal(&self, wish: &Wish<'_>, why: &Why) {
        let connection = self.describe(wish, why.rule.as_deref());
        let reason =
            if self.parts.clearance.is_public() { &why.reason } else { "the program had local-only data, and words may hold some" };
        let record = ConnectionDenied { connection, reason: Text::from(reason), code: why.code.name() };
        let _ = self.parts.records.denied(&record);
    }

    /// The same, and for the operator too.
    pub(super) fn refuse(&self, wish: &Wish<'_>, why: &Why) {
        self.record_refusal(wish, why);
        self.denials.add(Denial {
            what: wish.what.to_owned(),
            host: wish.url.map(|url| url.host.clone()).unwrap_or_default(),
            port: wish.url.map_or(0, |url| url.port),
            reason: why.reason.clone(),
            rule: why.rule.clone(),
            suggestion: why.suggestion.clone(),
            times: 1,
        });
    }

    /// The same for a request that is not one.
    pub(super) fn malformed(&self, id: u64, protocol: &'static str, reason: &str) {
        let why = Why { code: ErrorCode::BadArgument, reason: reason.to_owned(), rule: None, suggestion: None };
        self.refuse(&Wish { id, protocol, what: "a malformed request", url: None }, &why);
    }
}
