//! Matchers over paths, hosts, addresses and names.

mod url;

pub use url::{RequestUrl, UrlError};
