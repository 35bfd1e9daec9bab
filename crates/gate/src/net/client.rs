//! One request, one answer, within its caps.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aegis_policy::{Method, RequestUrl};
use aegis_sandbox::Cancel;
use reqwest::header::{CONTENT_LENGTH, LOCATION, TRANSFER_ENCODING};
use reqwest::{Client, Response, StatusCode, Url, redirect, retry};
use rustls::ClientConfig;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout_at;

use super::body;
use super::error::NetError;
use super::headers::RequestHeaders;
use super::pinned::Pinned;
use super::request::{Answer, Caps};
use super::tls;
use super::vetted::VettedAddrs;

/// What the parser of the HTTP client takes at most; `Caps` can only be below.
const PARSER_MAX_HEADERS: usize = 256;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Sends requests to vetted addresses and nowhere else: no proxy, no redirect, no cookie, no retry, HTTP/1.1 only.
///
/// It blocks the calling thread, which must not be one that runs asynchronous tasks of tokio.
#[derive(Debug)]
pub struct NetClient {
    runtime: Runtime,
    cert_file: Option<PathBuf>,
    pinned: Pinned,
    plain: Option<Pool>,
    secure: Option<Pool>,
    /// Read from disk once.
    trusted: Option<ClientConfig>,
    cancel: Option<Cancel>,
}

/// A client with its open connections.
#[derive(Debug)]
struct Pool {
    client: Client,
    connect_timeout: Duration,
    /// To which addresses connections may be open, by host and port.
    open: HashMap<(String, u16), Vec<IpAddr>>,
}

impl NetClient {
    /// A client that opens nothing yet. `cert_file` is the value `SSL_CERT_FILE` had when Aegis started; TLS is set up at the first https.
    ///
    /// # Errors
    /// [`NetError::Setup`] when the system gives no event queue.
    pub fn new(cert_file: Option<PathBuf>) -> Result<NetClient, NetError> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(|_| NetError::Setup)?;
        Ok(NetClient { runtime, cert_file, pinned: Pinned::default(), plain: None, secure: None, trusted: None, cancel: None })
    }

    /// Ends the requests under way once this is cancelled.
    pub fn cancelled_by(&mut self, cancel: Cancel) {
        self.cancel = Some(cancel);
    }

    /// Sends one request to one of the vetted addresses, and reads the whole answer.
    ///
    /// # Errors
    /// [`NetError`]. A redirect is one of them. After any of them the request may have reached the server, but
    /// [`NetError::NotJudged`], [`NetError::NotVetted`], [`NetError::Header`] and [`NetError::RequestHeaders`] come before anything is sent.
    pub fn send(
        &mut self,
        url: &RequestUrl,
        addrs: VettedAddrs,
        method: Method,
        headers: &[(String, Vec<u8>)],
        body: Option<Vec<u8>>,
        caps: Caps,
    ) -> Result<Answer, NetError> {
        let target = judged_form(url)?;
        if addrs.host() != url.host || url.ip.is_some_and(|ip| addrs.ips() != [ip]) {
            return Err(NetError::NotVetted);
        }
        let headers = RequestHeaders::check(headers)?;
        if caps.deadline <= Instant::now() {
            return Err(NetError::Deadline);
        }
        let client = self.client_for(url, &addrs, caps.connect_timeout)?;
        let mut request = client.request(wire_method(method), target).headers(headers.into_map());
        if let Some(body) = body {
            request = request.body(body);
        }
        self.pinned.set(&url.host, addrs.ips().iter().map(|ip| SocketAddr::new(*ip, url.port)).collect());
        let answer = self.runtime.block_on(async {
            // Lets connections that the server has closed meanwhile notice it before one of them is used.
            tokio::task::yield_now().await;
            let whole = async {
                let response = request.send().await.map_err(|error| NetError::from_transport(&error))?;
                if let Some(remote) = response.remote_addr()
                    && !addrs.ips().contains(&remote.ip())
                {
                    return Err(NetError::NotVetted);
                }
                receive(response, caps).await
            };
            until(caps.deadline, self.cancel.as_ref(), whole).await
        });
        self.pinned.clear();
        answer
    }

    /// The client for the URL's scheme. A pool that holds a connection to an address which is no longer among the vetted ones is thrown away.
    fn client_for(&mut self, url: &RequestUrl, addrs: &VettedAddrs, connect_timeout: Duration) -> Result<Client, NetError> {
        let slot = if url.https { &mut self.secure } else { &mut self.plain };
        let key = (url.host.clone(), url.port);
        let reusable = slot.take().filter(|pool| {
            pool.connect_timeout == connect_timeout && pool.open.get(&key).is_none_or(|open| open.iter().all(|ip| addrs.ips().contains(ip)))
        });
        let mut pool = match reusable {
            Some(pool) => pool,
            None => {
                let tls = match (url.https, &self.trusted) {
                    (false, _) => tls::trusting_nobody()?,
                    (true, Some(trusted)) => trusted.clone(),
                    (true, None) => self.trusted.insert(tls::trusting(self.cert_file.as_deref())?).clone(),
                };
                Pool { client: build(tls, url.https, self.pinned.clone(), connect_timeout)?, connect_timeout, open: HashMap::new() }
            }
        };
        // All that were open are among these.
        pool.open.insert(key, addrs.ips().to_vec());
        Ok(slot.insert(pool).client.clone())
    }
}

