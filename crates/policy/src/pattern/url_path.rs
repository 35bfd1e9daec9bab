//! The path part of a host pattern: a prefix of whole components, `*` inside a component, `/**` at the end.

use super::url::RequestUrl;

/// Components that a request's path must begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathPattern {
    components: Vec<Box<str>>,
    /// `/**` or `/` at the end: something must follow, if only the slash.
    below_only: bool,
}

/// Why a path can never match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathPatternError {
    /// `//`, `.` or `..`, or an encoded `/`, `\`, `.` or NUL.
    #[error("the path has `//`, a dot component, or an encoded slash or dot; such requests never match a path")]
    Ambiguous,
    /// `/**/x`, `/a**`.
    #[error("`**` stands only at the end of the path, as in `/v1/**`")]
    DoubleStar,
    /// `%` without two hexadecimal digits.
    #[error("the path has a `%` that begins no percent-encoding; write it as `%25`")]
    Percent,
}

impl PathPattern {
    /// Expects a text that begins with `/`, without blanks, backslash, `?` and `#`.
    pub(super) fn parse(text: &str) -> Result<PathPattern, PathPatternError> {
        let (front, below_only) = match text.strip_suffix("/**").or_else(|| text.strip_suffix('/')) {
            Some(front) => (front, true),
            None => (text, false),
        };
        if front.contains("**") {
            return Err(PathPatternError::DoubleStar);
        }
        if is_ambiguous(front) || front.ends_with('/') {
            return Err(PathPatternError::Ambiguous);
        }
        if front.split('%').skip(1).any(|code| !code.bytes().take(2).all(|b| b.is_ascii_hexdigit()) || code.len() < 2) {
            return Err(PathPatternError::Percent);
        }
        // As a request would send it: what must be percent-encoded is.
        let sent = RequestUrl::parse(&format!("http://h{front}")).map_err(|_| PathPatternError::Ambiguous)?.path;
        let components = if front.is_empty() { Vec::new() } else { sent.split('/').skip(1).map(Box::from).collect() };
        Ok(PathPattern { components, below_only })
    }

    /// Never of an ambiguous path.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut components = path.split('/').skip(1);
        let fits = |pattern: &str| components.next().is_some_and(|c| component_matches(pattern.as_bytes(), c.as_bytes()));
        !is_ambiguous(path) && self.components.iter().map(AsRef::as_ref).all(fits) && (!self.below_only || components.next().is_some())
    }

    /// Always of an ambiguous path; otherwise letters match in either case and however they are encoded, and `/x/**` covers `/x` itself.
    pub(super) fn could_match(&self, path: &str) -> bool {
        let mut components = path.split('/').skip(1);
        let same = |pattern: &str, component: &str| {
            component_matches(pattern.as_bytes(), component.as_bytes()) || component_matches(&folded(pattern), &folded(component))
        };
        let fits = |pattern: &str| components.next().is_some_and(|component| same(pattern, component));
        is_ambiguous(path) || self.components.iter().map(AsRef::as_ref).all(fits)
    }
}

/// Whether servers differ on which components a path has: an encoded `/`, `\`, `.` or NUL (also encoded twice), an empty component
/// that is not the last, or a dot component (also with parameters, `..;x`).
pub(super) fn is_ambiguous(path: &str) -> bool {
    let mut components = path.split('/').skip(1).peekable();
    while let Some(component) = components.next() {
        let name = component.split(';').next().unwrap_or_default();
        if component.is_empty() && components.peek().is_some() || name == "." || name == ".." {
            return true;
        }
    }
    path.contains('\\') || has_hidden_separator(path.as_bytes())
}

fn has_hidden_separator(mut rest: &[u8]) -> bool {
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        rest = rest.get(at + 1..).unwrap_or_default();
        let mut code = rest;
        // `%252f` is `%2f` to whoever decodes twice.
        while let Some(inner) = code.strip_prefix(b"25") {
            code = inner;
        }
        if let [high, low, ..] = code
            && matches!([*high, low.to_ascii_lowercase()], [b'2', b'e' | b'f'] | [b'5', b'c'] | [b'0', b'0'])
        {
            return true;
        }
    }
    false
}

