//! Bytes between broker and worker. While both are awake on two cores they meet in shared memory, which costs a fifth of a microsecond;
//! a side that has waited for a while goes to sleep at the socket, and the other wakes it by one byte there.
//!
//! The socket also tells that the other side is gone, and its timeouts are the channel's. Nothing that comes out of the shared memory is
//! trusted: positions and lengths are checked, and content is copied out before anyone looks at it.

mod pages;
mod ring;

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

pub use pages::SharedPages;

use pages::Layout;
use ring::{Incoming, Outgoing};

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Broker,
    Worker,
}

/// One end of the channel: reads and writes like a stream, from one thread.
#[derive(Debug)]
pub struct Channel {
    socket: UnixStream,
    pages: SharedPages,
    side: Side,
    incoming: Incoming,
    outgoing: Outgoing,
    spin: Duration,
    timeout: Option<Duration>,
}

/// A worker looks for at most this long, whatever the broker says.
const LONGEST_SPIN: Duration = Duration::from_millis(1);

impl Channel {
    pub(crate) fn of_broker(socket: UnixStream, pages: SharedPages) -> Channel {
        Channel::new(socket, pages, Side::Broker)
    }

    /// The worker's end, made of what [`crate::worker::lock_down`] gives it.
    #[must_use]
    pub fn of_worker(socket: UnixStream, pages: SharedPages) -> Channel {
        Channel::new(socket, pages, Side::Worker)
    }

    fn new(socket: UnixStream, pages: SharedPages, side: Side) -> Channel {
        Channel { socket, pages, side, incoming: Incoming::default(), outgoing: Outgoing::default(), spin: Duration::ZERO, timeout: None }
    }

    /// How long both sides look for the other's next bytes before they sleep; the broker decides. Zero where they share a core: there the
    /// other side cannot go on while one looks.
    pub fn spin_for(&mut self, time: Duration) {
        self.spin = time;
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.pages.layout().worker_spin.0.store(micros, Ordering::Relaxed);
    }

    /// Timeouts of reading and writing, as of the socket: after one, the call may be made again.
    ///
    /// # Errors
    /// The system call failed.
    pub fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = Some(timeout);
        self.socket.set_read_timeout(Some(timeout))?;
        self.socket.set_write_timeout(Some(timeout))
    }

    fn spin(&self) -> Duration {
        match self.side {
            Side::Broker => self.spin,
            Side::Worker => {
                let micros = self.pages.layout().worker_spin.0.load(Ordering::Relaxed);
                Duration::from_micros(u64::from(micros)).min(LONGEST_SPIN)
            }
        }
    }

    /// Waits until `ready` says so. `Ok(false)`: the other side is gone, and it is not ready.
    fn wait(&self, sleeps: fn(&Layout, Side) -> &AtomicU32, ready: impl Fn(&Channel) -> io::Result<bool>) -> io::Result<bool> {
        let spin = self.spin();
        if !spin.is_zero() {
            let until = Instant::now() + spin;
            loop {
                for _ in 0..64 {
                    if ready(self)? {
                        return Ok(true);
                    }
                    std::hint::spin_loop();
                }
                if Instant::now() >= until {
                    break;
                }
            }
        }
        let sleeps = sleeps(self.pages.layout(), self.side);
        let mut woken_since = None;
        loop {
            sleeps.store(1, Ordering::SeqCst);
            // Either we see what the other side did before, or it sees that we sleep.
            fence(Ordering::SeqCst);
            if ready(self)? {
                sleeps.store(0, Ordering::Relaxed);
                return Ok(true);
            }
            match recv(&self.socket, &mut [0u8; 64][..], RecvFlags::empty()) {
                Ok((_, 0)) => return ready(self),
                // A side that only ever wakes us must not keep our caller from its clock.
                Ok(_) | Err(Errno::INTR) => {
                    let since = *woken_since.get_or_insert_with(Instant::now);
                    if self.timeout.is_some_and(|timeout| since.elapsed() >= timeout) && !ready(self)? {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                }
                Err(Errno::CONNRESET) => return ready(self),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Wakes the other side if it sleeps.
    fn wake(&self, sleeps: &AtomicU32) -> io::Result<()> {
        fence(Ordering::SeqCst);
        if sleeps.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        sleeps.store(0, Ordering::Relaxed);
        match send(&self.socket, &[0], SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            // A full socket holds more than enough to wake anyone.
            Ok(_) | Err(Errno::AGAIN) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Layout {
    fn incoming(&self, side: Side) -> &pages::Ring {
        if side == Side::Broker { &self.to_broker } else { &self.to_worker }
    }

    fn outgoing(&self, side: Side) -> &pages::Ring {
        if side == Side::Broker { &self.to_worker } else { &self.to_broker }
    }
}

impl Read for Channel {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        if self.incoming.is_drained() {
            let ready = |channel: &Channel| channel.incoming.is_there(channel.pages.layout().incoming(channel.side));
            if !ready(self)? && !self.wait(|layout, side| &layout.incoming(side).reader_sleeps.0, ready)? {
                return Ok(0);
            }
            let ring = self.pages.layout().incoming(self.side);
            self.incoming.take(ring)?;
            self.wake(&ring.writer_sleeps.0)?;
        }
        Ok(self.incoming.copy(to))
    }
}

impl Write for Channel {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        if from.is_empty() {
            return Ok(0);
        }
        let ready = |channel: &Channel| channel.outgoing.has_room(channel.pages.layout().outgoing(channel.side));
        if !ready(self)? && !self.wait(|layout, side| &layout.outgoing(side).writer_sleeps.0, ready)? {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let ring = self.pages.layout().outgoing(self.side);
        let written = self.outgoing.put(ring, from)?;
        self.wake(&ring.reader_sleeps.0)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
