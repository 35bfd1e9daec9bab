//! The target of an HTTP request, in the one form that is judged and sent.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde::Serialize;
use url::{Host, Url};

/// Longest URL that is accepted, in bytes.
const MAX_URL: usize = 32 << 10;

/// Scheme, host, port and path of a request after parsing: what is judged is what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestUrl {
    /// `http` or `https`.
    pub https: bool,
    /// Lower-case ASCII name without trailing dot, or the canonical text of an address (IPv6 without brackets).
    pub host: String,
    /// The address, where the host is one.
    pub ip: Option<IpAddr>,
    /// Explicit or the scheme's own.
    pub port: u16,
    /// Begins with `/`; percent-encoded as it is sent; without query.
    pub path: String,
    /// Percent-encoded as it is sent, without the `?`; none where the URL has no `?`.
    pub query: Option<String>,
}

/// Why a text is not the URL of a request. The messages hold nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than 32 KiB.
    #[error("the URL is longer than 32 KiB")]
    TooLong,
    /// CR, LF, NUL, tab, a space or another control or blank character.
    #[error("the URL has a space or control character; percent-encode it")]
    Character,
    /// A backslash, which some parsers take for a slash.
    #[error("the URL has a backslash; percent-encode it")]
    Backslash,
    /// Neither `http://` nor `https://`.
    #[error("the URL must begin with http:// or https://")]
    Scheme,
    /// `user:password@` before the host.
    #[error("the URL has user information before the host; use a header")]
    UserInfo,
    /// An IPv6 address with `%zone`.
    #[error("the URL has an address with a zone")]
    Zone,
    /// No host, or not a name or address that can be.
    #[error("the URL has no valid host")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the URL has no valid port")]
    Port,
    /// Anything else the URL standard refuses.
    #[error("the URL is not valid")]
    Syntax,
}

impl RequestUrl {
    /// Parses by the WHATWG URL standard, after refusing everything on which parsers are known to differ. The fragment is dropped.
    ///
    /// # Errors
    /// [`UrlError`], which says what is wrong without repeating the text.
    pub fn parse(text: &str) -> Result<RequestUrl, UrlError> {
        check_text(text)?;
        let mut url = Url::parse(text).map_err(|error| match error {
            url::ParseError::InvalidPort => UrlError::Port,
            url::ParseError::EmptyHost
            | url::ParseError::IdnaError
            | url::ParseError::InvalidIpv4Address
            | url::ParseError::InvalidIpv6Address
            | url::ParseError::InvalidDomainCharacter => UrlError::Host,
            _ => UrlError::Syntax,
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::UserInfo);
        }
        url.set_fragment(None);
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(UrlError::Scheme),
        };
        let (host, ip) = match url.host() {
            Some(Host::Ipv4(ip)) => (ip.to_string(), Some(IpAddr::V4(ip))),
            Some(Host::Ipv6(ip)) => (whatwg_ipv6(&url).ok_or(UrlError::Host)?, Some(IpAddr::V6(ip))),
            Some(Host::Domain(name)) => (dns_name(name).ok_or(UrlError::Host)?.to_owned(), None),
            None => return Err(UrlError::Host),
        };
        let port = url.port_or_known_default().filter(|p| *p != 0).ok_or(UrlError::Port)?;
        Ok(RequestUrl { https, host, ip, port, path: url.path().to_owned(), query: url.query().map(str::to_owned) })
    }

    /// `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// Whether the port is the scheme's own, and thus not written.
    #[must_use]
    pub const fn is_default_port(&self) -> bool {
        self.port == if self.https { 443 } else { 80 }
    }

    /// The exact URL that is sent. Parsing it again gives the same value.
    #[must_use]
    pub fn to_url_string(&self) -> String {
        let mut text = String::with_capacity(16 + self.host.len() + self.path.len() + self.query.as_ref().map_or(0, String::len));
        text.push_str(self.scheme());
        text.push_str("://");
        let bracketed = matches!(self.ip, Some(IpAddr::V6(_)));
        if bracketed {
            text.push('[');
        }
        text.push_str(&self.host);
        if bracketed {
            text.push(']');
        }
        if !self.is_default_port() {
            // Writing to a String cannot fail.
            let _ = write!(text, ":{}", self.port);
        }
        text.push_str(&self.path);
        if let Some(query) = &self.query {
            text.push('?');
            text.push_str(query);
        }
        text
    }

    /// The URL without its query, for records and questions: a query may carry what should not be shown.
    #[must_use]
    pub fn without_query(&self) -> String {
        RequestUrl { query: None, ..self.clone() }.to_url_string()
    }

    /// The smallest host pattern that covers it.
    #[must_use]
    pub fn host_pattern(&self) -> String {
        let host = if matches!(self.ip, Some(IpAddr::V6(_))) { format!("[{}]", self.host) } else { self.host.clone() };
        if matches!(self.port, 80 | 443) { host } else { format!("{host}:{}", self.port) }
    }

    /// Adds one `name=value` to the query, percent-encoding every byte that is not unreserved (RFC 3986).
    pub fn push_query(&mut self, name: &[u8], value: &[u8]) {
        let query = self.query.get_or_insert_default();
        if !query.is_empty() {
            query.push('&');
        }
        percent_encode(name, query);
        query.push('=');
        percent_encode(value, query);
    }
}

