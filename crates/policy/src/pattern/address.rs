//! Which addresses are globally reachable: the IANA special-purpose registries, and every IPv6 form that embeds an IPv4 address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

/// What an address is for. Only [`AddressClass::Global`] is open without `allow_ips`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressClass {
    /// Reachable from anywhere.
    Global,
    /// 127.0.0.0/8, ::1.
    Loopback,
    /// RFC 1918.
    Private,
    /// 169.254.0.0/16, fe80::/10; where clouds keep their metadata services.
    LinkLocal,
    /// 100.64.0.0/10, between a provider and its customers.
    Shared,
    /// 0.0.0.0/8 and ::, which reach this machine.
    Unspecified,
    /// 224.0.0.0/4, ff00::/8.
    Multicast,
    /// 255.255.255.255.
    Broadcast,
    /// Kept for later, given back, or for protocols only.
    Reserved,
    /// For examples in texts.
    Documentation,
    /// 198.18.0.0/15, 2001:2::/48.
    Benchmarking,
    /// fc00::/7, and the site-local fec0::/10 before it.
    UniqueLocal,
    /// ::ffff:a.b.c.d of an IPv4 address that is not global.
    EmbeddedMapped,
    /// ::a.b.c.d and ::ffff:0:a.b.c.d.
    EmbeddedCompatible,
    /// 64:ff9b::a.b.c.d of an IPv4 address that is not global, and all of 64:ff9b:1::/48.
    EmbeddedNat64,
    /// 2002::/16.
    #[serde(rename = "embedded-6to4")]
    Embedded6to4,
    /// 2001::/32.
    EmbeddedTeredo,
    /// An interface identifier of the form 5efe:a.b.c.d.
    EmbeddedIsatap,
}

impl AddressClass {
    /// Whether such addresses are open unless a rule closes them.
    #[must_use]
    pub const fn is_global(self) -> bool {
        matches!(self, AddressClass::Global)
    }

    /// For messages and the journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            AddressClass::Global => "global",
            AddressClass::Loopback => "loopback",
            AddressClass::Private => "private",
            AddressClass::LinkLocal => "link-local",
            AddressClass::Shared => "shared",
            AddressClass::Unspecified => "unspecified",
            AddressClass::Multicast => "multicast",
            AddressClass::Broadcast => "broadcast",
            AddressClass::Reserved => "reserved",
            AddressClass::Documentation => "documentation",
            AddressClass::Benchmarking => "benchmarking",
            AddressClass::UniqueLocal => "unique-local",
            AddressClass::EmbeddedMapped => "embedded-mapped",
            AddressClass::EmbeddedCompatible => "embedded-compatible",
            AddressClass::EmbeddedNat64 => "embedded-nat64",
            AddressClass::Embedded6to4 => "embedded-6to4",
            AddressClass::EmbeddedTeredo => "embedded-teredo",
            AddressClass::EmbeddedIsatap => "embedded-isatap",
        }
    }
}

/// The class of an address.
///
/// Mapped and well-known NAT64 addresses are as global as the IPv4 address in them: the first is that address to the kernel, the
/// second is how networks without IPv4 reach it. All other embedding forms are closed, whatever they embed: nobody needs them.
#[must_use]
pub fn classify(ip: IpAddr) -> AddressClass {
    match ip {
        IpAddr::V4(ip) => classify_v4(ip),
        IpAddr::V6(ip) => classify_v6(ip),
    }
}

/// First match wins. IANA IPv4 special-purpose registry; the AS112 and AMT blocks, which are global, are left out.
const V4: &[([u8; 4], u8, AddressClass)] = &[
    ([255, 255, 255, 255], 32, AddressClass::Broadcast),
    ([0, 0, 0, 0], 8, AddressClass::Unspecified),
    ([10, 0, 0, 0], 8, AddressClass::Private),
    ([100, 64, 0, 0], 10, AddressClass::Shared),
    ([127, 0, 0, 0], 8, AddressClass::Loopback),
    ([169, 254, 0, 0], 16, AddressClass::LinkLocal),
    ([172, 16, 0, 0], 12, AddressClass::Private),
    ([192, 0, 0, 0], 24, AddressClass::Reserved),
    ([192, 0, 2, 0], 24, AddressClass::Documentation),
    ([192, 88, 99, 0], 24, AddressClass::Reserved),
    ([192, 168, 0, 0], 16, AddressClass::Private),
    ([198, 18, 0, 0], 15, AddressClass::Benchmarking),
    ([198, 51, 100, 0], 24, AddressClass::Documentation),
    ([203, 0, 113, 0], 24, AddressClass::Documentation),
    ([224, 0, 0, 0], 4, AddressClass::Multicast),
    ([240, 0, 0, 0], 4, AddressClass::Reserved),
];

