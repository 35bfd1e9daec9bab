//! Accepts children's connections, and ends them all.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aegis_sandbox::Cancel;
use rustix::event::PollFlags;

use super::bounds::wait_once;
use super::connection;
use super::denial::Denial;
use super::fault::Fault;
use super::parts::ProxyParts;
use super::shared::Shared;

/// How long one waits for what nothing announces.
const LOOK: Duration = Duration::from_millis(50);

/// A proxy at work. It ends when it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Serves the connections that arrive at this listener, wherever it was made.
    ///
    /// # Errors
    /// No descriptor or thread is free.
    pub fn serve(listener: TcpListener, parts: ProxyParts) -> io::Result<Proxy> {
        listener.set_nonblocking(true)?;
        let shared = Arc::new(Shared::new(parts, Cancel::new()?));
        let accepting = thread::Builder::new().name("proxy".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || accept(&shared, &listener)
        })?;
        Ok(Proxy { shared, accepting: Some(accepting) })
    }

    /// What was refused so far.
    #[must_use]
    pub fn denials(&self) -> Vec<Denial> {
        self.shared.denials.all()
    }

    /// Closes every connection, waits for every thread, and says what was refused.
    #[must_use]
    pub fn end(mut self) -> Vec<Denial> {
        self.stop();
        self.denials()
    }

    fn stop(&mut self) {
        self.shared.stop.cancel();
        if let Some(accepting) = self.accepting.take() {
            // a thread that panicked has ended too
            let _ = accepting.join();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proxy")
    }
}

/// Until the proxy ends; then all that it began has ended as well.
fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let slots = Arc::new(Slots { free: Mutex::new(shared.parts.caps.connections), changed: Condvar::new() });
    let mut serving: Vec<JoinHandle<()>> = Vec::new();
    while let Some(slot) = slots.take(&shared.stop) {
        let Some(stream) = next(listener, &shared.stop) else { break };
        let shared = Arc::clone(shared);
        let serve = move || {
            connection::serve(&shared, stream);
            drop(slot);
        };
        // without a thread the connection closes
        if let Ok(thread) = thread::Builder::new().name("proxy-child".to_owned()).spawn(serve) {
            serving.push(thread);
        }
        for ended in serving.extract_if(.., |thread| thread.is_finished()) {
            let _ = ended.join();
        }
    }
    for thread in serving {
        let _ = thread.join();
    }
}

fn next(listener: &TcpListener, stop: &Cancel) -> Option<TcpStream> {
    loop {
        match wait_once(listener.as_fd(), PollFlags::IN, stop, Duration::from_secs(3600)) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(Fault::Ended) => return None,
            Err(_) => thread::sleep(LOOK),
        }
        match listener.accept() {
            Ok((stream, _)) => return Some(stream),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
            // no descriptor is free; some connection will end
            Err(_) => thread::sleep(LOOK),
        }
    }
}

/// How many connections may still be served at once.
struct Slots {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Slots {
    /// A slot, once one is free; none when the proxy ends.
    fn take(self: &Arc<Slots>, stop: &Cancel) -> Option<Slot> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if stop.is_cancelled() {
                return None;
            }
            if let Some(less) = free.checked_sub(1) {
                *free = less;
                return Some(Slot(Arc::clone(self)));
            }
            free = self.changed.wait_timeout(free, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// One of them, taken; given back when dropped.
struct Slot(Arc<Slots>);

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.changed.notify_one();
    }
}
