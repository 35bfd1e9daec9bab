//! Entries for fuzzers, of what parses hostile text. Not part of the interface.

use crate::pattern::{HostPattern, HostSet, RequestUrl, parse_ip_range};

/// A pattern and a URL, split at the first line end. Holds what must be true of any of them.
pub fn host(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, target) = text.split_once('\n').unwrap_or((&text, &text));
    let url = RequestUrl::parse(target);
    if let Ok(url) = &url {
        assert_eq!(RequestUrl::parse(&url.to_url_string()).as_ref(), Ok(url));
    }
    let _ = parse_ip_range(pattern);
    if let (Ok(pattern), Ok(url)) = (HostPattern::parse(pattern), &url) {
        assert!(!pattern.matches(url) || pattern.could_match(url));
        let mut set = HostSet::default();
        set.push(pattern.clone(), ());
        assert_eq!(set.first_match(url).is_some(), pattern.matches(url));
        assert_eq!(set.first_possible(url).is_some(), pattern.could_match(url));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn host_holds(pattern in "(https?://)?[*.a-bA-B0-9\\[\\]:xé]{0,8}[/a*%2e]{0,6}", url in "https?://[.a-bA-B0-9\\[\\]:xé]{0,8}[/a%2e?#]{0,8}") {
            super::host(format!("{pattern}\n{url}").as_bytes());
        }

        #[test]
        fn host_holds_for_any_bytes(data in prop::collection::vec(any::<u8>(), 0..60)) {
            super::host(&data);
        }
    }
}
