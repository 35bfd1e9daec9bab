//! What a child tries in vain under its filter, and what it must still be able to do. Each attempt is made twice: under the filter, and,
//! to see that the filter is what stops it, without.

use std::ffi::{CStr, CString};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;

use aegis_sandbox::End;
use aegis_sandbox::calls::{Filter, Sockets};
use libc::{EACCES, EAFNOSUPPORT, ENOSYS, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, SIGCHLD, SIGSYS, c_int, c_long};

use crate::attempts::Outcome::{self, Errno, Killed};
use crate::attempts::{AT_FDCWD, Answer, at, call};
use crate::{Test, attempts, in_child, look};

pub const TESTS: &[Test] = &[
    ("calls_of_children_are_refused", are_refused),
    ("calls_of_children_work", work),
    ("calls_that_make_set_id_files_make_empty_ones", set_id_files_are_empty),
];

pub const NONE: Sockets = Sockets { unix: false, own_network: false, network: false };
pub const SHARED: Sockets = Sockets { network: true, ..NONE };
pub const OWN: Sockets = Sockets { own_network: true, ..SHARED };
pub const UNIX: Sockets = Sockets { unix: true, ..NONE };
const EVERYTHING: Sockets = Sockets { unix: true, ..OWN };

type Call = fn(&Place) -> Answer;

/// What the calls need.
struct Place {
    parent: i64,
    file: CString,
    buffer: Vec<u8>,
}

/// Named by the test's pid: both users run the test.
fn new_file(test: i64) -> String {
    format!("/tmp/aegis-sandbox-calls-{test}")
}

fn place() -> Place {
    let parent = i64::from(rustix::process::getppid().unwrap().as_raw_pid());
    Place { parent, file: CString::new(new_file(parent)).unwrap(), buffer: vec![0; 4096] }
}

impl Place {
    fn buffer(&self) -> i64 {
        at(self.buffer.as_ptr())
    }

    /// Makes a file of our own.
    fn file(&self) -> i64 {
        fs::write(self.file.to_str().unwrap(), "x").unwrap();
        at(self.file.as_ptr())
    }
}

fn with<const N: usize>(nr: c_long, given: [i64; N]) -> Answer {
    let mut args = [0; 6];
    args[..N].copy_from_slice(&given);
    call(nr, args)
}

fn socket(family: c_int, kind: c_int, protocol: c_int) -> Answer {
    with(libc::SYS_socket, [family, kind, protocol].map(i64::from))
}

fn pair(place: &Place, family: c_int, kind: c_int) -> Answer {
    with(libc::SYS_socketpair, [family.into(), kind.into(), 0, place.buffer()])
}

fn open(path: &CStr, flags: c_int) -> i64 {
    with(libc::SYS_openat, [AT_FDCWD, at(path.as_ptr()), flags.into()]).0.unwrap()
}

/// On a terminal that controls this process.
fn on_terminal(command: i64) -> Answer {
    let _ = rustix::process::setsid();
    let master = open(c"/dev/ptmx", libc::O_RDWR | libc::O_NOCTTY);
    let (unlocked, mut number) = (0u32, 0u32);
    with(libc::SYS_ioctl, [master, 0x4004_5431, at(&unlocked)]).0.unwrap(); // TIOCSPTLCK
    with(libc::SYS_ioctl, [master, 0x8004_5430, at(&raw mut number)]).0.unwrap(); // TIOCGPTN
    let terminal = open(&CString::new(format!("/dev/pts/{number}")).unwrap(), libc::O_RDWR);
    // A character to type, a line discipline to set, or room for an answer.
    let mut value = 0u32;
    with(libc::SYS_ioctl, [terminal, command, at(&raw mut value)])
}

fn on_null(command: i64) -> Answer {
    with(libc::SYS_ioctl, [open(c"/dev/null", libc::O_RDWR), command, 0])
}