/// `*` is any run of bytes, but at least one where it stands alone.
fn component_matches(pattern: &[u8], text: &[u8]) -> bool {
    if pattern == b"*" {
        return !text.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if Some(byte) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((star_p, star_t)) => {
                    *star_t += 1;
                    (p, t) = (*star_p + 1, *star_t);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|b| *b == b'*')
}

/// Percent-decoded until nothing is encoded, ASCII letters in lower case, parameters (`;x`) cut off.
fn folded(component: &str) -> Vec<u8> {
    let mut plain: Vec<u8> = component.bytes().take_while(|b| *b != b';').collect();
    while let Some(decoded) = percent_decoded(&plain) {
        plain = decoded;
    }
    plain.make_ascii_lowercase();
    plain
}

/// None where nothing is encoded.
fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        match rest {
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                plain.push(hex(*high)? << 4 | hex(*low)?);
                rest = after;
            }
            [byte, after @ ..] => {
                plain.push(*byte);
                rest = after;
            }
            [] => return (plain.len() < text.len()).then_some(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> PathPattern {
        PathPattern::parse(text).unwrap()
    }

    #[test]
    fn whole_components_from_the_front() {
        for (text, yes, no) in [
            ("/v1", "/v1 /v1/ /v1/a /v1/a/b", "/ /v10 /V1 /v1a/b /x/v1 /%761"),
            ("/v1/**", "/v1/ /v1/a /v1/a/b", "/v1 /v10/a /"),
            ("/v1/", "/v1/ /v1/a", "/v1"),
            ("/**", "/ /a /a/b", ""),
            ("/v1/*/x", "/v1/a/x /v1/b/x/y", "/v1/x /v1/a/b/x /v1//x /v1/a/"),
            ("/v1/u-*", "/v1/u- /v1/u-1 /v1/u-1/x", "/v1/u /v1/xu-1"),
            ("/a*b*c", "/abc /aXbYc /abbcc/d", "/ab /a/b/c /acb"),
            ("/é", "/%C3%A9", "/e"),
            ("/a%20b", "/a%20b", "/a"),
            ("/@scope/x", "/@scope/x", "/scope/x"),
        ] {
            for path in yes.split_whitespace() {
                assert!(pattern(text).matches(path), "{text} {path}");
                assert!(pattern(text).could_match(path), "{text} {path}");
            }
            for path in no.split_whitespace() {
                assert!(!pattern(text).matches(path), "{text} {path}");
            }
        }
    }

    #[test]
    fn a_path_that_can_be_read_in_two_ways_never_opens_and_always_closes() {
        for path in [
            "/v1/%2f",
            "/v1/%2F..",
            "/v1/a%5cb",
            "/v1/%5C",
            "/v1/%2e%2e/x",
            "/v1/%2E",
            "/v1/a%2eb",
            "/v1//x",
            "//v1",
            "/v1/./x",
            "/v1/../x",
            "/v1/..",
            "/v1/..;/x",
            "/v1/.;a=b/x",
            "/v1/%252f",
            "/v1/%252525%32%66%252e",
            "/v1/%00",
            "/v1/a\\b",
            "/%2e%2e/v1",
            "/x/%2f",
        ] {
            assert!(!pattern("/v1/**").matches(path), "{path}");
            assert!(!pattern("/**").matches(path), "{path}");
            assert!(pattern("/v1/**").could_match(path), "{path}");
        }
        assert!(!is_ambiguous("/v1/a.b/..c/.d/e%20f/%25/%41/"));
    }

    #[test]
    fn closing_patterns_see_through_encoding_case_and_parameters() {
        for path in ["/admin", "/admin/x", "/ADMIN/x", "/%61dmin/x", "/%2561dmin", "/admin;x=1/y", "/Adm%69n/"] {
            assert!(pattern("/admin/**").could_match(path), "{path}");
        }
        assert!(!pattern("/admin/**").could_match("/administrator"));
        assert!(!pattern("/admin/**").could_match("/x/admin"));
    }

    #[test]
    fn patterns_that_can_never_match() {
        for text in ["//a", "/a//b", "/a/./b", "/../a", "/a%2fb", "/a%5Cb", "/a%2e", "/a//", "/a%00"] {
            assert_eq!(PathPattern::parse(text), Err(PathPatternError::Ambiguous), "{text}");
        }
        for text in ["/**/a", "/a**", "/a/b**/c", "/**/**"] {
            assert_eq!(PathPattern::parse(text), Err(PathPatternError::DoubleStar), "{text}");
        }
        for text in ["/%", "/a%2", "/%*", "/%zz", "/%2/a"] {
            assert_eq!(PathPattern::parse(text), Err(PathPatternError::Percent), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_opens_also_closes(text in "/[a-cA-C%2eE/*;.]{0,8}", path in "/[a-cA-C%2eE/;.]{0,10}") {
            if let Ok(pattern) = PathPattern::parse(&text) {
                prop_assert!(!pattern.matches(&path) || pattern.could_match(&path));
                if pattern.matches(&path) && !text.contains('*') {
                    prop_assert!(path.starts_with(&text));
                }
            }
        }
    }
}
