//! Matchers over paths, hosts, addresses and names.

mod address;
mod host;
mod host_set;
mod ip_set;
mod url;
mod url_path;

pub use address::{AddressClass, classify};
pub use host::{HostKey, HostPattern, HostPatternError};
pub use host_set::HostSet;
pub use ip_set::{IpRangeError, IpSet, parse_ip_range};
pub use url::{RequestUrl, UrlError};
pub use url_path::PathPatternError;