/// A connection by sending, to a listener of our own on loopback.
fn fast_open(how: c_long) -> Answer {
    const FASTOPEN: i64 = 0x2000_0000;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut address = [0u8; 16];
    address[0] = 2;
    address[2..4].copy_from_slice(&listener.local_addr().unwrap().port().to_be_bytes());
    address[4..8].copy_from_slice(&[127, 0, 0, 1]);
    let socket = socket(2, 1, 0).0.unwrap();
    if how == libc::SYS_sendto {
        return with(how, [socket, at(b"x".as_ptr()), 1, FASTOPEN, at(address.as_ptr()), 16]);
    }
    let bytes = [at(b"x".as_ptr()), 1];
    let message = [at(address.as_ptr()), 16, at(bytes.as_ptr()), 1, 0, 0, 0, 0];
    match how {
        libc::SYS_sendmsg => with(how, [socket, at(message.as_ptr()), FASTOPEN]),
        _ => with(how, [socket, at(message.as_ptr()), 1, FASTOPEN]),
    }
}

/// Executes a copy of `true` from memory.
fn execute_memfd(flags: i64) -> Answer {
    let file = match with(libc::SYS_memfd_create, [at(c"x".as_ptr()), flags]) {
        Answer(Ok(file)) => file,
        refused => return refused,
    };
    let program = fs::read(look::program("true")).unwrap();
    assert_eq!(with(libc::SYS_write, [file, at(program.as_ptr()), program.len().try_into().unwrap()]).0, Ok(program.len() as i64));
    let argv = [at(c"true".as_ptr()), 0];
    with(libc::SYS_execveat, [file, at(c"".as_ptr()), at(argv.as_ptr()), 0, libc::AT_EMPTY_PATH.into()])
}

fn clone3() -> Answer {
    let args = [0, 0, 0, 0, u64::try_from(SIGCHLD).unwrap(), 0, 0, 0];
    attempts::child(with(libc::SYS_clone3, [at(args.as_ptr()), 64]))
}

fn clone(namespaces: c_int) -> Answer {
    attempts::child(with(libc::SYS_clone, [(namespaces | SIGCHLD).into()]))
}

/// Every family but the four that there are rules for: an answer that is no refusal, if there is one.
fn other_families() -> Answer {
    let families = (0..=64).filter(|family| ![1, 2, 10, 16].contains(family));
    let mut answers = families.flat_map(|family| [1, 2, 3, 5].map(|kind| socket(family, kind, 0)));
    answers.find(|answer| answer.0 != Err(EAFNOSUPPORT)).unwrap_or(Answer(Err(EAFNOSUPPORT)))
}

