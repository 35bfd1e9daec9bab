//! Entries for fuzzers, of what parses hostile text. Not part of the interface.

use std::path::Path;

pub use crate::command::fuzz::command;
use crate::load::{Finder, load_text};
use crate::pattern::{Anchor, End, Hits, HostPattern, HostSet, Links, Reading, RequestUrl, Trie, parse_ip_range};

/// Loads bytes as a policy file: must neither panic nor hang, whatever they are.
pub fn policy_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let finder = Finder::of_this_user().with_home(Path::new("/nonexistent"));
    if let Err(error) = load_text("fuzz.toml", text, Path::new("/"), &finder) {
        let shown = error.to_string();
        debug_assert!(!shown.contains(char::is_control), "{shown:?}");
        drop(error.without_text().to_string());
    }
    drop(crate::migrate(text));
}

/// A path pattern and a path, split at the first line end: the trie must answer for any of them.
pub fn path(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, target) = text.split_once('\n').unwrap_or((&text, &text));
    for anchor in [Anchor::Exact, Anchor::AnyDepth, Anchor::Floating] {
        let reading = Reading { base: Path::new("/base"), home: Some(Path::new("/home/u")), anchor };
        let mut trie = Trie::default();
        if reading.each(pattern, &mut Links::default(), &mut |p| trie.insert(p, 0, true)).is_ok() {
            trie.walk(target.as_bytes(), &mut Nothing);
        }
    }
}

struct Nothing;
impl Hits for Nothing {
    fn hit(&mut self, _: End) {}
}

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
