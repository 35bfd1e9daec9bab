//! The only resolver the HTTP client has: it knows the vetted addresses of the present request and nothing else.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Shared by the clients; filled for one request and emptied after it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pinned(Arc<Mutex<Option<Pin>>>);

#[derive(Debug)]
struct Pin {
    host: String,
    addrs: Vec<SocketAddr>,
}

impl Pinned {
    pub(super) fn set(&self, host: &str, addrs: Vec<SocketAddr>) {
        *self.entry() = Some(Pin { host: host.to_owned(), addrs });
    }

    pub(super) fn clear(&self) {
        *self.entry() = None;
    }

    fn entry(&self) -> MutexGuard<'_, Option<Pin>> {
        // Each change is one assignment, so a poisoned entry is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let found = match &*self.entry() {
            Some(pin) if pin.host == name.as_str() => Ok(Box::new(pin.addrs.clone().into_iter()) as Addrs),
            _ => Err(io::Error::new(io::ErrorKind::PermissionDenied, "no vetted address").into()),
        };
        Box::pin(std::future::ready(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(pinned: &Pinned, name: &str) -> Option<Vec<SocketAddr>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(pinned.resolve(name.parse().unwrap())).ok().map(Iterator::collect)
    }

    #[test]
    fn only_the_present_host_resolves() {
        let pinned = Pinned::default();
        let addr = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(resolved(&pinned, "a.example"), None);
        pinned.set("a.example", vec![addr]);
        assert_eq!(resolved(&pinned, "a.example"), Some(vec![addr]));
        assert_eq!(resolved(&pinned, "b.example"), None);
        pinned.clear();
        assert_eq!(resolved(&pinned, "a.example"), None);
    }
}