/// Name, sockets that the filter allows, call, what becomes of it under the filter, and whether any machine answers any user otherwise
/// without it. (Some calls are made so that the kernel rejects their arguments before it looks at the caller's rights.)
const REFUSED: &[(&str, Sockets, Call, Outcome, bool)] = &[
    ("trace the parent", NONE, |place| with(libc::SYS_ptrace, [0x4206, place.parent]), Errno(EPERM), false),
    ("be traced", NONE, |_| with(libc::SYS_ptrace, [0]), Errno(EPERM), true),
    ("read the parent's memory", NONE, |place| with(libc::SYS_process_vm_readv, [place.parent]), Errno(EPERM), true),
    ("write the parent's memory", NONE, |place| with(libc::SYS_process_vm_writev, [place.parent]), Errno(EPERM), true),
    ("advise on memory", NONE, |_| with(libc::SYS_process_madvise, [-1]), Errno(EPERM), true),
    ("take a descriptor", NONE, |_| with(libc::SYS_pidfd_getfd, [-1]), Errno(EPERM), true),
    ("limit the parent", NONE, |place| with(libc::SYS_prlimit64, [place.parent, 7]), Errno(EPERM), true),
    ("affinity of the parent", NONE, |place| with(libc::SYS_sched_setaffinity, [place.parent]), Errno(EPERM), true),
    ("scheduler of the parent", NONE, |place| with(libc::SYS_sched_setscheduler, [place.parent, -1]), Errno(EPERM), true),
    ("priority of the parent", NONE, |place| with(libc::SYS_sched_setparam, [place.parent]), Errno(EPERM), true),
    ("deadline of the parent", NONE, |place| with(libc::SYS_sched_setattr, [place.parent]), Errno(EPERM), true),
    ("new user namespace", NONE, |_| with(libc::SYS_unshare, [libc::CLONE_NEWUSER.into()]), Errno(EPERM), false),
    ("new time namespace", NONE, |_| with(libc::SYS_unshare, [0x80]), Errno(EPERM), false),
    ("clone into a user namespace", NONE, |_| clone(libc::CLONE_NEWUSER), Errno(EPERM), false),
    ("clone into all namespaces", NONE, |_| clone(0x7e02_0000), Errno(EPERM), false),
    ("clone3", NONE, |_| clone3(), Errno(ENOSYS), false),
    ("enter a namespace", NONE, |_| with(libc::SYS_setns, [-1]), Errno(EPERM), true),
    ("mount", NONE, |_| with(libc::SYS_mount, []), Errno(EPERM), true),
    ("umount", NONE, |_| with(libc::SYS_umount2, [0, -1]), Errno(EPERM), true),
    ("change the root", NONE, |_| with(libc::SYS_chroot, [at(c"/".as_ptr())]), Errno(EPERM), false),
    ("swap the root", NONE, |_| with(libc::SYS_pivot_root, []), Errno(EPERM), false),
    ("open a tree", NONE, |_| with(libc::SYS_open_tree, [AT_FDCWD, at(c"/".as_ptr())]), Errno(EPERM), true),
    ("open a tree with attributes", NONE, |_| with(467, [AT_FDCWD, at(c"/".as_ptr())]), Errno(EPERM), true),
    ("move a mount", NONE, |_| with(libc::SYS_move_mount, [-1, 0, -1, 0, -1]), Errno(EPERM), false),
    ("open a file system", NONE, |_| with(libc::SYS_fsopen, [at(c"tmpfs".as_ptr())]), Errno(EPERM), false),
    ("configure a file system", NONE, |_| with(libc::SYS_fsconfig, [-1]), Errno(EPERM), true),
    ("attributes of a mount", NONE, |_| with(libc::SYS_mount_setattr, [-1, 0, -1]), Errno(EPERM), true),
    (
        "handle of a file",
        NONE,
        |p| with(libc::SYS_name_to_handle_at, [AT_FDCWD, at(c"/".as_ptr()), p.buffer(), p.buffer() + 64]),
        Errno(EPERM),
        true,
    ),
    ("open by handle", NONE, |place| with(libc::SYS_open_by_handle_at, [AT_FDCWD, place.buffer()]), Errno(EPERM), false),
    ("watch by fanotify", NONE, |_| with(libc::SYS_fanotify_init, [0x200]), Errno(EPERM), false),
    ("io_uring", NONE, |place| with(libc::SYS_io_uring_setup, [1, place.buffer()]), Errno(ENOSYS), false),
    ("enter io_uring", NONE, |_| with(libc::SYS_io_uring_enter, [-1]), Errno(ENOSYS), false),
    ("register with io_uring", NONE, |_| with(libc::SYS_io_uring_register, [-1]), Errno(ENOSYS), false),
    ("bpf", NONE, |place| with(libc::SYS_bpf, [0, place.buffer(), 1 << 20]), Errno(EPERM), true),
    ("perf", NONE, |_| with(libc::SYS_perf_event_open, [0, 0, 0, 0, -1]), Errno(EPERM), true),
    ("userfaultfd", NONE, |_| with(libc::SYS_userfaultfd, [1]), Errno(EPERM), true),
    ("a keyring", NONE, |_| with(libc::SYS_keyctl, [0, -3]), Errno(EPERM), true),
    ("add a key", NONE, |_| with(libc::SYS_add_key, []), Errno(EPERM), true),
    ("request a key", NONE, |_| with(libc::SYS_request_key, []), Errno(EPERM), true),
    ("secret memory", NONE, |_| with(libc::SYS_memfd_secret, [-1]), Errno(EPERM), true),
    ("where pages lie", NONE, |_| with(libc::SYS_move_pages, []), Errno(EPERM), true),
    ("read the kernel's log", NONE, |_| with(libc::SYS_syslog, [10]), Errno(EPERM), false),
    ("set a clock", NONE, |_| with(libc::SYS_clock_settime, [-1]), Errno(EPERM), true),
    ("adjust the clock", NONE, |place| with(libc::SYS_adjtimex, [place.buffer()]), Errno(EPERM), true),
    ("swap", NONE, |_| with(libc::SYS_swapon, [0, -1]), Errno(EPERM), true),
    ("quota", NONE, |_| with(libc::SYS_quotactl_fd, [-1]), Errno(EPERM), true),
    #[cfg(target_arch = "x86_64")]
    ("ports", NONE, |_| with(libc::SYS_iopl, [0]), Errno(EPERM), true),
    #[cfg(target_arch = "x86_64")]
    ("segments", NONE, |place| with(libc::SYS_modify_ldt, [0, place.buffer(), 16]), Errno(EPERM), true),
    ("memory readable is executable", NONE, |_| with(libc::SYS_personality, [0x0040_0000]), Errno(EPERM), true),
    ("type into the terminal", NONE, |_| on_terminal(0x5412), Errno(EPERM), true),
    ("type into the terminal, high bits", NONE, |_| on_terminal(0x5412 | 1 << 40), Errno(EPERM), true),
    ("line discipline", NONE, |_| on_terminal(0x5423), Errno(EPERM), true),
    ("paste into the console", NONE, |_| on_null(0x541c), Errno(EPERM), true),
    ("redirect the console", NONE, |_| on_null(0x541d), Errno(EPERM), true),
    #[cfg(target_arch = "x86_64")]
    ("chmod 4755", NONE, |place| with(libc::SYS_chmod, [place.file(), 0o4755]), Errno(EPERM), true),
    ("fchmodat 2755", NONE, |place| with(libc::SYS_fchmodat, [AT_FDCWD, place.file(), 0o2755]), Errno(EPERM), true),
    ("fchmodat2 4755", NONE, |place| with(452, [AT_FDCWD, place.file(), 0o4755]), Errno(EPERM), true),
    ("fchmod 6755", NONE, |place| with(libc::SYS_fchmod, [open_path(place.file()), 0o6755]), Errno(EPERM), true),
    ("memfd", NONE, |_| with(libc::SYS_memfd_create, [at(c"x".as_ptr()), 1]), Errno(EACCES), true),
    ("execute a memfd", NONE, |_| execute_memfd(1), Errno(EACCES), true),
    ("unix socket", OWN, |_| socket(1, 1, 0), Errno(EAFNOSUPPORT), true),
    ("unix datagram socket", OWN, |_| socket(1, 2, 0), Errno(EAFNOSUPPORT), true),
    ("pair of datagram sockets", OWN, |place| pair(place, 1, 2), Errno(EPERM), true),
    ("the same by its other name", OWN, |place| pair(place, 1, libc::SOCK_RAW), Errno(EPERM), true),
    ("pair of TIPC sockets", EVERYTHING, |place| pair(place, 30, 5), Errno(EAFNOSUPPORT), false),
    ("pair of TCP sockets", EVERYTHING, |place| pair(place, 2, 1), Errno(EAFNOSUPPORT), true),
    ("tcp without network", UNIX, |_| socket(2, 1, 0), Errno(EAFNOSUPPORT), true),
    ("udp without network", Sockets { network: false, ..EVERYTHING }, |_| socket(2, 2, 0), Errno(EAFNOSUPPORT), true),
    ("udp", SHARED, |_| socket(2, 2 | libc::SOCK_CLOEXEC, 0), Errno(EPERM), true),
    ("udp 6", SHARED, |_| socket(10, 2, 17), Errno(EPERM), false),
    ("udp-lite", EVERYTHING, |_| socket(2, 2, 136), Errno(EPERM), true),
    ("ping", EVERYTHING, |_| socket(2, 2, 1), Errno(EPERM), true),
    ("raw", EVERYTHING, |_| socket(2, 3, 1), Errno(EPERM), false),
    ("packet by its old name", EVERYTHING, |_| socket(2, 10, 0x300), Errno(EPERM), false),
    ("mptcp", EVERYTHING, |_| socket(2, 1, 262), Errno(EPROTONOSUPPORT), false),
    ("sctp", EVERYTHING, |_| socket(2, 1, 132), Errno(EPROTONOSUPPORT), false),
    ("vsock", EVERYTHING, |_| socket(40, 1, 0), Errno(EAFNOSUPPORT), false),
    ("packet", EVERYTHING, |_| socket(17, 3, 0), Errno(EAFNOSUPPORT), true),
    ("crypto", EVERYTHING, |_| socket(38, 5, 0), Errno(EAFNOSUPPORT), false),
    ("other families", EVERYTHING, |_| other_families(), Errno(EAFNOSUPPORT), false),
    ("netlink of devices", EVERYTHING, |_| socket(16, 3, 15), Errno(EAFNOSUPPORT), true),
    ("netlink of routes", SHARED, |_| socket(16, 3, 0), Errno(EAFNOSUPPORT), true),
    ("fast open", EVERYTHING, |_| fast_open(libc::SYS_sendto), Errno(EOPNOTSUPP), false),
    ("fast open by message", EVERYTHING, |_| fast_open(libc::SYS_sendmsg), Errno(EOPNOTSUPP), false),
    ("fast open by messages", EVERYTHING, |_| fast_open(libc::SYS_sendmmsg), Errno(EOPNOTSUPP), false),
    ("an x32 call", NONE, |_| with(0x4000_0000 | libc::SYS_getpid, []), Errno(ENOSYS), false),
    ("a call of tomorrow", NONE, |_| with(470, []), Errno(ENOSYS), false),
    ("a number between the tables", NONE, |_| with(400, []), Errno(ENOSYS), false),
    #[cfg(target_arch = "x86_64")]
    ("a 32-bit call", NONE, |_| Answer(Ok(attempts::compat_getpid())), Killed, true),
];