fn classify_v4(ip: Ipv4Addr) -> AddressClass {
    let bits = ip.to_bits();
    let within = |net: [u8; 4], len: u8| (bits ^ u32::from_be_bytes(net)) >> (32 - u32::from(len)) == 0;
    V4.iter().find(|(net, len, _)| within(*net, *len)).map_or(AddressClass::Global, |(_, _, class)| *class)
}

/// First match wins; what no line matches is global only inside 2000::/3. IANA IPv6 special-purpose registry, without the lines that are
/// global (AMT, AS112, ORCHIDv2, drone identifiers); the anycast addresses in 2001:1::/32 are closed with their block.
const V6: &[([u16; 8], u8, AddressClass)] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, AddressClass::Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, AddressClass::Loopback),
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, AddressClass::EmbeddedCompatible),
    ([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, AddressClass::EmbeddedCompatible),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, AddressClass::EmbeddedNat64),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, AddressClass::EmbeddedTeredo),
    ([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, AddressClass::Benchmarking),
    ([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, AddressClass::Global),
    ([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, AddressClass::Global),
    ([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, AddressClass::Global),
    ([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, AddressClass::Global),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, AddressClass::Reserved),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, AddressClass::Documentation),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, AddressClass::Embedded6to4),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, AddressClass::Documentation),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, AddressClass::UniqueLocal),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, AddressClass::LinkLocal),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, AddressClass::UniqueLocal),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, AddressClass::Multicast),
    ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, AddressClass::Global),
    ([0, 0, 0, 0, 0, 0, 0, 0], 0, AddressClass::Reserved),
];

fn classify_v6(ip: Ipv6Addr) -> AddressClass {
    let embedding = match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, _, _] => Some(AddressClass::EmbeddedMapped),
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(AddressClass::EmbeddedNat64),
        _ => None,
    };
    if let (Some(class), Some(inner)) = (embedding, embedded_v4(ip)) {
        return if classify_v4(inner).is_global() { AddressClass::Global } else { class };
    }
    let class = V6.iter().find(|(net, len, _)| within_v6(ip, *net, *len)).map_or(AddressClass::Reserved, |(_, _, class)| *class);
    match ip.segments() {
        [_, _, _, _, 0 | 0x200, 0x5efe, _, _] if class.is_global() => AddressClass::EmbeddedIsatap,
        _ => class,
    }
}

fn within_v6(ip: Ipv6Addr, net: [u16; 8], len: u8) -> bool {
    (ip.to_bits() ^ Ipv6Addr::from(net).to_bits()).checked_shr(128 - u32::from(len)).unwrap_or(0) == 0
}

