//! Matchers over paths, hosts, addresses and names.

mod address;
mod component;
mod host;
mod host_set;
mod ip_set;
mod links;
mod name;
mod name_set;
mod path;
mod screen;
mod trie;
mod url;
mod url_path;

pub use address::{AddressClass, classify};
pub(crate) use component::Component;
pub use host::{HostKey, HostPattern, HostPatternError};
pub use host_set::HostSet;
pub use ip_set::{IpRangeError, IpSet, parse_ip_range};
pub(crate) use links::Links;
pub(crate) use name::NamePattern;
pub(crate) use name_set::NameSet;
pub(crate) use path::{Anchor, PathPattern, Reading, Segment, each_alternative, names_of};
pub(crate) use screen::Names;
pub(crate) use trie::{End, Hits, Trie};
pub use url::{RequestUrl, UrlError};
pub use url_path::PathPatternError;

/// A pattern that cannot be used, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct PatternError {
    what: std::borrow::Cow<'static, str>,
    /// It is well-formed, but there is nothing that it could match.
    never: bool,
}

impl PatternError {
    pub(crate) fn new(what: impl Into<std::borrow::Cow<'static, str>>) -> PatternError {
        PatternError { what: what.into(), never: false }
    }

    pub(crate) fn never(what: impl Into<std::borrow::Cow<'static, str>>) -> PatternError {
        PatternError { what: what.into(), never: true }
    }

    pub(crate) const fn is_never(&self) -> bool {
        self.never
    }
}