fn open_path(path: i64) -> i64 {
    with(libc::SYS_openat, [AT_FDCWD, path, libc::O_RDWR.into()]).0.unwrap()
}

/// What programs need, and the filter must not take.
const ALLOWED: &[(&str, Sockets, Call)] = &[
    ("stop sharing files", NONE, |_| with(libc::SYS_unshare, [0x600])),
    ("own limits", NONE, |place| with(libc::SYS_prlimit64, [0, 7, 0, place.buffer()])),
    ("own affinity", NONE, |place| {
        let length = with(libc::SYS_sched_getaffinity, [0, 4096, place.buffer()]).0.unwrap();
        with(libc::SYS_sched_setaffinity, [0, length, place.buffer()])
    }),
    ("fork by clone", NONE, |_| clone(0)),
    ("ask for the personality", NONE, |_| with(libc::SYS_personality, [0xffff_ffff])),
    ("addresses that do not vary", NONE, |_| with(libc::SYS_personality, [0x0004_0000])),
    ("fchmodat 755", NONE, |place| with(libc::SYS_fchmodat, [AT_FDCWD, place.file(), 0o755])),
    ("fchmodat 1777", NONE, |place| with(libc::SYS_fchmodat, [AT_FDCWD, place.file(), 0o1777])),
    ("bytes to read", NONE, |place| with(libc::SYS_ioctl, [open_path(place.file()), 0x541b, place.buffer()])),
    ("foreground of the terminal", NONE, |_| on_terminal(0x540f)),
    ("sealed memfd", NONE, |_| with(libc::SYS_memfd_create, [at(c"x".as_ptr()), 9])),
    ("a sealed memfd, but not to execute it", NONE, |_| Answer(if execute_memfd(8).0 == Err(EACCES) { Ok(0) } else { Err(0) })),
    ("pair of stream sockets", NONE, |place| pair(place, 1, 1 | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK)),
    ("pair of packet sockets", NONE, |place| pair(place, 1, 5)),
    ("pair of datagram sockets", UNIX, |place| pair(place, 1, 2)),
    ("unix socket", UNIX, |_| socket(1, 1 | libc::SOCK_CLOEXEC, 0)),
    ("unix datagram socket", UNIX, |_| socket(1, 2, 0)),
    ("tcp", SHARED, |_| socket(2, 1 | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0)),
    ("tcp by number", SHARED, |_| socket(2, 1, 6)),
    ("udp", OWN, |_| socket(2, 2 | libc::SOCK_CLOEXEC, 17)),
    ("netlink of routes", Sockets { own_network: true, ..NONE }, |_| socket(16, 3 | libc::SOCK_CLOEXEC, 0)),
];

