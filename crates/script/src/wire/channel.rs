//! Frames over a Unix stream: a length of four bytes, little-endian, then that many bytes of postcard.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aegis_sandbox::channel::Channel;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MAX_FRAME;

/// What went wrong between broker and worker.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The other side is gone.
    #[error("the other side closed the connection")]
    Closed,
    /// Nothing came within the stream's timeout; what was read so far is kept.
    #[error("timed out")]
    TimedOut,
    /// A frame above the cap.
    #[error("a frame of {0} bytes is too large")]
    TooLarge(usize),
    /// A frame that is not the message expected.
    #[error("a frame cannot be decoded")]
    Malformed,
    /// The stream failed.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for WireError {
    fn from(e: io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => WireError::TimedOut,
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => WireError::Closed,
            _ => WireError::Io(e),
        }
    }
}

/// One connection for both directions, shared by a sender and a receiver of one thread.
#[derive(Debug, Clone)]
pub(crate) struct Line(Arc<Mutex<Ends>>);

/// What a line runs over.
#[derive(Debug)]
pub(crate) enum Ends {
    /// A stream to a thread, or to a process that locks nothing down.
    Stream(UnixStream),
    /// Shared memory.
    Channel(Box<Channel>),
}

impl Line {
    pub(crate) fn new(ends: Ends) -> Line {
        Line(Arc::new(Mutex::new(ends)))
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Timeouts of reading and writing.
    pub(crate) fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        match &mut *self.ends() {
            Ends::Stream(stream) => {
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))
            }
            Ends::Channel(channel) => channel.set_timeout(timeout),
        }
    }

    /// Both sides look for the next message that long before they sleep; whether this line can do that.
    pub(crate) fn spin_for(&self, time: Duration) -> bool {
        match &mut *self.ends() {
            Ends::Stream(_) => false,
            Ends::Channel(channel) => {
                channel.spin_for(time);
                true
            }
        }
    }
}

impl Read for Line {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match &mut *self.ends() {
            Ends::Stream(stream) => stream.read(to),
            Ends::Channel(channel) => channel.read(to),
        }
    }
}

impl Write for Line {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match &mut *self.ends() {
            Ends::Stream(stream) => stream.write(from),
            Ends::Channel(channel) => channel.write(from),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes frames. Several may be queued and go out in one system call.
#[derive(Debug)]
pub(crate) struct Sender<W = Line> {
    stream: W,
    buffer: Vec<u8>,
    sent: usize,
}

/// Buffers above this size are given back once they are empty.
const KEEP: usize = 1 << 20;

impl<W: Write> Sender<W> {
    pub(crate) fn new(stream: W) -> Self {
        Sender { stream, buffer: Vec::with_capacity(4096), sent: 0 }
    }

    /// Queues a message.
    pub(crate) fn push<T: Serialize>(&mut self, message: &T) -> Result<(), WireError> {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        let buffer = std::mem::take(&mut self.buffer);
        self.buffer = postcard::to_extend(message, buffer).map_err(|_| WireError::Malformed)?;
        let length = self.buffer.len() - start - 4;
        match u32::try_from(length) {
            Ok(prefix) if length <= MAX_FRAME => {
                if let Some(place) = self.buffer.get_mut(start..start + 4) {
                    place.copy_from_slice(&prefix.to_le_bytes());
                }
                Ok(())
            }
            _ => {
                self.buffer.truncate(start);
                Err(WireError::TooLarge(length))
            }
        }
    }

    /// How much is queued.
    pub(crate) fn queued(&self) -> usize {
        self.buffer.len()
    }

    /// What was queued since then.
    pub(crate) fn since(&self, place: usize) -> &[u8] {
        self.buffer.get(place..).unwrap_or_default()
    }

    /// Takes back what was queued since then.
    pub(crate) fn unqueue(&mut self, place: usize) {
        self.buffer.truncate(place);
    }

