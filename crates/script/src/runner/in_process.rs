//! A worker as a thread of this process. It speaks the same messages over the same kind of stream.

use std::io;
use std::os::unix::net::UnixStream;

use crate::builtins::Builtins;
use crate::wire::Ends;
use crate::worker::{on_big_stack, serve};

pub(super) fn start() -> io::Result<Ends> {
    let (broker, worker) = UnixStream::pair()?;
    std::thread::Builder::new()
        .name("script worker".into())
        .spawn(move || on_big_stack(move || serve(Ends::Stream(worker), &Builtins::new())))?;
    Ok(Ends::Stream(broker))
}
