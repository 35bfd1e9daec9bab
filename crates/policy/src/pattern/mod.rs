//! Matchers over paths, hosts, addresses and names.

mod address;
mod url;

pub use address::{AddressClass, classify};
pub use url::{RequestUrl, UrlError};