    /// Writes what is queued. After [`WireError::TimedOut`] it may be called again and goes on where it stopped.
    pub(crate) fn flush(&mut self) -> Result<(), WireError> {
        while let Some(rest) = self.buffer.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Err(WireError::Closed),
                Ok(n) => self.sent += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.sent = 0;
        self.buffer.clear();
        if self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    /// Queues one message and writes all that is queued.
    pub(crate) fn send<T: Serialize>(&mut self, message: &T) -> Result<(), WireError> {
        self.push(message)?;
        self.flush()
    }
}

/// Reads frames.
#[derive(Debug)]
pub(crate) struct Receiver<R = Line> {
    stream: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    patience: Option<Duration>,
}

const FIRST: usize = 16 << 10;

impl<R: Read> Receiver<R> {
    pub(crate) fn new(stream: R) -> Self {
        Receiver { stream, buffer: vec![0; FIRST], start: 0, end: 0, patience: None }
    }

    /// A message that comes in drips is a [`WireError::TimedOut`] that often, as silence is by the stream's timeout.
    pub(crate) fn patient_for(mut self, time: Duration) -> Self {
        self.patience = Some(time);
        self
    }

    /// The next message. After [`WireError::TimedOut`] it may be called again.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> Result<T, WireError> {
        let mut since = None;
        loop {
            if let Some(frame) = self.frame()? {
                let bytes = self.buffer.get(frame.clone()).unwrap_or_default();
                let (message, rest) = postcard::take_from_bytes(bytes).map_err(|_| WireError::Malformed)?;
                if !rest.is_empty() {
                    return Err(WireError::Malformed);
                }
                self.start = frame.end;
                if self.start == self.end {
                    self.start = 0;
                    self.end = 0;
                    if self.buffer.len() > KEEP {
                        self.buffer = vec![0; FIRST];
                    }
                }
                return Ok(message);
            }
            if let Some(patience) = self.patience
                && since.get_or_insert_with(Instant::now).elapsed() >= patience
            {
                return Err(WireError::TimedOut);
            }
            self.fill()?;
        }
    }

    /// Where the first whole frame lies, if there is one.
    fn frame(&self) -> Result<Option<std::ops::Range<usize>>, WireError> {
        let held = self.buffer.get(self.start..self.end).unwrap_or_default();
        let Some(prefix) = held.first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*prefix)).unwrap_or(usize::MAX);
        if length > MAX_FRAME {
            return Err(WireError::TooLarge(length));
        }
        let begin = self.start + 4;
        Ok((held.len() >= 4 + length).then_some(begin..begin + length))
    }

    /// Reads more. The buffer grows with what has come, never with what a prefix promises.
    fn fill(&mut self) -> Result<(), WireError> {
        if self.end == self.buffer.len() {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.end == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        loop {
            match self.stream.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Err(WireError::Closed),
                Ok(n) => {
                    self.end += n;
                    return Ok(());
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_size_arrive_in_order() {
        let (a, b) = UnixStream::pair().unwrap();
        let writer = std::thread::spawn(move || {
            let mut to = Sender::new(a);
            for size in [0usize, 1, 100, 16 << 10, 100_000, 3 << 20, 5] {
                to.push(&"x".repeat(size)).unwrap();
            }
            to.flush().unwrap();
        });
        let mut from = Receiver::new(b);
        for size in [0usize, 1, 100, 16 << 10, 100_000, 3 << 20, 5] {
            assert_eq!(from.receive::<String>().unwrap().len(), size);
        }
        assert!(matches!(from.receive::<String>(), Err(WireError::Closed)));
        writer.join().unwrap();
    }

    #[test]
    fn a_frame_above_the_cap_is_refused_by_both_sides() {
        let mut to = Sender::new(Vec::new());
        assert!(matches!(to.push(&"x".repeat(MAX_FRAME + 1)), Err(WireError::TooLarge(_))));
        let mut from = Receiver::new(&[0xff, 0xff, 0xff, 0xff, 1][..]);
        assert!(matches!(from.receive::<String>(), Err(WireError::TooLarge(_))));
    }

    #[test]
    fn bytes_after_a_message_are_refused() {
        let mut from = Receiver::new(&[3, 0, 0, 0, 1, b'a', b'b'][..]);
        assert!(matches!(from.receive::<String>(), Err(WireError::Malformed)));
    }
}
