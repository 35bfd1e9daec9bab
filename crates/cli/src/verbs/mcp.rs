//! `aegis mcp`.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use aegis_mcp::{Approvals, Parts, serve_http, serve_stdio};
use aegis_sandbox::confine::Preparing;
use aegis_script::CopiedWorkers;

use crate::chosen::{self, Chosen};
use crate::cli::{self, Mcp, McpVerb};
use crate::home::Start;
use crate::{exit, journal};

pub(crate) fn mcp(args: &Mcp, start: &Start) -> ExitCode {
    if let Some(McpVerb::Install(args)) = &args.verb {
        return super::mcp_install::install(args, start);
    }
    match serve(args, start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::failure(&error),
    }
}

fn serve(args: &Mcp, start: &Start) -> Result<(), String> {
    let mut around = start.surroundings();
    around.sealed.extend(args.journal.audit.iter().chain(&args.token_file).map(|path| start.cwd.join(path)));
    let Chosen { policy, banner } = chosen::choose(args.policy.policy.as_deref(), start, &around)?;
    for line in banner {
        complain!("aegis: {}", aegis_gate::escaped(&line));
    }
    let policy = Arc::new(policy);
    let open = journal::chosen(&args.journal, &policy, start)?.map(|path| {
        let policy = policy.clone();
        Box::new(move || journal::open(&path, &policy)) as aegis_mcp::OpenJournal
    });
    // what a command leaves behind becomes our child, and is found when the command is cleaned up
    aegis_sandbox::broker::become_subreaper().map_err(|e| e.to_string())?;
    let workers = CopiedWorkers::default();
    let parts = Parts {
        journal: open,
        environment: start.environment.clone(),
        home: start.home.clone(),
        launcher: Some(Preparing::new),
        declassified: journal::state_of(policy.root(), start).ok().map(|state| state.join("declassified")),
        workers: Box::new(move || Box::new(workers.clone())),
        approvals: match args.approvals {
            cli::Approvals::Elicit => Approvals::Elicit,
            cli::Approvals::Deny => Approvals::Deny,
        },
        user: journal::user(start),
        policy,
    };
    match (args.http, &args.token_file) {
        (Some(address), Some(file)) => {
            let listener = listen(address)?;
            let token = token(&start.cwd.join(file))?;
            complain!("aegis: serving at http://{}/mcp", listener.local_addr().map_or(address, |bound| bound));
            serve_http(parts, listener, token).map_err(|e| e.to_string())
        }
        _ => serve_stdio(parts).map_err(|e| e.to_string()),
    }
}

/// Only this machine: what is served are the rights of whoever started it.
fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    if !address.ip().is_loopback() {
        return Err(format!("{address} is no address of this machine alone; use 127.0.0.1 or [::1]"));
    }
    TcpListener::bind(address).map_err(|e| format!("{address}: {e}"))
}

/// The token in the file, which nobody else can read; a new one where there is no file.
fn token(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let mut options = std::fs::File::options();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let token = aegis_mcp::new_token();
            file.write_all(token.as_bytes()).map_err(|e| format!("{shown}: {e}"))?;
            return Ok(token);
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(format!("{shown}: {}", exit::reason(&error))),
    }
    let meta = std::fs::metadata(path).map_err(|e| format!("{shown}: {}", exit::reason(&e)))?;
    if !meta.is_file() || meta.mode() & 0o077 != 0 {
        return Err(format!("{shown}: others can read it; chmod 600 {shown}"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| format!("{shown}: {}", exit::reason(&e)))?;
    let token = text.trim();
    if token.len() < 16 || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("{shown}: a token is 16 visible characters or more"));
    }
    Ok(token.to_owned())
}
