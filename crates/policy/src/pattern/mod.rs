//! Matchers over paths, hosts, addresses and names.

mod address;
mod component;
mod host;
mod host_set;
mod ip_set;
mod name;
mod name_set;
mod path;
mod trie;
mod url;
mod url_path;

pub use address::{AddressClass, classify};
pub use host::{HostKey, HostPattern, HostPatternError};
pub use host_set::HostSet;
pub use ip_set::{IpRangeError, IpSet, parse_ip_range};
pub(crate) use name::NamePattern;
pub(crate) use name_set::NameSet;
pub(crate) use path::{Anchor, PathPattern};
pub(crate) use trie::{End, Hits, Trie};
pub use url::{RequestUrl, UrlError};
pub use url_path::PathPatternError;

/// A pattern that cannot be used, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct PatternError {
    what: std::borrow::Cow<'static, str>,
}

impl PatternError {
    pub(crate) fn new(what: impl Into<std::borrow::Cow<'static, str>>) -> PatternError {
        PatternError { what: what.into() }
    }
}
