//! Many host patterns, found by the host's name.

use std::collections::HashMap;
use std::net::IpAddr;

use super::host::{HostKey, HostPattern};
use super::url::RequestUrl;

/// Patterns with a value each. Looking up costs one step for each label of the host and each pattern that names that very host,
/// however many patterns there are.
#[derive(Debug, Clone)]
pub struct HostSet<T> {
    entries: Vec<(HostPattern, T)>,
    any: Vec<usize>,
    by_name: HashMap<Box<str>, Vec<usize>>,
    below: HashMap<Box<str>, Vec<usize>>,
    by_address: HashMap<IpAddr, Vec<usize>>,
}

impl<T> Default for HostSet<T> {
    fn default() -> Self {
        HostSet { entries: Vec::new(), any: Vec::new(), by_name: HashMap::new(), below: HashMap::new(), by_address: HashMap::new() }
    }
}

impl<T> HostSet<T> {
    /// Adds a pattern behind those that are there.
    pub fn push(&mut self, pattern: HostPattern, value: T) {
        let list = match pattern.literal_key() {
            HostKey::Any => &mut self.any,
            HostKey::Name(name) => self.by_name.entry(name.into()).or_default(),
            HostKey::Below(name) => self.below.entry(name.into()).or_default(),
            HostKey::Address(ip) => self.by_address.entry(ip).or_default(),
        };
        list.push(self.entries.len());
        self.entries.push((pattern, value));
    }

    /// The first pattern that [`HostPattern::matches`]. For lists that open.
    #[must_use]
    pub fn first_match(&self, url: &RequestUrl) -> Option<&T> {
        self.first(url, HostPattern::matches_rest)
    }

    /// The first pattern that [`HostPattern::could_match`]. For lists that close or label.
    #[must_use]
    pub fn first_possible(&self, url: &RequestUrl) -> Option<&T> {
        self.first(url, HostPattern::could_match_rest)
    }

    /// The first pattern that names everything behind the URL's host and port. For lists that open a tunnel.
    #[must_use]
    pub fn first_whole(&self, url: &RequestUrl) -> Option<&T> {
        self.first(url, |pattern, url| pattern.reaches_rest(url) && !pattern.has_path())
    }

    /// The first pattern that names anything behind the URL's host and port. For lists that close or label a tunnel.
    #[must_use]
    pub fn first_touching(&self, url: &RequestUrl) -> Option<&T> {
        self.first(url, HostPattern::reaches_rest)
    }

    /// Whether there is no pattern at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn first(&self, url: &RequestUrl, rest: fn(&HostPattern, &RequestUrl) -> bool) -> Option<&T> {
        let mut best: Option<usize> = None;
        let mut consider = |list: Option<&Vec<usize>>| {
            let fits = |at: &usize| self.entries.get(*at).is_some_and(|(pattern, _)| rest(pattern, url));
            let found = list.and_then(|list| list.iter().take_while(|at| best.is_none_or(|best| **at < best)).find(|at| fits(at)));
            best = found.copied().or(best);
        };
        consider(Some(&self.any));
        match url.ip {
            Some(ip) => consider(self.by_address.get(&ip.to_canonical())),
            None => {
                consider(self.by_name.get(url.host.as_str()));
                let mut tail = url.host.as_str();
                while let Some((_, parent)) = tail.split_once('.') {
                    consider(self.below.get(parent));
                    tail = parent;
                }
            }
        }
        self.entries.get(best?).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(patterns: impl IntoIterator<Item = String>) -> HostSet<String> {
        let mut set = HostSet::default();
        for text in patterns {
            set.push(HostPattern::parse(&text).unwrap(), text);
        }
        set
    }

    fn url(text: &str) -> RequestUrl {
        RequestUrl::parse(text).unwrap()
    }

    #[test]
    fn the_first_pattern_in_order_wins_whatever_its_kind() {
        let set = set(["*.b.example/x", "a.b.example:8080", "*.example", "a.b.example", "*", "127.0.0.1"].map(String::from));
        for (text, first) in [
            ("http://a.b.example/x", "*.b.example/x"),
            ("http://a.b.example:8080/", "a.b.example:8080"),
            ("http://a.b.example/", "*.example"),
            ("http://other/", "*"),
            ("http://127.0.0.1/", "*"),
        ] {
            assert_eq!(set.first_match(&url(text)).unwrap(), first, "{text}");
        }
        assert!(set.first_match(&url("http://other:81/")).is_none());
        assert_eq!(set.first_possible(&url("http://a.b.example/X")).unwrap(), "*.b.example/x");
    }

    #[test]
    fn ten_thousand_patterns() {
        let set =
            set((0..10_000).flat_map(|n| [format!("h{n}.example"), format!("*.d{n}.example"), format!("10.1.{}.{}", n / 256, n % 256)]));
        assert_eq!(set.first_match(&url("https://h9999.example/")).unwrap(), "h9999.example");
        assert_eq!(set.first_match(&url("https://a.b.d77.example/")).unwrap(), "*.d77.example");
        assert_eq!(set.first_match(&url("https://10.1.1.1/")).unwrap(), "10.1.1.1");
        assert!(set.first_match(&url("https://d77.example/")).is_none());
        assert!(set.first_match(&url("https://h10000.example/")).is_none());
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_search(
            patterns in prop::collection::vec("(http://|https://)?(\\*|(\\*\\.)?[ab](\\.[ab]){0,2}|127\\.0\\.0\\.[12]|\\[::1\\])(:80|:8080)?(/a|/b/\\*\\*)?", 0..30),
            text in "(http|https)://([ab](\\.[ab]){0,3}|127\\.0\\.0\\.1|\\[::1\\]|\\[::ffff:7f00:2\\])(:8080)?/[ab/]{0,3}",
        ) {
            let url = url(&text);
            let parsed: Vec<HostPattern> = patterns.iter().map(|p| HostPattern::parse(p).unwrap()).collect();
            let set = set(patterns.clone());
            let first = parsed.iter().position(|p| p.matches(&url)).map(|at| &patterns[at]);
            prop_assert_eq!(set.first_match(&url), first);
            let possible = parsed.iter().position(|p| p.could_match(&url)).map(|at| &patterns[at]);
            prop_assert_eq!(set.first_possible(&url), possible);
        }
    }
}
