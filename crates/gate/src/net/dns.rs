//! Names to addresses, without the system's NSS: `localhost`, `/etc/hosts`, then the servers of `/etc/resolv.conf`.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aegis_policy::RequestUrl;
use aegis_sandbox::Cancel;
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
    System { hosts: PathBuf, resolv_conf: PathBuf, dns: Option<Box<Dns>> },
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

    /// A resolver like this one, for another thread: what it needs it reads and opens anew.
    #[must_use]
    pub fn another(&self) -> Resolver {
        let source = match &self.source {
            Source::System { hosts, resolv_conf, .. } => {
                Source::System { hosts: hosts.clone(), resolv_conf: resolv_conf.clone(), dns: None }
            }
            Source::Fixed(names) => Source::Fixed(names.clone()),
        };
        Resolver { source }
    }

    /// The addresses of the URL's host. A host that is an address is its own, and nothing is looked up.
    ///
    /// # Errors
    /// [`NetError::NoAddress`], [`NetError::Lookup`], [`NetError::NoNameServer`] or [`NetError::Deadline`].
    pub fn addresses(&mut self, url: &RequestUrl, deadline: Instant) -> Result<HostAddrs, NetError> {
        self.addresses_unless(url, deadline, None)
    }

    /// The same, given up once it is cancelled.
    pub(crate) fn addresses_unless(&mut self, url: &RequestUrl, deadline: Instant, stop: Option<&Cancel>) -> Result<HostAddrs, NetError> {
        let host = url.host.clone();
        if let Some(ip) = url.ip {
            return Ok(HostAddrs { host, ips: vec![ip], fixed_by_standard: false });
        }
        // RFC 6761, section 6.3: never asked of anyone.
        if host == "localhost" || host.ends_with(".localhost") {
            let ips = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(HostAddrs { host, ips, fixed_by_standard: true });
        }
        let ips = self.lookup(&host, deadline, stop)?;
        if ips.is_empty() { Err(NetError::NoAddress { host }) } else { Ok(HostAddrs { host, ips, fixed_by_standard: false }) }
    }

    fn lookup(&mut self, host: &str, deadline: Instant, stop: Option<&Cancel>) -> Result<Vec<IpAddr>, NetError> {
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
                        dns.insert(Box::new(Dns::new(config, options)?))
                    }
                };
                dns.lookup_unless(host, deadline, stop)
            }
        }
    }
}

