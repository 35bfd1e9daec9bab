//! The launcher's life: namespaces, file tree, no rights of its own; then one command after the other.

use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getegid, geteuid, set_dumpable_behavior, set_parent_process_death_signal, setrlimit,
};
use rustix::thread::{CpuSet, sched_setaffinity};

use super::confined::NO_FILE;
use super::message::Reader;
use super::namespaces::{loopback_up, settle};
use super::orphans::Orphans;
use super::plan::Plan;
use super::rules::Rules;
use super::{privileges, root};
use crate::broker::{forget_origin, single_threaded};
use crate::child::FileId;
use crate::cpu::Company;
use crate::end::End;
use crate::error::{Calling, SandboxError};
use crate::launch::{Launch, Session, launch, reset_signals};
use crate::passing;
use crate::process::Process;
use crate::seccomp::{self, ChildCalls};

/// `argv[0]` of a launcher, by which the binary knows that it shall call [`launcher`].
pub const LAUNCHER: &str = "aegis-launcher";

/// The command line of a launcher that our broker starts: it sees nobody's ids but its own, and not even those before they are set.
pub(super) fn command_line() -> Result<Vec<CString>, SandboxError> {
    let (user, group) = own_ids();
    let words = [LAUNCHER.to_owned(), user.to_string(), group.to_string()].into_iter();
    words.map(|word| CString::new(word).map_err(|_| SandboxError::Launcher)).collect()
}

/// User and group.
pub(super) type Ids = (u32, u32);

/// Those of this process, which is no launcher.
pub(super) fn own_ids() -> Ids {
    (geteuid().as_raw(), getegid().as_raw())
}

/// Those of [`command_line`].
fn ids() -> Result<Ids, SandboxError> {
    let mut words = std::env::args().skip(1).map(|word| word.parse().map_err(|_| SandboxError::Launcher));
    let mut next = || words.next().ok_or(SandboxError::Launcher)?;
    Ok((next()?, next()?))
}

/// How long it looks for what will be asked of it next.
const SOON: Duration = Duration::from_millis(1);

/// Where it finds its socket.
const SOCKET_FD: i32 = 3;

/// What a launcher tells its broker: a letter, and text or numbers behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Said {
    /// What every plan has, by the word of a copy.
    Base = b'b',
    /// Commands can come; what could not be had.
    Ready = b'r',
    /// It cannot be made; why.
    Impossible = b'i',
    /// The command does not run; why.
    NotStarted = b'n',
    /// The command has ended, and nothing that it started is left; how.
    Ended = b'e',
}

/// What a broker asks of a launcher: to make what every command sees, before it is known what else; with a plan of that, which a copy has.
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
    end(socket, ids().and_then(|ids| live(socket, ids, None)))
}

/// What a copy of the broker is to give up.
pub(super) struct Copied {
    pub(super) ids: Ids,
    pub(super) session: Session,
    /// What every plan has.
    pub(super) base: fn() -> Plan,
    /// The cores on which it may run when it has been asked for something; until then it may be kept off the broker's.
    pub(super) cores: CpuSet,
}

/// The same in a copy of the broker, which has nothing of it but its memory, and of that neither command line nor environment.
pub(super) fn copied(socket: OwnedFd, copied: &Copied) -> ! {
    let socket = socket.as_fd();
    end(socket, live(socket, copied.ids, Some(copied)))
}

fn end(socket: BorrowedFd<'_>, lived: Result<(), SandboxError>) -> ! {
    if let Err(error) = lived {
        let _ = say(socket, Said::Impossible, error.to_string().as_bytes());
    }
    std::process::exit(70)
}

/// Gives up what a copy shares with its broker, as a program that is started anew would have.
fn part(socket: BorrowedFd<'_>, copied: &Copied) -> Result<(), SandboxError> {
    sched_setaffinity(None, &copied.cores).calling("sched_setaffinity")?;
    forget_origin()?;
    reset_signals();
    if copied.session == Session::Own {
        rustix::process::setsid().calling("setsid")?;
    }
    rustix::thread::set_no_new_privs(true).calling("prctl(PR_SET_NO_NEW_PRIVS)")?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).calling("setrlimit")?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    let null = rustix::fs::open("/dev/null", flags, rustix::fs::Mode::empty()).calling("open /dev/null")?;
    rustix::stdio::dup2_stdin(&null).calling("dup2")?;
    rustix::stdio::dup2_stdout(&null).calling("dup2")?;
    rustix::stdio::dup2_stderr(&null).calling("dup2")?;
    drop(null);
    let keep = u32::try_from(socket.as_raw_fd()).map_err(|_| SandboxError::Launcher)?;
    for (first, last) in [(3, keep.saturating_sub(1)), (keep.saturating_add(1), u32::MAX)] {
        // SAFETY: plain numbers. What is closed belongs to values of the broker's that this process never comes back to.
        if first <= last && unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == -1 {
            return Err(std::io::Error::last_os_error()).calling("close_range");
        }
    }
    Ok(())
}

fn say(socket: BorrowedFd<'_>, said: Said, what: &[u8]) -> Result<(), SandboxError> {
    say_with(socket, said, what, &[])
}

fn say_with(socket: BorrowedFd<'_>, said: Said, what: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
    let what = what.get(..what.len().min(4096)).unwrap_or_default();
    passing::send(socket, &[&[said as u8], what].concat(), fds)
}

