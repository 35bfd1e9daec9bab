//! What this binary does as child of its own tests.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};

use aegis_sandbox::{broker, worker};

use crate::CHILD;

/// Starts it by the standard library.
pub fn start(args: &[&str]) -> Child {
    Command::new(std::env::current_exe().unwrap()).arg0(CHILD).args(args).stdout(Stdio::piped()).spawn().unwrap()
}

pub fn main(args: &[String]) -> ExitCode {
    match args[0].as_str() {
        "broker" => {
            let worker = worker::start(&["sleep"]).unwrap();
            println!("{}", worker.pid().as_raw_pid());
            std::thread::park();
        }
        "broker of a copy" => {
            let zygote = aegis_sandbox::worker::Zygote::start(&["sleep"]).unwrap();
            let worker = zygote.copy().unwrap();
            println!("{}", worker.pid().as_raw_pid());
            std::thread::park();
        }
        "broker of a confined child" => crate::confined::broker(),
        "broker of a child" => {
            let child = crate::child::sleeping();
            println!("{}", child.pid().as_raw_pid());
            std::thread::park();
        }
        "secret" => secret(args[1] == "taken", args[2] == "hardened"),
        "threads" => {
            let thread = std::thread::spawn(std::thread::park);
            print!("{}", broker::take_environment().unwrap_err());
            thread.thread().unpark();
        }
        "descriptors" => {
            let mut fds: Vec<_> =
                std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            fds.sort();
            print!("{}", fds.join(","));
        }
        "run away" => run_away(),
        "call" => crate::calls::child(&args[1], &args[2]),
        "set-id files" => crate::calls::fill_set_id_files(),
        "program" => crate::programs::child(&args[1], &args[2..]),
        other => panic!("{other}"),
    }
    ExitCode::SUCCESS
}

/// A broker with a secret in its environment, and a child that looks for it.
fn secret(taken: bool, hardened: bool) {
    let mut own = String::new();
    if taken {
        let variables = broker::take_environment().unwrap();
        let value = &variables.iter().find(|(name, _)| name == "SECRET").unwrap().1;
        assert!(std::env::var_os("SECRET").is_none() && std::env::vars_os().count() == 0);
        // The environment still works.
        // SAFETY: the only thread.
        unsafe { std::env::set_var("AFTER", "1") };
        assert_eq!(std::env::vars().collect::<Vec<_>>(), [("AFTER".to_owned(), "1".to_owned())]);
        own = format!("kept {} bytes; ", value.len());
    }
    if hardened {
        broker::harden().unwrap();
    }
    let (finished, _) = crate::child::sh("cat /proc/$PPID/environ | tr '\\0' ' '");
    std::io::stdout().write_all(own.as_bytes()).unwrap();
    std::io::stdout().write_all(&finished.stdout).unwrap();
    std::io::stdout().write_all(&finished.stderr).unwrap();
}

/// Forks and exits for ever, each time in a new session.
fn run_away() {
    loop {
        // SAFETY: one thread; the child does the same as the parent.
        if unsafe { libc::fork() } > 0 {
            // SAFETY: ends this process only.
            unsafe { libc::_exit(0) };
        }
        let _ = rustix::process::setsid();
    }
}