fn percent_encode(bytes: &[u8], to: &mut String) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

/// What the URL standard would silently strip, repair or read in two ways is an error here.
fn check_text(text: &str) -> Result<(), UrlError> {
    if text.len() > MAX_URL {
        return Err(UrlError::TooLong);
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Character);
    }
    if text.contains('\\') {
        return Err(UrlError::Backslash);
    }
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(UrlError::Scheme);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    if authority.is_empty() {
        return Err(UrlError::Host);
    }
    if authority.starts_with('[') && authority.contains('%') {
        return Err(UrlError::Zone);
    }
    if authority.ends_with(':') {
        return Err(UrlError::Port);
    }
    Ok(())
}

/// The standard's own text of an IPv6 host, which differs from Rust's for addresses that embed an IPv4 one.
fn whatwg_ipv6(url: &Url) -> Option<String> {
    Some(url.host_str()?.strip_prefix('[')?.strip_suffix(']')?.to_owned())
}

/// A name as DNS can hold it (letters, digits, `-`, `_`), without its trailing dot. Expects lower-case ASCII.
pub(crate) fn dns_name(name: &str) -> Option<&str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label =
        |l: &str| (1..=63).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_form_for_every_spelling() {
        for (text, sent) in [
            ("HTTP://Example.COM", "http://example.com/"),
            ("https://example.com:443/a?b#c", "https://example.com/a?b"),
            ("http://example.com.:80/", "http://example.com/"),
            ("http://example.com:0080/", "http://example.com/"),
            ("http://bücher.example/", "http://xn--bcher-kva.example/"),
            ("http://EXAMPLE。com/", "http://example.com/"),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("http://0177.0.0.1/", "http://127.0.0.1/"),
            ("http://2130706433/", "http://127.0.0.1/"),
            ("http://127.1:8080/x", "http://127.0.0.1:8080/x"),
            ("http://127.0.0.1./", "http://127.0.0.1/"),
            ("http://0/", "http://0.0.0.0/"),
            ("http://1.2.3.0x/", "http://1.2.3.0/"),
            ("http://127.0.0.1/", "http://127.0.0.1/"),
            ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
            ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("http://[0:0:0:0:0:ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
            ("http://h/a/../b/./c", "http://h/b/c"),
            ("http://h/a/%2e%2E/b", "http://h/b"),
            ("http://h/é?é", "http://h/%C3%A9?%C3%A9"),
            ("http://h/@scope/pkg", "http://h/@scope/pkg"),
            ("http://h?a=b@c", "http://h/?a=b@c"),
            ("http://h/?", "http://h/?"),
            ("http://h//a", "http://h//a"),
        ] {
            let url = RequestUrl::parse(text).unwrap();
            assert_eq!(url.to_url_string(), sent, "{text}");
            assert_eq!(RequestUrl::parse(sent).unwrap(), url, "{text}");
        }
    }

    #[test]
    fn addresses_are_known_as_such() {
        assert_eq!(RequestUrl::parse("http://0x7f.1/").unwrap().ip, Some(IpAddr::from([127, 0, 0, 1])));
        assert_eq!(RequestUrl::parse("http://[::FFFF:7f00:1]/").unwrap().ip, Some("::ffff:127.0.0.1".parse().unwrap()));
        assert_eq!(RequestUrl::parse("http://localhost/").unwrap().ip, None);
    }

    #[test]
    fn refused() {
        use UrlError::{Backslash, Character, Host, Port, Scheme, Syntax, TooLong, UserInfo, Zone};
        for (text, error) in [
            ("http://h/\r\nX: y", Character),
            ("http://h/\0", Character),
            ("ht\ttp://h/", Character),
            (" http://h/", Character),
            ("http://h/ ", Character),
            ("http://h/a b", Character),
            ("http://h/\u{a0}", Character),
            ("http://h/\u{85}", Character),
            ("http://h\\@evil/", Backslash),
            ("http://h/a\\b", Backslash),
            ("http://user@h/", UserInfo),
            ("http://user:pw@h/", UserInfo),
            ("http://@h/", UserInfo),
            ("http://:@h/", UserInfo),
            ("http://good.example@evil.example/", UserInfo),
            ("ftp://h/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("http:h", Scheme),
            ("//h/", Scheme),
            ("h/", Scheme),
            ("", Scheme),
            ("http:///h/", Host),
            ("http://", Host),
            ("http://?q", Host),
            ("http://./", Host),
            ("http://a..b/", Host),
            ("http://.a/", Host),
            ("http://a*b/", Host),
            ("http://a,b/", Host),
            ("http://a%00b/", Host),
            ("http://[::1/", Host),
            ("http://[::1]x/", Host),
            ("http://1.2.3.4.5/", Host),
            ("http://256.1.1.1/", Host),
            ("http://1.2.3.08/", Host),
            ("http://xn--a/", Host),
            ("http://[fe80::1%eth0]/", Zone),
            ("http://[fe80::1%25eth0]/", Zone),
            ("http://h:0/", Port),
            ("http://h:65536/", Port),
            ("http://h:-1/", Port),
            ("http://h:/", Port),
            ("http://h:80a/", Port),
        ] {
            match RequestUrl::parse(text) {
                Err(found) if found == error || found == Syntax => {}
                other => assert_eq!(other, Err(error), "{text:?}"),
            }
        }
        assert_eq!(RequestUrl::parse(&format!("http://h/{}", "a".repeat(MAX_URL))), Err(TooLong));
        assert_eq!(RequestUrl::parse(&format!("http://{}.example/", "a".repeat(64))), Err(Host));
    }

    #[test]
    fn query_parameters_cannot_leave_the_query() {
        let mut url = RequestUrl::parse("http://h/p?a=1").unwrap();
        url.push_query(b"q x", b"1&r=2#/../\r\n\xff");
        assert_eq!(url.to_url_string(), "http://h/p?a=1&q%20x=1%26r%3D2%23%2F..%2F%0D%0A%FF");
        assert_eq!(RequestUrl::parse(&url.to_url_string()).unwrap(), url);
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_what_is_sent(text in "(http|https)://[a-zA-Z0-9.\\[\\]:@%\u{e9}\u{3002}xX_-]{0,24}[/?#]?[ -~\u{e9}]{0,24}") {
            if let Ok(url) = RequestUrl::parse(&text) {
                prop_assert_eq!(RequestUrl::parse(&url.to_url_string()), Ok(url.clone()));
                let sent = Url::parse(&url.to_url_string()).unwrap();
                prop_assert_eq!(sent.as_str(), url.to_url_string());
                prop_assert_eq!(sent.host_str().unwrap().trim_matches(['[', ']']), &url.host);
            }
        }

        #[test]
        fn any_text_is_safe(text in "\\PC{0,40}") {
            let _ = RequestUrl::parse(&text);
        }
    }
}
