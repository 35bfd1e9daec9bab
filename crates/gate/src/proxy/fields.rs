//! Which fields of a message go on to the other side.

use super::head::{Field, Head};
use crate::net::leads_elsewhere;

/// Fields between two neighbours, and those that this side writes itself.
const OF_ONE_HOP: &[&str] =
    &["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via"];

/// Fields that `Connection` may not take away: the message would be another one without them.
const ESSENTIAL: &[&str] = &["content-length", "host", "transfer-encoding"];

/// What goes on of a request.
pub(super) fn of_request(head: &Head) -> Result<Vec<Field>, &'static str> {
    for field in &head.fields {
        let name = field.name.to_ascii_lowercase();
        let folded = name.replace('_', "-");
        // some servers read `_` in a name as `-`
        if name != folded && (OF_ONE_HOP.contains(&folded.as_str()) || folded.starts_with("proxy-")) {
            return Err("a field frames or routes the request under another spelling");
        }
        if folded == "upgrade" || folded == "http2-settings" {
            return Err("the request asks for another protocol");
        }
        if leads_elsewhere(&folded) {
            return Err("a field names another method, host or path than the request does");
        }
    }
    rest(head)
}

/// What goes on of an answer.
pub(super) fn of_answer(head: &Head) -> Result<Vec<Field>, &'static str> {
    rest(head)
}

fn rest(head: &Head) -> Result<Vec<Field>, &'static str> {
    let named = head.words("connection");
    if named.iter().any(|word| ESSENTIAL.contains(&word.as_str())) {
        return Err("Connection names a field that frames or routes the message");
    }
    let stays = |field: &&Field| {
        let name = field.name.to_ascii_lowercase();
        !OF_ONE_HOP.contains(&name.as_str()) && !name.starts_with("proxy-") && !named.contains(&name)
    };
    Ok(head.fields.iter().filter(stays).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &str) -> Result<Vec<String>, &'static str> {
        let text = format!("GET http://h/ HTTP/1.1\r\n{fields}\r\n");
        of_request(&Head::parse(text.as_bytes()).unwrap()).map(|all| all.into_iter().map(|f| f.name).collect())
    }

    #[test]
    fn what_belongs_to_one_hop_stays_behind() {
        let fields = "Host: h\r\nAccept: */*\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nProxy-Connection: x\r\nProxy-Authorization: y\r\nTE: trailers\r\n\
            Keep-Alive: 1\r\nExpect: 100-continue\r\nContent-Length: 3\r\nVia: a\r\nAuthorization: Bearer t\r\n";
        assert_eq!(of(fields).unwrap(), ["Accept", "Authorization"]);
    }

    #[test]
    fn what_would_change_the_meaning_is_refused() {
        for field in [
            "Upgrade: h2c",
            "HTTP2-Settings: x",
            "Content_Length: 5",
            "Transfer_Encoding: chunked",
            "transfer-Encoding_: x\r\nHost_: x\r\nTRANSFER_ENCODING: x",
            "Connection: Host",
            "Connection: close, Content-Length",
            "X-HTTP-Method-Override: DELETE",
            "X_HTTP_METHOD: DELETE",
            "X-Original-URL: /admin",
            "X-Rewrite-Url: /admin",
            "X-Forwarded-Host: evil",
            "Forwarded: host=evil",
            "X-Host: evil",
        ] {
            assert!(of(&format!("{field}\r\n")).is_err(), "{field}");
        }
    }
}
