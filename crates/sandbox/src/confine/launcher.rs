//! The launcher's life: namespaces, file tree, no rights of its own; then one command after the other.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use rustix::process::{DumpableBehavior, Signal, WaitOptions, set_dumpable_behavior, set_parent_process_death_signal, wait};

use super::confined::NO_FILE;
use super::message::Reader;
use super::namespaces::{Side, leave, loopback_up, split};
use super::orphans::Orphans;
use super::plan::Plan;
use super::{privileges, root, rules};
use crate::broker::single_threaded;
use crate::child::FileId;
use crate::end::End;
use crate::error::{Calling, SandboxError};
use crate::launch::{Launch, launch};
use crate::passing;
use crate::process::Process;
use crate::seccomp::{self, ChildCalls};

/// `argv[0]` of a launcher, by which the binary knows that it shall call [`launcher`].
pub const LAUNCHER: &str = "aegis-launcher";

/// Where it finds its socket.
const SOCKET_FD: i32 = 3;

/// What a launcher tells its broker: a letter, and text or numbers behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Said {
    /// The first process of the namespaces, by its id outside.
    First = b'f',
    /// Commands can come; what could not be had.
    Ready = b'r',
    /// It cannot be made; why.
    Impossible = b'i',
    /// The command does not run; why.
    NotStarted = b'n',
    /// The command has ended, and nothing that it started is left; how.
    Ended = b'e',
}

/// What a broker asks of a launcher: to make what every command sees, before it is known what else; with a plan of that.
pub(super) const BASE: u8 = b'b';
/// To make all of it, with the plan; a long one is a descriptor.
pub(super) const GO: u8 = b'g';
/// With the request, and standard input, output and error; a long request is a fourth descriptor.
pub(super) const START: u8 = b'c';
/// Ends the command that runs.
pub(super) const KILL: u8 = b'k';
/// Gives the command a signal, whose number comes with it.
pub(super) const SIGNAL: u8 = b's';

/// A launcher from start to end. Never comes back. To be called first thing, with one thread.
pub fn launcher() -> ! {
    // SAFETY: borrowed for this process' whole life; if the number is not open, each use is an error.
    let socket = unsafe { BorrowedFd::borrow_raw(SOCKET_FD) };
    if let Err(error) = live(socket) {
        let _ = say(socket, Said::Impossible, error.to_string().as_bytes());
    }
    std::process::exit(70)
}

fn say(socket: BorrowedFd<'_>, said: Said, what: &[u8]) -> Result<(), SandboxError> {
    say_with(socket, said, what, &[])
}

fn say_with(socket: BorrowedFd<'_>, said: Said, what: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
    let what = what.get(..what.len().min(4096)).unwrap_or_default();
    passing::send(socket, &[&[said as u8], what].concat(), fds)
}

fn live(socket: BorrowedFd<'_>) -> Result<(), SandboxError> {
    single_threaded()?;
    leave()?;
    let (mut letter, mut bytes, mut fds) = asked(socket)?;
    let mut base = None;
    if letter == Some(BASE) {
        let plan = Plan::from_bytes(&bytes)?;
        root::begin(&plan)?;
        base = Some(plan);
        become_first(socket)?;
        (letter, bytes, fds) = asked(socket)?;
    }
    let plan = match (letter, fds.into_iter().next()) {
        (Some(GO), Some(file)) => Plan::from_bytes(&content(file)?)?,
        (Some(GO), None) => Plan::from_bytes(&bytes)?,
        _ => return Err(SandboxError::BrokerGone),
    };
    if base.is_none() {
        become_first(socket)?;
    }
    let lacks = root::enter(&plan, base.as_ref())?;
    loopback_up()?;
    // made in here, it is on no device that anyone else has; whoever holds it need not be in here
    let proxy = if plan.proxy { Some(std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).calling("bind")?) } else { None };
    privileges::drop_all()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).calling("prctl(PR_SET_DUMPABLE)")?;
    let rules = rules::ruleset(&plan)?;
    let lacks = [u8::from(lacks.own_proc), u8::from(rules.is_none())];
    // no socket with a name can be seen but those that commands make, and the network is their own
    seccomp::install(&seccomp::child_filter(ChildCalls { unix_sockets: true, own_network: true, network: true, own_processes: true })?)?;
    let mut fds: Vec<OwnedFd> = Vec::new();
    if plan.is_mediated {
        let tree = |path: &str| {
            let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
            rustix::fs::open(path, flags, rustix::fs::Mode::empty()).calling("open")
        };
        let (root, scratch) = (tree("/")?, tree("/tmp")?);
        let listener = crate::mediate::install(plan.is_traced)?;
        fds.extend([root, scratch, listener]);
    }
    fds.extend(proxy.map(OwnedFd::from));
    say_with(socket, Said::Ready, &lacks, &fds.iter().map(AsFd::as_fd).collect::<Vec<_>>())?;
    drop(fds);
    serve(socket, rules.as_ref().map(AsFd::as_fd), !plan.at_terminal)
}

/// Goes on as the first process of the namespaces, which the broker is told of.
fn become_first(socket: BorrowedFd<'_>) -> Result<(), SandboxError> {
    if let Side::Before(pid) = split()? {
        say(socket, Said::First, &pid.to_le_bytes())?;
        std::process::exit(0);
    }
    set_parent_process_death_signal(Some(Signal::KILL)).calling("prctl(PR_SET_PDEATHSIG)")
}

