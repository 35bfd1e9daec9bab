//! The streamable HTTP transport: only for this machine, only with the token, and not for web pages.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use crate::server::{Server, Shared};
use crate::transport::{ServeError, stop_signal};

type Body = BoxBody<Bytes, Infallible>;
type Service = StreamableHttpService<Server, LocalSessionManager>;

/// Connections that are served at once.
const CONNECTIONS: usize = 64;

/// How long a connection may say nothing: clients keep one open between calls.
const IDLE: std::time::Duration = std::time::Duration::from_secs(120);

pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, token: String) -> Result<&'static str, ServeError> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let server = Server(shared);
    let service = Service::new(move || Ok(server.clone()), Arc::default(), StreamableHttpServerConfig::default());
    let token = Arc::new(token);
    let slots = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
    let mut stop = std::pin::pin!(stop_signal());
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return Ok("closed") };
        let mut accept = std::pin::pin!(listener.accept());
        let next = std::future::poll_fn(|task| {
            use std::task::Poll;
            if stop.as_mut().poll(task).is_ready() {
                return Poll::Ready(None);
            }
            accept.as_mut().poll(task).map(Some)
        });
        let stream = match next.await {
            None => return Ok("signal"),
            Some(Ok((stream, _))) => stream,
            // too many descriptors, or a client that went away: the next one may be fine
            Some(Err(_)) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (service, token) = (service.clone(), token.clone());
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(request, service.clone(), token.clone()));
            // a connection that breaks concerns nobody else
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(hyper_util::rt::TokioTimer::new())
                .header_read_timeout(IDLE)
                .serve_connection(TokioIo::new(stream), answer)
                .await;
            drop(slot);
        });
    }
}

async fn answer(request: Request<Incoming>, service: Service, token: Arc<String>) -> Result<Response<Body>, Infallible> {
    if let Some(refused) = refused(&request, &token) {
        return Ok(refused);
    }
    Ok(service.handle(request).await)
}

/// Everything that is no client with the token: no hint is given of what is here.
fn refused(request: &Request<Incoming>, token: &str) -> Option<Response<Body>> {
    let headers = request.headers();
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // a web page that a person looks at can send requests here; a browser says so
    if headers.contains_key(header::ORIGIN) && !text(header::ORIGIN).is_some_and(is_this_machine) {
        return Some(plain(StatusCode::FORBIDDEN, "origin"));
    }
    // a name of somebody else's that leads to this machine
    let host = text(header::HOST).unwrap_or_default();
    if !is_this_machine(&format!("http://{host}")) {
        return Some(plain(StatusCode::FORBIDDEN, "host"));
    }
    let given = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !same(given.as_bytes(), token.as_bytes()) {
        let mut response = plain(StatusCode::UNAUTHORIZED, "token");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        return Some(response);
    }
    if !matches!(request.uri().path(), "/" | "/mcp") {
        return Some(plain(StatusCode::NOT_FOUND, "path"));
    }
    (!matches!(*request.method(), Method::GET | Method::POST | Method::DELETE)).then(|| plain(StatusCode::METHOD_NOT_ALLOWED, "method"))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let body = Full::new(Bytes::from_static(text.as_bytes())).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

fn is_this_machine(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    let name = match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => rest.split(':').next().unwrap_or_default(),
    };
    matches!(scheme, "http" | "https") && (name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// Looks at every byte, so that time tells nothing but the length.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && !b.is_empty() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_an_origin() {
        for (origin, expected) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1:1", true),
            ("https://[::1]:1", true),
            ("http://localhost.evil.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("https://evil.example", false),
            ("null", false),
            ("file://localhost", false),
            ("http://192.168.1.2", false),
            ("http://", false),
        ] {
            assert_eq!(is_this_machine(origin), expected, "{origin}");
        }
    }

    #[test]
    fn tokens_are_the_same_or_not() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abd", b"abc") && !same(b"ab", b"abc") && !same(b"", b""));
    }
}
