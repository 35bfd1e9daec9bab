//! What confined children reach, and do not.

use std::time::Duration;

use crate::fields::Fields;
use crate::record::{EffectResult, Record};
use crate::text::Text;

/// What the records of a confined child's connection say of the connection itself.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'a> {
    /// Number of the connection within its proxy, from 1.
    pub id: u64,
    /// The effect that started the child, where one did.
    pub effect: Option<u64>,
    /// How it was asked for: `http`, `connect` or `socks5`.
    pub protocol: &'a str,
    /// As asked, without a query (`GET http://host/path`, `host:port`).
    pub target: Text<'a>,
    /// The host; empty where the request was not understood.
    pub host: Text<'a>,
    /// The port; 0 where the request was not understood.
    pub port: u16,
    /// The rule that decided, where one did.
    pub rule: Option<&'a str>,
}

impl Connection<'_> {
    fn fields(&self, to: &mut Fields<'_>) {
        to.number("id", self.id);
        if let Some(effect) = self.effect {
            to.number("effect", effect);
        }
        to.text("protocol", self.protocol);
        to.text("target", self.target);
        to.text("host", self.host);
        to.number("port", u64::from(self.port));
        to.maybe_text("rule", self.rule);
    }
}

/// `connection.open`: a confined child reaches a host; written before anything is sent there.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionOpen<'a> {
    /// The connection.
    pub connection: Connection<'a>,
    /// The vetted addresses, of which one is used.
    pub addresses: Text<'a>,
}

impl Record for ConnectionOpen<'_> {
    fn kind(&self) -> &'static str {
        "connection.open"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        self.connection.fields(to);
        to.text("addresses", self.addresses);
    }
}

/// `connection.end`: what became of it.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionEnd<'a> {
    /// Of `connection.open`.
    pub id: u64,
    /// How it ended.
    pub result: EffectResult<'a>,
    /// The address that was connected to, where one was.
    pub address: Option<Text<'a>>,
    /// Bytes sent to the host, with its framing.
    pub bytes_up: u64,
    /// Bytes received from it.
    pub bytes_down: u64,
    /// From open to end.
    pub took: Duration,
    /// What the operator may want to know (an HTTP status, what ended it).
    pub detail: Option<Text<'a>>,
}

impl Record for ConnectionEnd<'_> {
    fn kind(&self) -> &'static str {
        "connection.end"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        to.number("id", self.id);
        self.result.fields(to);
        to.maybe_text("address", self.address);
        to.number("bytes_up", self.bytes_up);
        to.number("bytes_down", self.bytes_down);
        to.milliseconds("ms", self.took);
        to.maybe_text("detail", self.detail);
    }
}

/// `connection.denied`: a confined child did not reach a host.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionDenied<'a> {
    /// The connection.
    pub connection: Connection<'a>,
    /// Why, for people.
    pub reason: Text<'a>,
    /// The stable name of the error (`policy_denied`, `bad_argument`, ...).
    pub code: &'a str,
}

impl Record for ConnectionDenied<'_> {
    fn kind(&self) -> &'static str {
        "connection.denied"
    }
    fn fields(&self, to: &mut Fields<'_>) {
        self.connection.fields(to);
        to.text("reason", self.reason);
        to.text("code", self.code);
    }
}
