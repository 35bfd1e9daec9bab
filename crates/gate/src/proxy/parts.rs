//! What a proxy is made of.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use aegis_policy::Policy;

use super::record::RecordConnections;
use crate::confine::Clearance;
use crate::net::Resolver;

/// Everything a proxy is made of.
#[derive(Clone)]
pub struct ProxyParts {
    /// What is allowed.
    pub policy: Arc<Policy>,
    /// What the child may know: it reaches only hosts that may receive that, and whose answers are no more.
    pub clearance: Clearance,
    /// Makes resolvers of names like the gate's; one for each lookup under way, used again afterwards.
    pub resolvers: Arc<dyn Fn() -> Resolver + Send + Sync>,
    /// Where connections are written down.
    pub records: Arc<dyn RecordConnections>,
    /// The effect that started the child that runs, for the records.
    pub effect: Option<Arc<AtomicU64>>,
    /// The bounds.
    pub caps: ProxyCaps,
}

/// The bounds of a proxy and of each connection that a child makes to it.
#[derive(Debug, Clone, Copy)]
pub struct ProxyCaps {
    /// Most connections at once; more wait until the kernel's queue is full.
    pub connections: usize,
    /// Most requests and tunnels altogether, refused ones included, since each has records.
    pub requests: u64,
    /// Most bytes from the child on one connection.
    pub bytes_up: u64,
    /// Most bytes to the child on one connection.
    pub bytes_down: u64,
    /// Longest time in which a connection may carry nothing.
    pub idle: Duration,
    /// Longest time of a connection.
    pub total: Duration,
    /// For looking up a name, and again for connecting.
    pub connect: Duration,
}

impl Default for ProxyCaps {
    /// 64 connections at once, 100,000 requests, 4 GiB each way, 2 minutes idle, 1 hour in total, 10 seconds to connect.
    fn default() -> ProxyCaps {
        ProxyCaps {
            connections: 64,
            requests: 100_000,
            bytes_up: 4 << 30,
            bytes_down: 4 << 30,
            idle: Duration::from_secs(120),
            total: Duration::from_secs(3600),
            connect: Duration::from_secs(10),
        }
    }
}
