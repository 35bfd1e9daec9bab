//! A socket that waits only as long as it may, and a reader over it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::PollFlags;

use super::bounds::{Bounds, wait_once};
use super::fault::Fault;
use super::head::HeadScan;

/// How much is read at once.
const BLOCK: usize = 32 << 10;

/// One socket. Threads may share it, one for each direction.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    bounds: Arc<Bounds>,
    received: AtomicU64,
    sent: AtomicU64,
    most_received: u64,
    most_sent: u64,
}

impl Wire {
    /// Of a socket that may be in any mode.
    pub(super) fn new(stream: TcpStream, bounds: Arc<Bounds>, most_received: u64, most_sent: u64) -> std::io::Result<Wire> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream, bounds, received: AtomicU64::new(0), sent: AtomicU64::new(0), most_received, most_sent })
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) const fn bounds(&self) -> &Arc<Bounds> {
        &self.bounds
    }

    /// Some bytes; none at the end.
    pub(super) fn receive(&self, into: &mut [u8]) -> Result<usize, Fault> {
        loop {
            match (&self.stream).read(into) {
                Ok(count) => {
                    self.bounds.bytes_moved();
                    return Wire::count(&self.received, count, self.most_received).map(|()| count);
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.bounds.wait(self.stream.as_fd(), PollFlags::IN)?,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    pub(super) fn send(&self, mut bytes: &[u8]) -> Result<(), Fault> {
        let all = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.sent().saturating_add(all) > self.most_sent {
            return Err(Fault::Bytes);
        }
        while !bytes.is_empty() {
            if self.bounds.stop().is_cancelled() {
                return Err(Fault::Ended);
            }
            match (&self.stream).write(bytes) {
                Ok(count) => {
                    self.bounds.bytes_moved();
                    Wire::count(&self.sent, count, self.most_sent)?;
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.bounds.wait(self.stream.as_fd(), PollFlags::OUT)?,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    pub(super) fn shut(&self, how: Shutdown) {
        // one that is closed already is as it should be
        let _ = self.stream.shutdown(how);
    }

    fn count(counter: &AtomicU64, count: usize, most: u64) -> Result<(), Fault> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let before = counter.fetch_add(count, Ordering::Relaxed);
        if before.saturating_add(count) > most { Err(Fault::Bytes) } else { Ok(()) }
    }
}

/// Reads from a socket, and keeps what was read beyond what was asked for.
#[derive(Debug)]
pub(super) struct Reader<'w> {
    wire: &'w Wire,
    buffer: Vec<u8>,
    at: usize,
}

impl<'w> Reader<'w> {
    pub(super) const fn new(wire: &'w Wire) -> Reader<'w> {
        Reader { wire, buffer: Vec::new(), at: 0 }
    }

    /// What is there without waiting.
    pub(super) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    pub(super) fn take(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.buffer.len());
    }

    /// Waits for more; false at the end.
    pub(super) fn more(&mut self) -> Result<bool, Fault> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let old = self.buffer.len();
        self.buffer.resize(old + BLOCK, 0);
        let count = self.wire.receive(self.buffer.get_mut(old..).unwrap_or_default());
        self.buffer.truncate(old + count.unwrap_or(0));
        count.map(|count| count > 0)
    }

    /// The same, but no longer than that.
    pub(super) fn more_within(&mut self, longest: Duration) -> Result<bool, Fault> {
        let wire = self.wire;
        if wait_once(wire.stream.as_fd(), PollFlags::IN, wire.bounds.stop(), longest)? { self.more() } else { Err(Fault::Idle) }
    }

    /// Waits until something is there; false at the end.
    pub(super) fn any(&mut self) -> Result<bool, Fault> {
        if self.buffered().is_empty() { self.more() } else { Ok(true) }
    }

    /// Exactly that many bytes.
    pub(super) fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Fault> {
        while self.buffered().len() < count {
            if !self.more()? {
                return Err(Fault::Closed);
            }
        }
        let bytes = self.buffered().get(..count).unwrap_or_default().to_vec();
        self.take(count);
        Ok(bytes)
    }

    /// A head with the empty line behind it; none where the other side closed before it.
    pub(super) fn head(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut scan = HeadScan::default();
        loop {
            if let Some(length) = scan.end(self.buffered()).map_err(Fault::Malformed)? {
                return self.exactly(length).map(Some);
            }
            if !self.more()? {
                return if self.buffered().is_empty() { Ok(None) } else { Err(Fault::Closed) };
            }
        }
    }

    /// A line without its end, of at most that many bytes.
    pub(super) fn line(&mut self, most: usize) -> Result<Vec<u8>, Fault> {
        loop {
            let bytes = self.buffered();
            if let Some(at) = bytes.iter().position(|b| *b == b'\n') {
                let line = bytes.get(..at).and_then(|line| line.strip_suffix(b"\r"));
                let line = line.filter(|line| line.len() <= most).ok_or(Fault::Malformed("a line of the body's framing is not valid"))?;
                let line = line.to_vec();
                self.take(at + 1);
                return Ok(line);
            }
            if bytes.len() > most + 1 {
                return Err(Fault::Malformed("a line of the body's framing is too long"));
            }
            if !self.more()? {
                return Err(Fault::Closed);
            }
        }
    }
}
