//! Sets of addresses: `allow_ips` and `deny_ips`.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::address::embedded_v4;

/// Why an entry is not an address or a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IpRangeError {
    /// Neither.
    #[error("`{0}` is not an address or a range such as 10.0.0.0/8")]
    Syntax(String),
    /// Bits behind the prefix are set, so the range is not what it seems to be.
    #[error("`{given}` has bits behind its prefix; did you mean `{meant}`?")]
    HostBits {
        /// As written.
        given: String,
        /// The range it lies in.
        meant: String,
    },
}

/// Reads one address or one CIDR range. A range of IPv4-mapped IPv6 addresses is the IPv4 range.
///
/// # Errors
/// [`IpRangeError`], with a suggestion where there is one.
pub fn parse_ip_range(text: &str) -> Result<IpNet, IpRangeError> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(ip.to_canonical()));
    }
    let range: IpNet = text.parse().map_err(|_| IpRangeError::Syntax(text.to_owned()))?;
    if range.trunc() != range {
        return Err(IpRangeError::HostBits { given: text.to_owned(), meant: range.trunc().to_string() });
    }
    Ok(canonical(range))
}

fn canonical(range: IpNet) -> IpNet {
    match range {
        IpNet::V6(v6) => match (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
            (Some(v4), Some(len)) => Ipv4Net::new(v4, len).map_or(range, IpNet::V4),
            _ => range,
        },
        IpNet::V4(_) => range,
    }
}

/// Ranges with a value each. Looking up costs one step for each prefix length that occurs, however many ranges there are.
#[derive(Debug, Clone)]
pub struct IpSet<T> {
    entries: Vec<T>,
    /// The first entry of each range.
    by_range: HashMap<IpNet, usize>,
    v4_lengths: BTreeSet<u8>,
    v6_lengths: BTreeSet<u8>,
}

impl<T> Default for IpSet<T> {
    fn default() -> Self {
        IpSet { entries: Vec::new(), by_range: HashMap::new(), v4_lengths: BTreeSet::new(), v6_lengths: BTreeSet::new() }
    }
}

impl<T> IpSet<T> {
    /// Adds a range behind those that are there.
    pub fn push(&mut self, range: IpNet, value: T) {
        let range = canonical(range.trunc());
        match range {
            IpNet::V4(_) => self.v4_lengths.insert(range.prefix_len()),
            IpNet::V6(_) => self.v6_lengths.insert(range.prefix_len()),
        };
        self.by_range.entry(range).or_insert(self.entries.len());
        self.entries.push(value);
    }

    /// The first entry whose range holds the address; mapped addresses are taken for the IPv4 ones they are. For lists that open.
    #[must_use]
    pub fn first_match(&self, ip: IpAddr) -> Option<&T> {
        self.entries.get(self.position(ip.to_canonical())?)
    }

    /// The first entry whose range holds the address, or the IPv4 address that it embeds in any form. For lists that close.
    #[must_use]
    pub fn first_touching(&self, ip: IpAddr) -> Option<&T> {
        let inner = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => embedded_v4(v6).and_then(|v4| self.position(IpAddr::V4(v4))),
        };
        // A range may also be written in the form of the address itself (`::/0`), so the address is looked up as it stands, too.
        let found = [self.position(ip), self.position(ip.to_canonical()), inner].into_iter().flatten().min();
        self.entries.get(found?)
    }

    /// Whether there is no range at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn position(&self, ip: IpAddr) -> Option<usize> {
        let lengths = if ip.is_ipv4() { &self.v4_lengths } else { &self.v6_lengths };
        lengths.iter().filter_map(|len| self.by_range.get(&IpNet::new(ip, *len).ok()?.trunc()).copied()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn set(ranges: &[&'static str]) -> IpSet<&'static str> {
        let mut set = IpSet::default();
        for range in ranges {
            set.push(parse_ip_range(range).unwrap(), *range);
        }
        set
    }

    #[test]
    fn parsing() {
        for (text, range) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:127.0.0.1", "127.0.0.1/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(parse_ip_range(text).unwrap().to_string(), range);
        }
        for text in ["", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8 ", "example.com", "010.0.0.1", "::1%eth0", "10.0.0.0-10.0.0.9", "*"]
        {
            assert!(matches!(parse_ip_range(text), Err(IpRangeError::Syntax(_))), "{text}");
        }
        assert_eq!(
            parse_ip_range("10.1.0.0/8").unwrap_err().to_string(),
            "`10.1.0.0/8` has bits behind its prefix; did you mean `10.0.0.0/8`?"
        );
    }

    #[test]
    fn mapped_forms_match_both_ways() {
        assert!(set(&["127.0.0.0/8"]).first_match(ip("::ffff:127.0.0.1")).is_some());
        assert!(set(&["::ffff:127.0.0.0/104"]).first_match(ip("127.0.0.1")).is_some());
        assert!(set(&["::1"]).first_match(ip("127.0.0.1")).is_none());
    }

    #[test]
    fn other_embedding_forms_are_closed_with_what_they_embed_but_never_opened_by_it() {
        let set = set(&["10.0.0.0/8"]);
        for form in ["64:ff9b::10.0.0.1", "2002:a00:1::", "::10.0.0.1", "::ffff:0:10.0.0.1", "2606::5efe:a00:1", "::ffff:10.0.0.1"] {
            assert!(set.first_touching(ip(form)).is_some(), "{form}");
            assert_eq!(set.first_match(ip(form)).is_some(), form == "::ffff:10.0.0.1", "{form}");
        }
        assert!(set.first_touching(ip("64:ff9b::11.0.0.1")).is_none());
        assert!(self::set(&["::/0"]).first_touching(ip("::ffff:8.8.8.8")).is_some());
    }

    #[test]
    fn the_first_entry_wins() {
        let set = set(&["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "10.0.0.0/8"]);
        assert_eq!(set.first_match(ip("10.1.2.3")), Some(&"10.0.0.0/8"));
        assert_eq!(set.first_match(ip("11.1.2.3")), Some(&"0.0.0.0/0"));
        assert_eq!(set.first_match(ip("::2")), None);
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_search(ranges in prop::collection::vec((any::<u32>(), 0u8..=32), 0..40), bits in any::<u32>()) {
            let ranges: Vec<IpNet> = ranges.iter().map(|(b, l)| IpNet::new(Ipv4Addr::from_bits(b & 0xff00_00ff).into(), *l).unwrap().trunc()).collect();
            let mut set = IpSet::default();
            for (at, range) in ranges.iter().enumerate() {
                set.push(*range, at);
            }
            let ip = IpAddr::V4(Ipv4Addr::from_bits(bits & 0xff00_00ff));
            let expected = ranges.iter().position(|r| r.contains(&ip));
            prop_assert_eq!(set.first_match(ip).copied(), expected);
            prop_assert_eq!(set.first_touching(ip).copied(), expected);
        }

        #[test]
        fn any_text_and_address_is_safe(text in "[0-9a-f:./]{0,30}", bits in any::<u128>()) {
            if let Ok(range) = parse_ip_range(&text) {
                let mut set = IpSet::default();
                set.push(range, ());
                prop_assert!(set.first_match(range.addr()).is_some());
                prop_assert_eq!(set.first_match(IpAddr::V6(Ipv6Addr::from_bits(bits))).is_some(), range.contains(&Ipv6Addr::from_bits(bits).to_canonical()));
            }
        }
    }
}