/// The IPv4 address inside an IPv6 one, in any of the forms that have one: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
pub(super) fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        // RFC 6052 with a prefix of 48 bits; bits 64 to 71 are zero.
        [0x64, 0xff9b, 1, high, low, last, _, _] => Some(join(high, (low & 0xff) << 8 | last >> 8)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        // RFC 4380: the client's address, inverted.
        [0x2001, 0, _, _, _, _, high, low] => Some(join(!high, !low)),
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn class(text: &str) -> &'static str {
        classify(text.parse().unwrap()).name()
    }

    #[test]
    fn edges_of_every_block() {
        for (class_name, addresses) in [
            ("global", "1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255"),
            ("global", "169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.31.196.1 192.52.193.1 192.88.98.0 192.88.100.0"),
            ("global", "192.167.255.255 192.169.0.0 192.175.48.1 198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255"),
            ("unspecified", "0.0.0.0 0.0.0.1 0.255.255.255 ::"),
            ("private", "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255"),
            ("shared", "100.64.0.0 100.100.100.200 100.127.255.255"),
            ("loopback", "127.0.0.0 127.0.0.1 127.255.255.255 ::1"),
            ("link-local", "169.254.0.0 169.254.169.254 169.254.255.255 fe80::1 febf:ffff::"),
            ("reserved", "192.0.0.0 192.0.0.9 192.0.0.170 192.0.0.255 192.88.99.1 240.0.0.0 255.255.255.254"),
            ("documentation", "192.0.2.1 198.51.100.1 203.0.113.255 2001:db8::1 3fff::1 3fff:fff:ffff::"),
            ("benchmarking", "198.18.0.0 198.19.255.255 2001:2::1"),
            ("multicast", "224.0.0.0 239.255.255.255 ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("broadcast", "255.255.255.255"),
            ("unique-local", "fc00::1 fd00:ec2::254 fdff:ffff:: fec0::1 feff::1"),
            ("global", "2000:: 2001:200::1 2001:4860:4860::8888 2003::1 2620:4f:8000::1 2606:4700::1111 3ffe:ffff:: 3fff:1000::"),
            ("global", "2001:3::1 2001:4:112::1 2001:20::1 2001:2f:ffff:: 2001:30::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8"),
            (
                "reserved",
                "100::1 100:0:0:1::1 5f00::1 4000::1 1fff:: 1:: 64:ff9a:: 64:ff9b:2::1 2001:1::1 2001:10::1 2001:1ff:ffff:: fe00::1",
            ),
            ("embedded-mapped", "::ffff:127.0.0.1 ::ffff:0.0.0.0 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:255.255.255.255"),
            ("embedded-compatible", "::127.0.0.1 ::8.8.8.8 ::2 ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8"),
            ("embedded-nat64", "64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 64:ff9b:1:7f00:0:100::"),
            ("embedded-6to4", "2002:7f00:1:: 2002:808:808::1 2002::"),
            ("embedded-teredo", "2001::1 2001:0:4136:e378:8000:63bf:80ff:fffe"),
            ("embedded-isatap", "2606:4700::5efe:7f00:1 2606:4700::200:5efe:808:808"),
            ("link-local", "fe80::5efe:7f00:1"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(class(address), class_name, "{address}");
            }
        }
    }

    #[test]
    fn what_is_embedded() {
        for (form, inner) in [
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("::1.2.3.4", "1.2.3.4"),
            ("::ffff:0:1.2.3.4", "1.2.3.4"),
            ("64:ff9b::1.2.3.4", "1.2.3.4"),
            ("64:ff9b:1:102:3:400::", "1.2.3.4"),
            ("2002:102:304::1", "1.2.3.4"),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"),
            ("2606::5efe:1.2.3.4", "1.2.3.4"),
        ] {
            assert_eq!(embedded_v4(form.parse().unwrap()), Some(inner.parse().unwrap()), "{form}");
        }
        assert_eq!(embedded_v4("2606:4700::1111".parse().unwrap()), None);
        assert_eq!(embedded_v4(Ipv6Addr::LOCALHOST), None);
    }

    proptest! {
        #[test]
        fn no_form_opens_what_is_closed(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let low = u128::from(bits);
            let forms = [
                low,
                0xffff_u128 << 32 | low,
                0xffff_u128 << 48 | low,
                0x0064_ff9b_u128 << 96 | low,
                0x2002_u128 << 112 | low << 80,
                0x2001_u128 << 112 | !low & 0xffff_ffff,
                0x2606_4700_u128 << 96 | 0x5efe_u128 << 32 | low,
            ];
            for form in forms {
                let form = Ipv6Addr::from_bits(form);
                prop_assert!(!classify(form.into()).is_global() || classify(v4.into()).is_global(), "{}", form);
                if form.to_bits() > 1 {
                    prop_assert_eq!(embedded_v4(form), Some(v4));
                }
            }
        }

        #[test]
        fn never_more_open_than_the_standard_library(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast()
                || v4.is_documentation() || v4.is_unspecified() {
                prop_assert!(!classify(v4.into()).is_global());
            }
        }
    }
}
