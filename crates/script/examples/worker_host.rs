//! The smallest program that can be a worker: its standard input is the stream to the broker. It gives no rights up and is only for
//! tests and for embedders to read.
#![allow(missing_docs)]

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

fn main() {
    match std::io::stdin().as_fd().try_clone_to_owned() {
        Ok(stream) => aegis_script::worker_main(UnixStream::from(stream), || Ok(())),
        Err(e) => eprintln!("{e}"),
    }
}
