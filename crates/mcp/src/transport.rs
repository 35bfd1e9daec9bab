//! From start to end: threads, journal, transport.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_audit::{Journal, SessionEnd, SessionStart, Text};
use aegis_gate::PolicyRecord;
use rmcp::ServiceExt;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::runtime::Builder;

use crate::calls::Calls;
use crate::flood::Bounded;
use crate::parts::Parts;
use crate::server::{Server, Shared};

/// Why a server could not start, or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The journal cannot be written; nothing is served without it.
    #[error("{0}")]
    Journal(#[from] aegis_audit::JournalError),
    /// The system refused.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The client did not begin as the protocol wants.
    #[error("the client did not begin a session: {0}")]
    Protocol(String),
}

/// The largest message, in bytes. Longer ones are dropped unread.
const LARGEST: usize = 16 << 20;

/// How long calls may go on when the client has closed its side: what was piped in gets its answers, and clients, who kill a server that is
/// there after two seconds, need not.
const LEAVING: Duration = Duration::from_secs(1);

/// How long calls that were cancelled may take to end.
const ENDING: Duration = Duration::from_secs(5);

/// Serves one client on standard input and output, until it closes them or the process is told to stop.
///
/// # Errors
/// [`ServeError`].
pub fn serve_stdio(parts: Parts) -> Result<(), ServeError> {
    serve(parts, "stdio", |shared| async move {
        let (read, write) = rmcp::transport::stdio_pipes();
        let transport = Bounded::new(AsyncRwTransport::new_server(read, write).with_max_line_length(LARGEST));
        let closed = transport.closed();
        let mut stop = Box::pin(stop_signal());
        let mut starting = std::pin::pin!(Server(shared.clone()).serve(transport));
        // a client may look at what is here and end us before it begins a session: that is an end like any other
        let started = std::future::poll_fn(|task| {
            use std::task::Poll;
            if stop.as_mut().poll(task).is_ready() { Poll::Ready(None) } else { starting.as_mut().poll(task).map(Some) }
        });
        let service = match started.await {
            None => return Ok("signal"),
            Some(Ok(service)) => service,
            // it went away before it began
            Some(Err(rmcp::service::ServerInitializeError::ConnectionClosed(_))) => return Ok("closed"),
            Some(Err(error)) => return Err(ServeError::Protocol(error.to_string())),
        };
        let cancel = service.cancellation_token();
        let stopping = shared.clone();
        let stopped = tokio::spawn(async move {
            stop.await;
            stopping.cancel();
            cancel.cancel();
        });
        let left = tokio::spawn(async move {
            closed.notified().await;
            tokio::time::sleep(LEAVING).await;
            shared.cancel();
        });
        let ended = service.waiting().await;
        let by_signal = stopped.is_finished();
        stopped.abort();
        left.abort();
        ended.map_err(|e| ServeError::Protocol(e.to_string()))?;
        Ok(if by_signal { "signal" } else { "closed" })
    })
}

/// Serves any number of clients over streamable HTTP at an address of this machine. They must have the token.
///
/// # Errors
/// [`ServeError`].
pub fn serve_http(parts: Parts, listener: std::net::TcpListener, token: String) -> Result<(), ServeError> {
    serve(parts, "http", |shared| crate::http::serve(shared, listener, token))
}

/// Resolves when the process is told to stop.
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    std::future::poll_fn(|task| {
        use std::task::Poll;
        if terminate.poll_recv(task).is_ready() || interrupt.poll_recv(task).is_ready() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn serve<F>(mut parts: Parts, transport: &'static str, serving: impl FnOnce(Arc<Shared>) -> F) -> Result<(), ServeError>
where
    F: Future<Output = Result<&'static str, ServeError>>,
{
    let began = Instant::now();
    let journal = parts.journal.as_ref().map(|open| open()).transpose()?;
    let policy = PolicyRecord::of(&parts.policy);
    begin(journal.as_ref(), &parts, &policy, transport)?;
    let session = journal.as_ref().map(|journal| journal.run().as_str().to_owned()).unwrap_or_default();
    let workers = std::mem::replace(&mut parts.workers, Box::new(|| Box::new(aegis_script::SandboxedWorkers)));
    let threads = usize::try_from(parts.policy.settings().mcp.max_concurrent).unwrap_or(1);
    let calls = Calls::start(threads, workers)?;
    calls.warm();
    let shared = Arc::new(Shared::new(parts, calls, session, policy.sha256));
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(serving(shared.clone()));
    // whatever still runs is ended, and what it started with it
    let until = Instant::now() + ENDING;
    while !shared.end() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    runtime.shutdown_background();
    if let Some(journal) = &journal {
        let why = *served.as_ref().unwrap_or(&"error");
        journal.append(&SessionEnd { why, calls: shared.begun(), took: began.elapsed() })?;
    }
    served.map(|_| ())
}

fn begin(journal: Option<&Journal>, parts: &Parts, policy: &PolicyRecord, transport: &str) -> Result<(), ServeError> {
    let Some(journal) = journal else { return Ok(()) };
    let host = rustix::system::uname();
    journal.append(&SessionStart {
        transport,
        policy_sha256: policy.sha256,
        policy_files: &policy.files(),
        weakened: &policy.weakened(),
        approvals: parts.approvals.name(),
        version: env!("CARGO_PKG_VERSION"),
        user: Text::from(parts.user.as_str()),
        host: Text::from(host.nodename().to_bytes()),
        pid: std::process::id(),
    })?;
    Ok(())
}