/// The child: says "ready", then what the call answered.
pub fn child(name: &str, how: &str) {
    let refused = REFUSED.iter().map(|(name, sockets, call, ..)| (*name, *sockets, *call));
    let allowed = ALLOWED.iter().copied();
    let mut all: Box<dyn Iterator<Item = (&str, Sockets, Call)>> = if how == "allowed" { Box::new(allowed) } else { Box::new(refused) };
    let (_, sockets, call) = all.find(|one| one.0 == name).unwrap();
    let place = place();
    // What the filter kills would leave its memory behind.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(rustix::process::Resource::Core, none).unwrap();
    if how != "free" {
        Filter::new(sockets).unwrap().bind().unwrap();
    }
    say("ready ");
    let answer = call(&place);
    say(&answer.to_string());
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}

fn try_it(name: &str, how: &str) -> (String, End) {
    let output = in_child::start(&["call", name, how]).wait_with_output().unwrap();
    let _ = fs::remove_file(new_file(std::process::id().into()));
    // Forks that worked come to us, the subreaper.
    while matches!(rustix::process::wait(rustix::process::WaitOptions::NOHANG), Ok(Some(_))) {}
    let end = output.status.code().map_or_else(|| End::Signal(output.status.signal().unwrap()), End::Exited);
    (String::from_utf8(output.stdout).unwrap(), end)
}

