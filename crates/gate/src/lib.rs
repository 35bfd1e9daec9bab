//! Performs effects: name, resolve, decide, flow, approve, journal, act, label.
#![forbid(unsafe_code)]

mod net;

pub use net::{Answer, Caps, HostAddrs, NetClient, NetError, RequestHeaders, Resolver, TlsProblem, VettedAddrs};
