//! Addresses that a judge has seen, every one of them.

use std::net::IpAddr;

use aegis_policy::Verdict;

use super::error::NetError;

/// What the host of a URL resolved to. Nothing connects to these until they are vetted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAddrs {
    pub(super) host: String,
    pub(super) ips: Vec<IpAddr>,
    /// `localhost`: no server of names chose these, so the open ones may be used without the closed.
    pub(super) fixed_by_standard: bool,
}

impl HostAddrs {
    /// The host, as [`aegis_policy::RequestUrl::host`] has it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
    /// Its addresses.
    #[must_use]
    pub fn ips(&self) -> &[IpAddr] {
        &self.ips
    }
}

/// Addresses of one host that may be connected to. Only [`VettedAddrs::vet`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VettedAddrs {
    host: String,
    ips: Vec<IpAddr>,
}

impl VettedAddrs {
    /// Asks the judge about every address. A host of which one address is not allowed is refused whole, because whoever answers for
    /// its name could choose which one is used. Only of `localhost` the allowed addresses are kept and the others dropped.
    ///
    /// # Errors
    /// [`NetError::AddressClosed`] with the first address that was not allowed, [`NetError::NoAddress`] when there is none.
    pub fn vet(addrs: HostAddrs, judge: &mut dyn FnMut(IpAddr) -> Verdict) -> Result<VettedAddrs, NetError> {
        let mut open = Vec::with_capacity(addrs.ips.len());
        let mut closed = None;
        for ip in addrs.ips {
            if judge(ip) == Verdict::Allow {
                open.push(ip);
            } else if addrs.fixed_by_standard {
                closed.get_or_insert(ip);
            } else {
                return Err(NetError::AddressClosed { host: addrs.host, ip });
            }
        }
        match (open.is_empty(), closed) {
            (false, _) => Ok(VettedAddrs { host: addrs.host, ips: open }),
            (true, Some(ip)) => Err(NetError::AddressClosed { host: addrs.host, ip }),
            (true, None) => Err(NetError::NoAddress { host: addrs.host }),
        }
    }

    /// The host these are for.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
    /// At least one.
    #[must_use]
    pub fn ips(&self) -> &[IpAddr] {
        &self.ips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addrs(fixed_by_standard: bool) -> HostAddrs {
        HostAddrs { host: "h".into(), ips: vec![[9, 9, 9, 9].into(), [127, 0, 0, 1].into()], fixed_by_standard }
    }

    #[test]
    fn one_closed_address_closes_the_name() {
        let mut judge = |ip: IpAddr| if ip.is_loopback() { Verdict::Deny } else { Verdict::Allow };
        let closed = VettedAddrs::vet(addrs(false), &mut judge).unwrap_err();
        assert!(matches!(closed, NetError::AddressClosed { ip, .. } if ip.is_loopback()));
        assert_eq!(VettedAddrs::vet(addrs(true), &mut judge).unwrap().ips(), [IpAddr::from([9, 9, 9, 9])]);
    }

    #[test]
    fn asking_is_not_allowing() {
        assert!(VettedAddrs::vet(addrs(false), &mut |_| Verdict::Ask).is_err());
        assert!(VettedAddrs::vet(addrs(true), &mut |_| Verdict::Ask).is_err());
    }

    #[test]
    fn no_address_is_an_error() {
        let none = HostAddrs { host: "h".into(), ips: vec![], fixed_by_standard: false };
        assert!(matches!(VettedAddrs::vet(none, &mut |_| Verdict::Allow), Err(NetError::NoAddress { .. })));
    }
}
