//! What a request asks for: the one form that is judged and sent.

use aegis_policy::{Method, RequestUrl};

use super::fields;
use super::framing::Framing;
use super::head::{Field, Head};

/// What a request asks for.
#[derive(Debug)]
pub(super) enum Asked {
    /// One request.
    Http(HttpAsked),
    /// A tunnel.
    Tunnel(RequestUrl),
}

/// One request to a host.
#[derive(Debug)]
pub(super) struct HttpAsked {
    pub(super) method: Method,
    pub(super) url: RequestUrl,
    pub(super) fields: Vec<Field>,
    pub(super) body: Framing,
    /// The child speaks HTTP/1.0: no chunks for it.
    pub(super) is_1_0: bool,
    /// The child may send another request behind this one.
    pub(super) keep: bool,
    /// The child waits for a 100 before it sends the body.
    pub(super) expects: bool,
}

/// Reads a head as a request to a proxy.
pub(super) fn read(head: &Head) -> Result<Asked, &'static str> {
    let mut words = head.first.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err("the first line is not method, target and version");
    };
    let is_1_0 = match version {
        "HTTP/1.1" => false,
        "HTTP/1.0" => true,
        _ => return Err("the version is neither HTTP/1.1 nor HTTP/1.0"),
    };
    let body = Framing::of_request(head, is_1_0)?;
    let fields = fields::of_request(head)?;
    if method == "CONNECT" {
        let url = tunnel_to(target)?;
        if let Some(host) = host_field(head)? {
            // some clients leave out the port here
            let same = tunnel_to(&host).or_else(|_| tunnel_to(&format!("{host}:{}", url.port)))?;
            if (&same.host, same.port) != (&url.host, url.port) {
                return Err("Host is not the host of the request");
            }
        }
        return if body == Framing::None { Ok(Asked::Tunnel(url)) } else { Err("a CONNECT has no body") };
    }
    // methods are told apart by case; nobody should have to guess what `get` is
    let method = Method::from_name(method).filter(|m| m.name() == method).ok_or("no policy allows this method to a confined command")?;
    let url = http_url(target)?;
    match host_field(head)? {
        Some(host) => {
            let same = http_url(&format!("http://{host}/"))?;
            if (&same.host, same.port) != (&url.host, url.port) {
                return Err("Host is not the host of the request");
            }
        }
        None if !is_1_0 => return Err("the request has no Host"),
        None => {}
    }
    let close = head.words("connection").iter().chain(&head.words("proxy-connection")).any(|word| word == "close");
    let expects = head.words("expect");
    if expects.iter().any(|word| word != "100-continue") {
        return Err("the request expects what no proxy does");
    }
    Ok(Asked::Http(HttpAsked { method, url, fields, body, is_1_0, keep: !is_1_0 && !close, expects: !is_1_0 && !expects.is_empty() }))
}

/// `host:port`, as CONNECT and SOCKS name it. The port is never left out.
pub(super) fn tunnel_to(authority: &str) -> Result<RequestUrl, &'static str> {
    let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.is_empty() && !port.contains(']'));
    if port.is_none() || !is_plain(authority) {
        return Err("the target is not host:port");
    }
    RequestUrl::parse(&format!("https://{authority}/")).map_err(|_| "the target is not a valid host and port")
}

fn http_url(target: &str) -> Result<RequestUrl, &'static str> {
    let scheme = target.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => {}
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => return Err("https goes through CONNECT, not through a request"),
        _ => return Err("the target is not a whole URL that begins with http://"),
    }
    let rest = target.get("http://".len()..).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !is_plain(authority) {
        return Err("the host of the target is not plain; user information and escapes do not belong there");
    }
    if rest.contains('#') {
        return Err("the target has a fragment");
    }
    RequestUrl::parse(target).map_err(|_| "the target is not a valid URL")
}