/// How soon a lookup notices that it is cancelled.
const LOOK: Duration = Duration::from_millis(50);

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

    fn lookup_unless(&self, host: &str, deadline: Instant, stop: Option<&Cancel>) -> Result<Vec<IpAddr>, NetError> {
        // A name with a dot is what it says; the search list could make another of it than the one that was judged.
        let name = if host.contains('.') { format!("{host}.") } else { host.to_owned() };
        let answer = self.runtime.block_on(async {
            let mut found = std::pin::pin!(self.resolver.lookup_ip(name));
            loop {
                let next = stop.map_or(deadline, |_| deadline.min(Instant::now() + LOOK));
                if let Ok(found) = timeout_at(next.into(), &mut found).await {
                    return Ok(found);
                }
                if stop.is_some_and(Cancel::is_cancelled) {
                    return Err(NetError::Cancelled);
                }
                if Instant::now() >= deadline {
                    return Err(NetError::Deadline);
                }
            }
        });
        match answer {
            Err(error) => Err(error),
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

#[cfg(test)]
mod tests {
    use hickory_resolver::config::{ConnectionConfig, NameServerConfig};
    use std::collections::HashMap;
    use std::net::UdpSocket;
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::*;

    type Asked = Arc<Mutex<Vec<String>>>;

    /// A name server that knows IPv4 addresses, does not exist for others, and stays silent about `silent.example`.
    fn name_server(known: &[(&str, &[[u8; 4]])]) -> (Dns, Asked) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let known: HashMap<String, Vec<[u8; 4]>> = known.iter().map(|(n, a)| ((*n).to_owned(), a.to_vec())).collect();
        let asked = Asked::default();
        let log = asked.clone();
        thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                let (name, end) = question(&packet[..length]);
                let wants_v4 = packet[end - 3] == 1;
                log.lock().unwrap().push(name.clone());
                if name == "silent.example" {
                    continue;
                }
                let found = known.get(&name);
                let ips = found.filter(|_| wants_v4).cloned().unwrap_or_default();
                let mut answer = packet[..2].to_vec();
                answer.extend([0x81, if found.is_some() { 0x80 } else { 0x83 }, 0, 1, 0, u8::try_from(ips.len()).unwrap(), 0, 0, 0, 0]);
                answer.extend(&packet[12..end]);
                for ip in ips {
                    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                    answer.extend(ip);
                }
                socket.send_to(&answer, from).unwrap();
            }
        });
        let mut connection = ConnectionConfig::udp();
        connection.port = port;
        let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![connection]);
        let search = vec!["corp.example.".parse().unwrap()];
        let mut options = ResolverOpts::default();
        options.timeout = Duration::from_millis(300);
        options.attempts = 1;
        (Dns::new(ResolverConfig::from_parts(None, search, vec![server]), options).unwrap(), asked)
    }

    fn question(packet: &[u8]) -> (String, usize) {
        let (mut at, mut labels) = (12, Vec::new());
        while packet[at] != 0 {
            let length = usize::from(packet[at]);
            labels.push(String::from_utf8(packet[at + 1..=at + length].to_vec()).unwrap());
            at += length + 1;
        }
        (labels.join("."), at + 5)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn every_address_of_a_name_comes_back() {
        let (dns, _) = name_server(&[("two.example", &[[9, 9, 9, 9], [127, 0, 0, 1]])]);
        let expected: Vec<IpAddr> = vec![[9, 9, 9, 9].into(), [127, 0, 0, 1].into()];
        assert_eq!(dns.lookup_unless("two.example", soon(), None).unwrap(), expected);
    }

    #[test]
    fn an_unknown_name_has_no_address_and_a_dotted_one_is_not_searched_for() {
        let (dns, asked) = name_server(&[("a.b.corp.example", &[[9, 9, 9, 9]]), ("short.corp.example", &[[9, 9, 9, 8]])]);
        assert_eq!(dns.lookup_unless("a.b", soon(), None).unwrap(), Vec::<IpAddr>::new());
        assert!(asked.lock().unwrap().iter().all(|name| name == "a.b"));
        assert_eq!(dns.lookup_unless("short", soon(), None).unwrap(), [IpAddr::from([9, 9, 9, 8])]);
    }

    #[test]
    fn silence_is_an_error_within_the_deadline() {
        let (dns, _) = name_server(&[]);
        assert_eq!(dns.lookup_unless("silent.example", soon(), None), Err(NetError::Lookup { host: "silent.example".into() }));
        assert_eq!(dns.lookup_unless("silent.example", Instant::now() + Duration::from_millis(50), None), Err(NetError::Deadline));
    }

    #[test]
    fn silence_is_not_waited_for_once_it_is_cancelled() {
        let (dns, _) = name_server(&[]);
        let cancel = Cancel::new().unwrap();
        cancel.cancel();
        let begun = Instant::now();
        assert_eq!(dns.lookup_unless("silent.example", soon(), Some(&cancel)), Err(NetError::Cancelled));
        assert!(begun.elapsed() < Duration::from_millis(280));
    }

    fn files(hosts: &str, resolv_conf: &str) -> (tempfile::TempDir, Resolver) {
        let directory = tempfile::tempdir().unwrap();
        let path = |name| directory.path().join(name);
        fs::write(path("hosts"), hosts).unwrap();
        fs::write(path("resolv.conf"), resolv_conf).unwrap();
        let source = Source::System { hosts: path("hosts"), resolv_conf: path("resolv.conf"), dns: None };
        (directory, Resolver { source })
    }

    #[test]
    fn the_hosts_file_comes_before_dns_and_localhost_before_both() {
        let (_directory, mut resolver) = files("9.9.9.9 localhost db.example\n", "");
        let mut addresses = |text: &str| resolver.addresses(&RequestUrl::parse(text).unwrap(), soon());
        assert_eq!(addresses("http://DB.example./").unwrap().ips(), [IpAddr::from([9, 9, 9, 9])]);
        assert!(addresses("http://localhost/").unwrap().ips().iter().all(IpAddr::is_loopback));
        assert_eq!(addresses("http://1.2.3.4/").unwrap().ips(), [IpAddr::from([1, 2, 3, 4])]);
        assert_eq!(addresses("http://other.example/"), Err(NetError::NoNameServer));
    }
}
