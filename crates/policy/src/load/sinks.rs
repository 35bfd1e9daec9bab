//! What the lists open at all, by name: whether the patterns of a flow can be met, before there are matchers.
//!
//! Where a name does not tell, it counts as opened; the matchers say the rest. Every question is a look into a set, so that
//! a large policy costs no more than its size.

use hashbrown::HashSet;

use crate::merged::{Entry, Lists};

/// Longer host names do not exist (RFC 1035).
const LONGEST_NAME: usize = 255;

/// Names of sources and sinks, from all lists.
pub(super) struct Opened<'l> {
    files: HashSet<&'l str>,
    hosts: HashSet<&'l str>,
    commands: HashSet<&'l str>,
    host_names: Hosts,
    programs: HashSet<&'l str>,
    writes_files: bool,
}

impl<'l> Opened<'l> {
    pub(super) fn by(lists: &'l Lists) -> Opened<'l> {
        let any_host = [
            &lists.local_only_hosts,
            &lists.http_get_allow,
            &lists.http_post_allow,
            &lists.http_put_allow,
            &lists.http_patch_allow,
            &lists.http_delete_allow,
        ];
        Opened {
            files: patterns([&lists.local_only_read, &lists.local_only_write]).collect(),
            hosts: patterns([&lists.local_only_hosts]).collect(),
            commands: patterns([&lists.local_only_commands]).collect(),
            host_names: Hosts::of(patterns(any_host)),
            programs: patterns([&lists.local_only_commands, &lists.allow_commands, &lists.ask_commands]).map(program).collect(),
            writes_files: !lists.local_only_write.is_empty(),
        }
    }

    /// A source is a variable, an argument of the run, or the very pattern of a local-only rule: that is the unit labels are made of.
    pub(super) fn is_source(&self, from: &str) -> bool {
        match from.split_once(':') {
            Some(("env" | "arg", _)) => true,
            Some(("file", pattern)) => self.files.contains(pattern),
            Some(("host", pattern)) => self.hosts.contains(pattern),
            Some(("command", pattern)) => self.commands.contains(pattern),
            _ => false,
        }
    }

    /// A sink must be something that a list opens.
    pub(super) fn is_sink(&self, to: &str) -> bool {
        match to.split_once(':') {
            Some(("host", pattern)) => self.host_names.meet(&host_name(pattern)),
            Some(("command", pattern)) => self.programs.contains(program(pattern)),
            _ => self.writes_files,
        }
    }
}

fn patterns<const N: usize>(lists: [&Vec<Entry>; N]) -> impl Iterator<Item = &str> {
    lists.into_iter().flatten().map(|entry| entry.rule.pattern())
}

/// Host names of patterns, wildcards among them.
#[derive(Default)]
struct Hosts {
    names: HashSet<String>,
    /// `.example.com` of `*.example.com`.
    below: HashSet<String>,
    /// Every end of a name that begins with a dot.
    tails: HashSet<String>,
    /// A wildcard of another form: it could be anything.
    anything: bool,
}

impl Hosts {
    fn of<'l>(patterns: impl Iterator<Item = &'l str>) -> Hosts {
        let mut hosts = Hosts::default();
        for name in patterns.map(host_name).filter(|name| name.len() <= LONGEST_NAME) {
            hosts.tails.extend(tails(&name).map(str::to_owned));
            match name.strip_prefix('*') {
                Some(rest) if rest.starts_with('.') && !rest.contains('*') => {
                    hosts.below.insert(rest.to_owned());
                }
                _ => hosts.anything |= name.contains(['*', '?', '{', '[']),
            }
            hosts.names.insert(name);
        }
        hosts
    }

    /// Whether one of the patterns and this one have a name in common, as far as names tell.
    fn meet(&self, wanted: &str) -> bool {
        if self.anything || self.names.contains(wanted) {
            return true;
        }
        if wanted.len() > LONGEST_NAME {
            return false;
        }
        tails(wanted).any(|tail| self.below.contains(tail)) || wanted.strip_prefix('*').is_some_and(|tail| self.tails.contains(tail))
    }
}

fn tails(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').filter_map(|(at, _)| name.get(at..))
}

/// The name in a host pattern, without scheme, port and path.
fn host_name(pattern: &str) -> String {
    let rest = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let name = match (authority.strip_prefix('['), authority.rsplit_once(':')) {
        (Some(address), _) => address.split(']').next().unwrap_or_default(),
        (None, Some((name, port))) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit() || b == b'*') => name,
        _ => authority,
    };
    name.trim_end_matches('.').to_lowercase()
}

/// The last component of the first word: a bare name and its path are one program here.
fn program(pattern: &str) -> &str {
    let word = pattern.split_whitespace().next().unwrap_or_default();
    word.rsplit('/').next().unwrap_or(word)
}