/// Letters, digits, `.`, `-`, `_`, or an address in brackets; then perhaps a port. Neither `@` nor `%` nor anything else that parsers
/// read in more than one way.
fn is_plain(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, port)) => {
            if !inside.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')) {
                return false;
            }
            ("address", port)
        }
        None => match authority.find(':') {
            Some(colon) => authority.split_at(colon),
            None => (authority, ""),
        },
    };
    let port_fits =
        port.is_empty() || port.strip_prefix(':').is_some_and(|p| (1..=5).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    port_fits && !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

fn host_field(head: &Head) -> Result<Option<String>, &'static str> {
    let mut all = head.all("host");
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => {
            let host = std::str::from_utf8(one).ok().filter(|host| is_plain(host)).ok_or("Host is not a host")?;
            Ok(Some(host.to_owned()))
        }
        _ => Err("Host stands there more than once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Asked, &'static str> {
        read(&Head::parse(text.as_bytes()).unwrap())
    }

    fn get(target: &str, host: &str) -> Result<HttpAsked, &'static str> {
        match asked(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"))? {
            Asked::Http(http) => Ok(http),
            Asked::Tunnel(_) => Err("a tunnel"),
        }
    }

    #[test]
    fn what_is_judged_is_what_is_sent() {
        for (target, host, sent) in [
            ("http://h/", "h", "http://h/"),
            ("HTTP://H.Example.:80/a/../b?q#".trim_end_matches('#'), "h.example", "http://h.example/b?q"),
            ("http://h:8080/x", "H:8080", "http://h:8080/x"),
            ("http://127.1/", "2130706433", "http://127.0.0.1/"),
            ("http://[::1]:81/", "[0:0::1]:81", "http://[::1]:81/"),
        ] {
            assert_eq!(get(target, host).unwrap().url.to_url_string(), sent, "{target}");
        }
    }

    #[test]
    fn targets_and_hosts_that_are_refused() {
        for (target, host) in [
            ("/", "h"),
            ("*", "h"),
            ("h:80", "h"),
            ("https://h/", "h"),
            ("ftp://h/", "h"),
            ("http://h/", "other"),
            ("http://h/", "h:81"),
            ("http://h:81/", "h"),
            ("http://h/", ""),
            ("http://h/", "h, other"),
            ("http://h/", "h/"),
            ("http://h/", "u@h"),
            ("http://u@h/", "h"),
            ("http://u:p@h/", "h"),
            ("http://allowed@evil/", "evil"),
            ("http://h%2eexample/", "h.example"),
            ("http://%68/", "h"),
            ("http://h:0/", "h:0"),
            ("http://h:65536/", "h:65536"),
            ("http://h:/", "h"),
            ("http://h:+80/", "h"),
            ("http:///x", "x"),
            ("http://", ""),
            ("http://./", "."),
            ("http://a..b/", "a..b"),
            ("http://[::1/", "[::1"),
            ("http://[::1]x/", "[::1]x"),
            ("http://[fe80::1%25lo]/", "[fe80::1%25lo]"),
            ("http://h\\@evil/", "h"),
            ("http://h/a\\b", "h"),
            ("http://h/#f", "h"),
            ("http://xn--a/", "xn--a"),
        ] {
            assert!(get(target, host).is_err(), "{target} {host}");
        }
        for text in [
            "GET http://h/ HTTP/1.1\r\n\r\n",
            "GET http://h/ HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
            "GET http://h/ HTTP/2.0\r\nHost: h\r\n\r\n",
            "GET http://h/ HTTP/1.1 \r\nHost: h\r\n\r\n",
            "GET  http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET http://h/ x HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET http://h/\r\nHost: h\r\n\r\n",
            "get http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
            "TRACE http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
            "PROPFIND http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST http://h/ HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n",
        ] {
            assert!(asked(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tunnels() {
        let connect = |target: &str, rest: &str| match asked(&format!("CONNECT {target} HTTP/1.1\r\n{rest}\r\n"))? {
            Asked::Tunnel(url) => Ok((url.host, url.port)),
            Asked::Http(_) => Err("no tunnel"),
        };
        for (target, rest) in
            [("h:443", ""), ("H.:443", "Host: h:443\r\n"), ("h:443", "Host: h\r\n"), ("h:443", "Proxy-Connection: keep-alive\r\n")]
        {
            assert_eq!(connect(target, rest), Ok(("h".to_owned(), 443)), "{target} {rest}");
        }
        assert_eq!(connect("[::1]:22", "Host: [::1]:22\r\n"), Ok(("::1".to_owned(), 22)));
        for (target, rest) in [
            ("h", ""),
            ("h:", ""),
            (":443", ""),
            ("h:0", ""),
            ("h:65536", ""),
            ("h:443/", ""),
            ("http://h:443", ""),
            ("u@h:443", ""),
            ("h:443:443", ""),
            ("[::1]", ""),
            ("::1:443", ""),
            ("h:443", "Host: other\r\n"),
            ("h:443", "Host: h:80\r\n"),
            ("h:443", "Content-Length: 3\r\n"),
            ("h:443", "Transfer-Encoding: chunked\r\n"),
            ("h:443", "Upgrade: x\r\n"),
        ] {
            assert!(connect(target, rest).is_err(), "{target} {rest}");
        }
    }
}