/// How soon a request notices that it is cancelled.
const LOOK: Duration = Duration::from_millis(20);

async fn until(
    deadline: Instant,
    cancel: Option<&Cancel>,
    whole: impl Future<Output = Result<Answer, NetError>>,
) -> Result<Answer, NetError> {
    let mut whole = std::pin::pin!(whole);
    loop {
        let next = cancel.map_or(deadline, |_| deadline.min(Instant::now() + LOOK));
        if let Ok(answer) = timeout_at(next.into(), &mut whole).await {
            return answer;
        }
        if cancel.is_some_and(Cancel::is_cancelled) {
            return Err(NetError::Cancelled);
        }
        if Instant::now() >= deadline {
            return Err(NetError::Deadline);
        }
    }
}

fn build(tls: ClientConfig, https: bool, pinned: Pinned, connect_timeout: Duration) -> Result<Client, NetError> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(https)
        .dns_resolver(pinned)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .http1_only()
        .http1_max_headers(PARSER_MAX_HEADERS)
        .tcp_nodelay(true)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(1)
        .build()
        .map_err(|_| NetError::Setup)
}

/// The URL for the wire, if it is exactly what a policy can have judged.
fn judged_form(url: &RequestUrl) -> Result<Url, NetError> {
    let text = url.to_url_string();
    if RequestUrl::parse(&text).as_ref() != Ok(url) {
        return Err(NetError::NotJudged);
    }
    Url::parse(&text).ok().filter(|target| target.as_str() == text).ok_or(NetError::NotJudged)
}

async fn receive(mut response: Response, caps: Caps) -> Result<Answer, NetError> {
    let status = response.status();
    let headers = response.headers();
    if headers.len() > caps.max_headers {
        return Err(NetError::TooManyHeaders);
    }
    let header_bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > caps.max_header_bytes {
        return Err(NetError::HeadersTooLarge);
    }
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(NetError::Upgrade);
    }
    // Two ways to tell where the body ends: whoever stands between us and the server may have chosen the other one.
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(NetError::Protocol);
    }
    let location = headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    if let (true, Some(location)) = (status.is_redirection() && status != StatusCode::NOT_MODIFIED, &location) {
        return Err(NetError::Redirect { status: status.as_u16(), location: location.clone() });
    }
    let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    let body = body::read(&mut response, caps.max_body_bytes).await?;
    Ok(Answer { status: status.as_u16(), headers, body, location })
}

const fn wire_method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