fn content(fd: OwnedFd) -> Result<Vec<u8>, SandboxError> {
    let mut file = File::from(fd);
    let mut bytes = Vec::new();
    std::io::Seek::rewind(&mut file).calling("lseek")?;
    file.read_to_end(&mut bytes).calling("read")?;
    Ok(bytes)
}

/// A message of the broker: its letter, none at the end, what is behind it, and the descriptors that came with it.
type Asked = (Option<u8>, Vec<u8>, Vec<OwnedFd>);

/// The broker's next message.
fn asked(socket: BorrowedFd<'_>) -> Result<Asked, SandboxError> {
    let (mut bytes, fds) = passing::receive(socket)?;
    let letter = bytes.first().copied();
    bytes.drain(..bytes.len().min(1));
    Ok((letter, bytes, fds))
}

fn serve(socket: BorrowedFd<'_>, rules: Option<BorrowedFd<'_>>, own_session: bool) -> Result<(), SandboxError> {
    let orphans = Orphans::watch()?;
    loop {
        match asked(socket)? {
            (Some(START), request, fds) => match start(request, fds, rules, own_session) {
                Ok(command) => {
                    let end = until_end(socket, &orphans, command)?;
                    say(socket, Said::Ended, &ended(end))?;
                }
                Err(error) => say(socket, Said::NotStarted, &not_started(&error))?,
            },
            // a command that has ended meanwhile
            (Some(KILL | SIGNAL), ..) => {}
            _ => return Err(SandboxError::BrokerGone),
        }
    }
}

/// How a start failed: whether the program was replaced, and the words.
fn not_started(error: &SandboxError) -> Vec<u8> {
    let kind = u8::from(matches!(error, SandboxError::Replaced(_)));
    [&[kind], error.to_string().as_bytes()].concat()
}

fn ended(end: End) -> Vec<u8> {
    let (kind, number) = match end {
        End::Exited(code) => (0u8, code),
        End::Signal(signal) => (1, signal),
        End::Unknown => (2, 0),
    };
    [&[kind], number.to_le_bytes().as_slice()].concat()
}

fn start(request: Vec<u8>, fds: Vec<OwnedFd>, rules: Option<BorrowedFd<'_>>, own_session: bool) -> Result<Process, SandboxError> {
    let mut fds = fds.into_iter();
    let (Some(stdin), Some(stdout), Some(stderr)) = (fds.next(), fds.next(), fds.next()) else {
        return Err(SandboxError::Launcher);
    };
    let bytes = match fds.next() {
        Some(file) => content(file)?,
        None => request,
    };
    let mut from = Reader(&bytes);
    let program = from.string()?;
    let expect = (from.number()?, from.number()?);
    let cwd = from.path()?;
    let expect_cwd = FileId { device: from.number()?, inode: from.number()? };
    let argv = from.list(Reader::string)?;
    let env = from.list(Reader::string)?;
    let max_memory_bytes = Some(from.number()?).filter(|bytes| *bytes > 0);
    // by path, in the tree that commands see; and the very directory that was judged
    let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC;
    let held = super::mounts::at(rustix::fs::open(&cwd, flags, rustix::fs::Mode::empty()), "enter", &cwd)?;
    let stat = rustix::fs::fstat(&held).calling("fstat")?;
    if expect_cwd != NO_FILE && expect_cwd != (FileId { device: stat.st_dev, inode: stat.st_ino }) {
        return Err(SandboxError::Replaced(cwd));
    }
    launch(&Launch {
        program: &program,
        argv: &argv,
        env: &env,
        fds: &[stdin.as_fd(), stdout.as_fd(), stderr.as_fd()],
        cwd: Some(held.as_fd()),
        expect: Some(expect),
        max_memory_bytes,
        dies_with_us: false,
        no_new_privs: true,
        own_session,
        rules,
    })
}

/// Waits for the command or for the broker's word, and leaves nobody alive.
fn until_end(socket: BorrowedFd<'_>, orphans: &Orphans, mut command: Process) -> Result<End, SandboxError> {
    loop {
        let pidfd = command.pidfd();
        let orphan = PollFd::from_borrowed_fd(orphans.fd(), PollFlags::IN);
        let mut fds = [PollFd::from_borrowed_fd(pidfd, PollFlags::IN), PollFd::new(&socket, PollFlags::IN), orphan];
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno).calling("poll"),
        }
        let [of_command, of_broker, of_orphan] = fds.map(|fd| !fd.revents().is_empty());
        if of_command {
            break;
        }
        if of_orphan {
            orphans.reap(command.pid())?;
        }
        if of_broker {
            let mut said = [0; 2];
            match recv(socket, &mut said, RecvFlags::empty()) {
                Ok((1, _)) if said == [KILL, 0] => {
                    command.kill()?;
                    break;
                }
                Ok((2, _)) if said.first() == Some(&SIGNAL) => command.signal(said.get(1).copied().unwrap_or_default())?,
                Err(Errno::INTR) => {}
                // gone, and so is everything here when this process ends
                _ => return Err(SandboxError::BrokerGone),
            }
        }
    }
    let end = command.wait()?;
    clear()?;
    Ok(end)
}

/// Kills everything else in the namespace and reaps what comes to its first process, until there is nothing.
fn clear() -> Result<(), SandboxError> {
    loop {
        // SAFETY: plain numbers; -1 is everything that this process may signal, and it is alone in its namespace with what it started.
        if unsafe { libc::kill(-1, libc::SIGKILL) } == -1 && std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH) {
            return Err(std::io::Error::last_os_error()).calling("kill");
        }
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::CHILD) => return Ok(()),
            Err(errno) => return Err(errno).calling("wait"),
        }
    }
}
