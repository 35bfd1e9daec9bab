//! Names to addresses, without the system's NSS: `localhost`, `/etc/hosts`, then the servers of `/etc/resolv.conf`.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Instant;

use aegis_policy::RequestUrl;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError as DnsError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::parse_resolv_conf;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout_at;

use super::error::NetError;
use super::hosts_file;
use super::vetted::HostAddrs;

/// Looks up the hosts of URLs. Nothing is read before the first name that is not an address or `localhost`.
#[derive(Debug)]
pub struct Resolver {
    source: Source,
}

#[derive(Debug)]
enum Source {
    System { hosts: PathBuf, resolv_conf: PathBuf, dns: Option<Dns> },
    Fixed(BTreeMap<String, Vec<IpAddr>>),
}

/// A DNS client with the event queue it lives on.
struct Dns {
    runtime: Runtime,
    resolver: TokioResolver,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dns")
    }
}

impl Resolver {
    /// The names of this machine.
    #[must_use]
    pub fn system() -> Resolver {
        Resolver { source: Source::System { hosts: "/etc/hosts".into(), resolv_conf: "/etc/resolv.conf".into(), dns: None } }
    }

    /// These names and no others, for programs that embed the gate and for tests. `localhost` is still loopback.
    #[must_use]
    pub fn fixed(names: BTreeMap<String, Vec<IpAddr>>) -> Resolver {
        Resolver { source: Source::Fixed(names) }
    }

    /// The addresses of the URL's host. A host that is an address is its own, and nothing is looked up.
    ///
    /// # Errors
    /// [`NetError::NoAddress`], [`NetError::Lookup`], [`NetError::NoNameServer`] or [`NetError::Deadline`].
    pub fn addresses(&mut self, url: &RequestUrl, deadline: Instant) -> Result<HostAddrs, NetError> {
        let host = url.host.clone();
        if let Some(ip) = url.ip {
            return Ok(HostAddrs { host, ips: vec![ip], fixed_by_standard: false });
        }
        // RFC 6761, section 6.3: never asked of anyone.
        if host == "localhost" || host.ends_with(".localhost") {
            let ips = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(HostAddrs { host, ips, fixed_by_standard: true });
        }
        let ips = self.lookup(&host, deadline)?;
        if ips.is_empty() { Err(NetError::NoAddress { host }) } else { Ok(HostAddrs { host, ips, fixed_by_standard: false }) }
    }

    fn lookup(&mut self, host: &str, deadline: Instant) -> Result<Vec<IpAddr>, NetError> {
        match &mut self.source {
            Source::Fixed(names) => Ok(names.get(host).cloned().unwrap_or_default()),
            Source::System { hosts, resolv_conf, dns } => {
                let listed = hosts_file::lookup(&fs::read_to_string(hosts).unwrap_or_default(), host);
                if !listed.is_empty() {
                    return Ok(listed);
                }
                let dns = match dns {
                    Some(dns) => dns,
                    None => {
                        let text = fs::read(resolv_conf).map_err(|_| NetError::NoNameServer)?;
                        let (config, options) = parse_resolv_conf(text).map_err(|_| NetError::NoNameServer)?;
                        dns.insert(Dns::new(config, options)?)
                    }
                };
                dns.lookup(host, deadline)
            }
        }
    }
}

impl Dns {
    fn new(config: ResolverConfig, mut options: ResolverOpts) -> Result<Dns, NetError> {
        options.use_hosts_file = ResolveHosts::Never;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.cache_size = 64;
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(|_| NetError::Setup)?;
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        let resolver = builder.build().map_err(|_| NetError::Setup)?;
        Ok(Dns { runtime, resolver })
    }

    fn lookup(&self, host: &str, deadline: Instant) -> Result<Vec<IpAddr>, NetError> {
        // A name with a dot is what it says; the search list could make another of it than the one that was judged.
        let name = if host.contains('.') { format!("{host}.") } else { host.to_owned() };
        let answer = self.runtime.block_on(async { timeout_at(deadline.into(), self.resolver.lookup_ip(name)).await });
        match answer {
            Err(_) => Err(NetError::Deadline),
            Ok(Ok(found)) => {
                let mut ips: Vec<IpAddr> = found.iter().collect();
                ips.sort_unstable();
                ips.dedup();
                Ok(ips)
            }
            Ok(Err(error)) if is_no_such_name(&error) => Ok(Vec::new()),
            Ok(Err(_)) => Err(NetError::Lookup { host: host.to_owned() }),
        }
    }
}

fn is_no_such_name(error: &DnsError) -> bool {
    error.is_nx_domain() || error.is_no_records_found()
}