fn live(socket: BorrowedFd<'_>, (user, group): Ids, copied: Option<&Copied>) -> Result<(), SandboxError> {
    // a broker that is gone by now has closed the socket
    set_parent_process_death_signal(Some(Signal::KILL)).calling("prctl(PR_SET_PDEATHSIG)")?;
    let (mut letter, mut bytes, mut fds) = asked(socket)?;
    if let Some(copied) = copied {
        part(socket, copied)?;
        if letter == Some(BASE) {
            bytes = Plan { is_mediated: true, ..(copied.base)() }.to_bytes();
            // one that is too long for a message fails here
            passing::send(socket, &[&[Said::Base as u8], bytes.as_slice()].concat(), &[])?;
        }
    }
    single_threaded()?;
    settle(user, group)?;
    loopback_up()?;
    let mut begun = None;
    if letter == Some(BASE) {
        let base = Plan::from_bytes(&bytes)?;
        let tree = root::begin(&base)?;
        let rules = Rules::begin(&base, Path::new(root::NEW))?;
        begun = Some((base, tree, rules));
        passing::look_for(socket, SOON);
        (letter, bytes, fds) = asked(socket)?;
    }
    let plan = match (letter, fds.into_iter().next()) {
        (Some(GO), Some(file)) => Plan::from_bytes(&content(file)?)?,
        (Some(GO), None) => Plan::from_bytes(&bytes)?,
        _ => return Err(SandboxError::BrokerGone),
    };
    let (base, tree) = begun.map(|(base, tree, rules)| ((base, rules), tree)).unzip();
    let (lacks, leaving) = root::enter(&plan, base.as_ref().map(|(base, _)| base).zip(tree))?;
    // made in here, it is on no device that anyone else has; whoever holds it need not be in here
    let proxy = if plan.proxy { Some(std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).calling("bind")?) } else { None };
    privileges::drop_all()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).calling("prctl(PR_SET_DUMPABLE)")?;
    let inside = Path::new("/");
    let rules = match base {
        Some((base, mut rules)) if !root::covers(&plan, &base) && rules.are_for(&plan) => {
            rules.grant(plan.grants.iter().filter(|grant| !base.grants.contains(grant)), inside)?;
            rules
        }
        _ => Rules::begin(&plan, inside)?,
    };
    let rules = rules.end(&plan)?;
    let lacks = [u8::from(lacks.own_proc), u8::from(rules.is_none())];
    // no socket with a name can be seen but those that commands make, and the network is their own
    seccomp::install(&seccomp::child_filter(ChildCalls { unix_sockets: true, own_network: true, network: true, own_processes: true })?)?;
    // from the next filter on, calls about names wait for the broker, which answers when we are ready
    leaving.gone()?;
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
    serve(socket, rules.as_ref().map(AsFd::as_fd), plan.at_terminal)
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

fn serve(socket: BorrowedFd<'_>, rules: Option<BorrowedFd<'_>>, at_terminal: bool) -> Result<(), SandboxError> {
    // commands get them so
    reset_signals();
    let orphans = Orphans::watch()?;
    if at_terminal {
        // its one command is on the way
        passing::look_for(socket, SOON);
    }
    let mut company = Company::default();
    loop {
        match asked(socket)? {
            (Some(START), request, fds) => match start(request, fds, rules, at_terminal, &mut company) {
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

fn start(
    request: Vec<u8>,
    fds: Vec<OwnedFd>,
    rules: Option<BorrowedFd<'_>>,
    at_terminal: bool,
    company: &mut Company,
) -> Result<Process, SandboxError> {
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
    let core = from.number()?;
    let yields = !at_terminal && company.follow(core);
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
        session: if at_terminal { Session::Ours } else { Session::OursInAGroup },
        plain_signals: true,
        yields,
        own_namespaces: false,
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
        // whatever lives here has a parent here, and the last of those is ours; mostly there is nobody, and a signal to all looks at every
        // process of the machine
        match reap(libc::WNOHANG)? {
            Reaped::Nobody => return Ok(()),
            Reaped::One => continue,
            Reaped::Living => {}
        }
        // SAFETY: plain numbers; -1 is everything that this process may signal, and it is alone in its namespace with what it started.
        if unsafe { libc::kill(-1, libc::SIGKILL) } == -1 && std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH) {
            return Err(std::io::Error::last_os_error()).calling("kill");
        }
        if let Reaped::Nobody = reap(0)? {
            return Ok(());
        }
    }
}

/// What [`reap`] found.
enum Reaped {
    /// One that had ended, or it was interrupted.
    One,
    /// Children, all of them alive.
    Living,
    /// No child.
    Nobody,
}

/// Takes the end of a child, of whatever kind.
fn reap(options: libc::c_int) -> Result<Reaped, SandboxError> {
    // SAFETY: no place for a status is given, and the options are those of waitpid.
    match unsafe { libc::waitpid(-1, std::ptr::null_mut(), options | libc::__WALL) } {
        0 => Ok(Reaped::Living),
        pid if pid > 0 => Ok(Reaped::One),
        _ => match std::io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ECHILD) => Ok(Reaped::Nobody),
            error if error.raw_os_error() == Some(libc::EINTR) => Ok(Reaped::One),
            error => Err(error).calling("wait"),
        },
    }
}
