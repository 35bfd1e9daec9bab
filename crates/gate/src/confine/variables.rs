//! What programs have to be told of the place where they are held.

use std::ffi::OsString;
use std::net::SocketAddr;

use aegis_sandbox::confine::Plan;

use crate::perform::child_env::Variable;

/// Sets in a sorted environment where temporary files go and where the proxy is. Each program looks for the proxy in another variable.
pub fn tell_place(env: &mut Vec<Variable>, plan: &Plan, proxy: Option<SocketAddr>) {
    let mut set = |name: &str, value: OsString| {
        env.retain(|(known, _)| known != name);
        env.push((name.into(), value));
    };
    // the operator's own is not there; and below a project in /tmp there is no room for sockets and pipes
    if let Some(scratch) = plan.free_scratch().first() {
        set("TMPDIR", scratch.as_os_str().to_owned());
    }
    if let Some(address) = proxy {
        let url = format!("http://{address}");
        // not socks5h: some clients fail at start where they cannot speak it
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            set(name, url.clone().into());
        }
        for name in ["NO_PROXY", "no_proxy"] {
            set(name, "localhost,127.0.0.1,::1".into());
        }
        set("NODE_USE_ENV_PROXY", "1".into());
    }
    env.sort_unstable();
}
