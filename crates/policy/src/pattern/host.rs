//! Patterns over the hosts of requests: `name`, `*.name`, an address or `*`, with optional scheme, port and path.

use std::net::IpAddr;

use url::Host;

use super::url::{RequestUrl, dns_name};
use super::url_path::{PathPattern, PathPatternError};

/// One entry of a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    host: HostPart,
    https: Option<bool>,
    port: Option<u16>,
    path: Option<PathPattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostPart {
    Any,
    Name(Box<str>),
    Below(Box<str>),
    Address(IpAddr),
}

/// What a pattern can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostKey<'a> {
    /// Every host.
    Any,
    /// This name.
    Name(&'a str),
    /// Every name that ends in a dot and this.
    Below(&'a str),
    /// This address.
    Address(IpAddr),
}

/// Why a text is not a host pattern that could ever match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostPatternError {
    /// Nothing.
    #[error("the host pattern is empty")]
    Empty,
    /// Blank or control characters, or a backslash.
    #[error("the host pattern has a blank, a control character or a backslash")]
    Character,
    /// `ftp://` and the like.
    #[error("the scheme must be http or https")]
    Scheme,
    /// `user@`.
    #[error("user information never matches; only the host is compared")]
    UserInfo,
    /// `?` or `#`.
    #[error("a query or fragment is never compared; leave out `?` and `#` and what follows")]
    Query,
    /// `a*.com`, `a.*.com`, `**.com`.
    #[error("`*` stands only alone or as the first label, as in `*.example.com`")]
    Wildcard,
    /// `*.127.0.0.1`, `1.2`.
    #[error("a name cannot end in a number; for ranges of addresses see allow_ips")]
    Numeric,
    /// `0x7f.1`: would be another text once parsed.
    #[error("write an address in its usual form, as in `127.0.0.1` or `[::1]`")]
    AddressForm,
    /// `10.0.0.0/8`.
    #[error("this is an address with a path; ranges of addresses belong in allow_ips or deny_ips")]
    Range,
    /// Empty or too long label, a character no name has, invalid IDNA.
    #[error("this is not a valid host name")]
    Name,
    /// Not 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// In the path.
    #[error(transparent)]
    Path(#[from] PathPatternError),
}

impl HostPattern {
    /// Reads a pattern. Without a port it means 80 and 443, with a scheme that scheme's own port.
    ///
    /// # Errors
    /// [`HostPatternError`] for whatever could never match, or would match something else than it seems to.
    pub fn parse(text: &str) -> Result<HostPattern, HostPatternError> {
        if text.is_empty() {
            return Err(HostPatternError::Empty);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(HostPatternError::Character);
        }
        let (https, rest) = match text.split_once("://") {
            None => (None, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
            Some(_) => return Err(HostPatternError::Scheme),
        };
        if rest.contains(['?', '#']) {
            return Err(HostPatternError::Query);
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(HostPatternError::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let host = parse_host(host)?;
        let is_length = path.strip_prefix('/').is_some_and(|p| !p.is_empty() && p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit()));
        if matches!(host, HostPart::Address(_)) && https.is_none() && port.is_none() && is_length {
            return Err(HostPatternError::Range);
        }
        // A lone `/` is how people end a host; it says nothing about the path.
        let path = if path.is_empty() || path == "/" { None } else { Some(PathPattern::parse(path)?) };
        Ok(HostPattern { host, https, port, path })
    }

    /// Whether the request is one of those the pattern names. For lists that open: of a path that servers read in more than one
    /// way the answer is no, if the pattern has a path.
    #[must_use]
    pub fn matches(&self, url: &RequestUrl) -> bool {
        self.matches_host(url) && self.matches_rest(url)
    }

    /// Whether the request, as some server may read it, is one of those the pattern names. For lists that close or label: of a path
    /// that servers read in more than one way the answer is yes.
    #[must_use]
    pub fn could_match(&self, url: &RequestUrl) -> bool {
        self.matches_host(url) && self.could_match_rest(url)
    }

    /// What the pattern can be found by.
    #[must_use]
    pub fn literal_key(&self) -> HostKey<'_> {
        match &self.host {
            HostPart::Any => HostKey::Any,
            HostPart::Name(name) => HostKey::Name(name),
            HostPart::Below(name) => HostKey::Below(name),
            HostPart::Address(ip) => HostKey::Address(*ip),
        }
    }

    /// Whether the pattern says something about the path.
    #[must_use]
    pub const fn has_path(&self) -> bool {
        self.path.is_some()
    }

    fn matches_host(&self, url: &RequestUrl) -> bool {
        match &self.host {
            HostPart::Any => true,
            HostPart::Address(ip) => url.ip.is_some_and(|other| other.to_canonical() == *ip),
            HostPart::Name(name) => url.ip.is_none() && **name == *url.host,
            HostPart::Below(name) => {
                url.ip.is_none()
                    && url.host.strip_suffix(&**name).and_then(|front| front.strip_suffix('.')).is_some_and(|front| !front.is_empty())
            }
        }
    }

    /// Scheme, port and path, when the host is known to fit.
    pub(super) fn matches_rest(&self, url: &RequestUrl) -> bool {
        self.matches_scheme_and_port(url) && self.path.as_ref().is_none_or(|path| path.matches(&url.path))
    }

    pub(super) fn could_match_rest(&self, url: &RequestUrl) -> bool {
        self.matches_scheme_and_port(url) && self.path.as_ref().is_none_or(|path| path.could_match(&url.path))
    }

    /// The port alone, when the host is known to fit: whether something behind it could be what the pattern names.
    pub(super) const fn reaches_rest(&self, url: &RequestUrl) -> bool {
        match (self.port, self.https) {
            (Some(port), _) => port == url.port,
            (None, Some(https)) => url.port == if https { 443 } else { 80 },
            (None, None) => matches!(url.port, 80 | 443),
        }
    }

    fn matches_scheme_and_port(&self, url: &RequestUrl) -> bool {
        self.https.is_none_or(|https| https == url.https)
            && match (self.port, self.https) {
                (Some(port), _) => port == url.port,
                (None, Some(_)) => url.is_default_port(),
                (None, None) => matches!(url.port, 80 | 443),
            }
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), HostPatternError> {
    let behind_address = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(behind_address..).and_then(|rest| rest.find(':')) else { return Ok((authority, None)) };
    let (host, port) = authority.split_at(behind_address + colon);
    let digits = port.strip_prefix(':').unwrap_or_default();
    if host.is_empty() || digits.contains(':') {
        // `::1` or `[::1`.
        return Err(if authority.starts_with('[') || authority.parse::<IpAddr>().is_ok() {
            HostPatternError::AddressForm
        } else {
            HostPatternError::Port
        });
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HostPatternError::Port);
    }
    let port = digits.parse().ok().filter(|port| *port != 0).ok_or(HostPatternError::Port)?;
    Ok((host, Some(port)))
}

fn parse_host(host: &str) -> Result<HostPart, HostPatternError> {
    if host == "*" {
        return Ok(HostPart::Any);
    }
    if let Some(inside) = host.strip_prefix('[') {
        let ip = inside.strip_suffix(']').and_then(|text| text.parse::<std::net::Ipv6Addr>().ok()).ok_or(HostPatternError::AddressForm)?;
        return Ok(HostPart::Address(IpAddr::V6(ip).to_canonical()));
    }
    let (below, name) = match host.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, host),
    };
    if name.contains('*') {
        return Err(HostPatternError::Wildcard);
    }
    if name.contains('%') {
        return Err(HostPatternError::Name);
    }
    match Host::parse(name).map_err(|_| name_error(name))? {
        Host::Domain(parsed) => {
            let name: Box<str> = dns_name(&parsed).ok_or(HostPatternError::Name)?.into();
            Ok(if below { HostPart::Below(name) } else { HostPart::Name(name) })
        }
        _ if below => Err(HostPatternError::Numeric),
        Host::Ipv4(ip) if ip.to_string() == name => Ok(HostPart::Address(ip.into())),
        _ => Err(HostPatternError::AddressForm),
    }
}

fn name_error(name: &str) -> HostPatternError {
    let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    if is_number { HostPatternError::Numeric } else { HostPatternError::Name }
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
