//! `/etc/hosts`, read for one name.

use std::net::IpAddr;

/// The addresses of every line that has the name or an alias equal to it, in order, without repetition.
pub(super) fn lookup(text: &str, name: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        // Lines with a zone (`fe80::1%lo0`) are no addresses one can connect to by a URL.
        let Some(ip) = words.next().and_then(|word| word.parse().ok()) else { continue };
        if words.any(|word| word.strip_suffix('.').unwrap_or(word).eq_ignore_ascii_case(name)) && !found.contains(&ip) {
            found.push(ip);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_aliases_comments_and_case() {
        let text = "127.0.0.1 localhost\n# 9.9.9.9 db\n10.0.0.1\tdb.example  DB db. # x evil\nfe80::1%lo0 db\n\nnonsense db\n::1 db\n10.0.0.1 db\n";
        assert_eq!(lookup(text, "db"), ["10.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(lookup(text, "db.example").len(), 1);
        assert!(lookup(text, "evil").is_empty());
        assert!(lookup(text, "example").is_empty());
        assert!(lookup(text, "10.0.0.1").is_empty());
    }
}