fn are_refused() {
    let (mut wrong, mut unseen) = (Vec::new(), Vec::new());
    // A container may have brought a filter of its own.
    let filtered = look::status("self", "Seccomp").unwrap() != "0";
    for (name, _, outcome, differs) in REFUSED.iter().map(|(name, sockets, _, outcome, differs)| (name, sockets, outcome, differs)) {
        let expected = match outcome {
            Errno(errno) => (format!("ready errno {errno}"), End::Exited(0)),
            Killed => ("ready ".to_owned(), End::Signal(SIGSYS)),
        };
        let (said, end) = try_it(name, "filtered");
        if (&said, &end) != (&expected.0, &expected.1) {
            wrong.push(format!("{name}: said `{said}`, {end}"));
        }
        let free = try_it(name, "free");
        if free == expected && *differs && !filtered {
            wrong.push(format!("{name} without the filter: said `{}`, {}", free.0, free.1));
        } else if free == expected {
            unseen.push(*name);
        }
    }
    if !unseen.is_empty() {
        println!("note: this machine refuses to this user without the filter too: {}", unseen.join(", "));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn work() {
    let tried = ALLOWED.iter().map(|(name, ..)| (*name, try_it(name, "allowed")));
    let wrong: Vec<_> = tried.filter(|(_, answer)| *answer != ("ready done".to_owned(), End::Exited(0))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The filter leaves the modes of open and mknod alone; this is why.
fn set_id_files_are_empty() {
    let output = in_child::start(&["set-id files"]).wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "none");
}

/// Changes a file's size.
type Fill = fn(&mut fs::File);

/// Makes set-id files and changes their size in every way, as a child: without capabilities.
pub fn fill_set_id_files() {
    let none = rustix::thread::CapabilitySets {
        effective: rustix::thread::CapabilitySet::empty(),
        permitted: rustix::thread::CapabilitySet::empty(),
        inheritable: rustix::thread::CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).unwrap();
    Filter::new(NONE).unwrap().bind().unwrap();
    rustix::process::umask(rustix::fs::Mode::empty());
    for directory in ["/tmp", "/dev/shm", "/var/tmp"] {
        let path = format!("{directory}/aegis-sandbox-set-id-{}", std::process::id());
        let fill: [(&str, Fill); 3] = [
            ("write", |file| file.write_all(b"x").unwrap()),
            ("truncate", |file| file.set_len(4096).unwrap()),
            ("allocate", |file| rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, 4096).unwrap()),
        ];
        for ((how, fill), by_mknod) in fill.iter().flat_map(|fill| [(fill, false), (fill, true)]) {
            if by_mknod {
                let mode = rustix::fs::Mode::from_raw_mode(0o6755);
                rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::RegularFile, mode, 0).unwrap();
            }
            let mut file = fs::OpenOptions::new().read(true).write(true).create_new(!by_mknod).mode(0o6755).open(&path).unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o6000, 0o6000, "the attempt is a real one");
            fill(&mut file);
            let (mode, length) = (file.metadata().unwrap().permissions().mode(), file.metadata().unwrap().len());
            fs::remove_file(&path).unwrap();
            assert!(length > 0 && mode & 0o6000 == 0, "{path} by {how}: {mode:o}");
        }
        rustix::fs::mkdir(&path, rustix::fs::Mode::from_raw_mode(0o6755)).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        fs::remove_dir(&path).unwrap();
        assert_eq!(mode & 0o6000, 0);
    }
    say("none");
}
