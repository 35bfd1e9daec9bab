//! The question, from standard input.

use std::io::Read as _;
use std::time::{Duration, Instant};

use aegis_agents::hooks::MAX_EVENT;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long a host may take to hand over its question.
const MAX_TIME: Duration = Duration::from_secs(5);

/// All of standard input, to its end.
pub(crate) fn read() -> Result<Vec<u8>, String> {
    let began = Instant::now();
    let mut stdin = std::io::stdin().lock();
    let mut bytes = Vec::with_capacity(8 << 10);
    let mut chunk = [0_u8; 16 << 10];
    loop {
        let left = MAX_TIME.saturating_sub(began.elapsed());
        let wait = Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(0), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&rustix::stdio::stdin(), PollFlags::IN)], Some(&wait)) {
            Ok(0) => return Err("the question did not end in time".to_owned()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(format!("standard input cannot be read: {error}")),
        }
        match stdin.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(format!("standard input cannot be read: {error}")),
        }
        // one byte more is enough to see that it is too much
        if bytes.len() > MAX_EVENT {
            return Ok(bytes);
        }
    }
}
