//! The changes: the object is found, judged, and changed.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, Timespec, Timestamps, chmod, fstat, ftruncate, linkat, mkdirat, mknodat, open,
    openat, renameat_with, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;

use super::caller::Caller;
use super::calls::{CHANGES, Flags, Form, Name, Times};
use super::made::Made;
use super::mediator::{Change, JudgeChange};
use super::object::{Entry, Object, Root};
use crate::child::FileId;

/// What a call gives.
pub(super) enum Answer {
    /// Zero.
    Value,
    /// A descriptor.
    File { file: OwnedFd, close_on_exec: bool },
    /// What the kernel does with the caller's own rights.
    GoOn,
}

/// Everything below a directory that is to be renamed is judged under both names, up to so many.
const MOST_RENAMED: usize = 20_000;
/// And so deep: each level is a descriptor and a frame of ours.
const DEEPEST_RENAMED: usize = 100;

/// Mode bits that commands may set: none that raises privileges.
const MODES: u32 = 0o1777;

pub(super) struct Changes {
    pub(super) root: Root,
    /// The device of the temporary directories.
    pub(super) scratch: u64,
    /// Those of them in which commands have rights of their own.
    pub(super) free: Vec<PathBuf>,
    /// What can be read at all, beside what is their own.
    pub(super) readable: Vec<PathBuf>,
    pub(super) made: Made,
    pub(super) judge: Box<dyn JudgeChange>,
}

/// A call that is answered.
struct Call<'a> {
    caller: Caller,
    args: [u64; 6],
    /// Whether it is still the caller that was read from.
    is_there: &'a dyn Fn() -> bool,
}

impl Call<'_> {
    fn arg(&self, place: usize) -> u64 {
        self.args.get(place).copied().unwrap_or(0)
    }

    /// An argument of which the kernel takes 32 bits.
    fn number(&self, place: usize) -> u32 {
        (self.arg(place) & 0xffff_ffff) as u32
    }

    fn flags(&self, flags: Flags) -> i32 {
        match flags {
            Flags::In(place) => self.number(place).cast_signed(),
            Flags::Fixed(flags) => flags,
        }
    }

    fn path(&self, name: Name) -> Result<PathBuf, Errno> {
        let text = self.caller.text(self.arg(name.text))?;
        let path = self.caller.path(name.directory.map(|place| self.arg(place)), Path::new(&text))?;
        self.check()?;
        Ok(path)
    }

    /// What a descriptor of the caller's is open on.
    fn descriptor(&self, fd: u64) -> Result<Object, Errno> {
        let fd = open(self.caller.descriptor(fd), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).map_err(|_| Errno::BADF)?;
        self.check()?;
        Object::of(fd)
    }

    fn check(&self) -> Result<(), Errno> {
        if (self.is_there)() { Ok(()) } else { Err(Errno::SRCH) }
    }
}

impl Changes {
    pub(super) fn perform(&mut self, caller: Caller, form: Form, args: [u64; 6], is_there: &dyn Fn() -> bool) -> Result<Answer, Errno> {
        let call = Call { caller, args, is_there };
        match form {
            Form::Open { name, flags, .. } if call.flags(flags) & CHANGES == 0 => Ok(self.look(&call, name)),
            Form::Open { name, flags, mode } => self.open(&call, name, call.flags(flags), call.number(mode)),
            Form::MakeDirectory { name, mode } => {
                let Some(entry) = self.new_entry(&call, name)? else { return Ok(Answer::GoOn) };
                let mode = Mode::from_raw_mode(call.number(mode) & MODES & !call.caller.umask()?);
                mkdirat(&entry.directory, &entry.name, mode).map(|()| self.has_made(&entry))
            }
            Form::MakeNode { name, mode } => self.make_node(&call, name, call.number(mode)),
            Form::Remove { name, flags } => self.remove(&call, name, call.flags(flags)),
            Form::Rename { from, to, flags } => self.rename(&call, from, to, call.flags(flags).cast_unsigned()),
            Form::Link { from, to, flags } => self.link(&call, from, to, call.flags(flags)),
            Form::Symlink { target, name } => {
                let Some(entry) = self.new_entry(&call, name)? else { return Ok(Answer::GoOn) };
                let target = call.caller.text(call.arg(target))?;
                call.check()?;
                symlinkat(&target, &entry.directory, &entry.name).map(|()| self.has_made(&entry))
            }
            Form::Truncate { name, length } => {
                let object = self.root.object(&call.path(name)?, true)?;
                if self.is_own(&object.path, object.stat.st_dev) {
                    return Ok(Answer::GoOn);
                }
                self.may_write(&object)?;
                if object.kind() != FileType::RegularFile {
                    return Err(if object.kind() == FileType::Directory { Errno::ISDIR } else { Errno::INVAL });
                }
                let file = open(object.by_descriptor(), OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
                ftruncate(file, call.arg(length)).map(|()| Answer::Value)
            }
            Form::Mode { name, mode, flags } => {
                let object = self.named(&call, name, call.flags(flags))?;
                self.set_mode(&object, call.number(mode))
            }
            Form::ModeOf { fd, mode } => {
                let object = call.descriptor(call.arg(fd))?;
                self.set_mode(&object, call.number(mode))
            }
            Form::Owner { user, group } => {
                let (me, mine) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
                // there are no others in the user namespace; what changes nothing is no change
                let is_same = [(call.number(user), me), (call.number(group), mine)].iter().all(|(to, own)| *to == u32::MAX || to == own);
                if is_same { Ok(Answer::Value) } else { Err(Errno::PERM) }
            }
            Form::Times { name, times, flags } => self.set_times(&call, name, times, call.flags(flags)),
            Form::Attributes => Err(Errno::OPNOTSUPP),
            Form::Look { name } => Ok(self.look(&call, name)),
        }
    }

    /// Changes nothing, and its answer is the kernel's.
    fn look(&mut self, call: &Call<'_>, name: Name) -> Answer {
        if let Ok(path) = call.path(name)
            && self.root.object(&path, true).map_or_else(|errno| errno == Errno::NOENT, |object| self.is_closed(&object))
        {
            self.judge.found_nothing(&path);
        }
        Answer::GoOn
    }

    /// Whether it is there, and not to be read: masked, which leaves no rights at all, or given to be written only.
    fn is_closed(&self, object: &Object) -> bool {
        let is_readable =
            || self.is_own(&object.path, object.stat.st_dev) || self.readable.iter().any(|grant| object.path.starts_with(grant));
        object.stat.st_mode & 0o777 == 0 || object.kind() != FileType::Directory && !is_readable()
    }

    /// In a temporary directory, or of the kernel's own file systems: there the caller's own rights say all, and a name that leads elsewhere
    /// by now meets Landlock.
    fn is_own(&self, path: &Path, device: u64) -> bool {
        let is_free = || self.free.iter().any(|free| path.starts_with(free));
        device == self.scratch && is_free() || path.starts_with("/dev") || path.starts_with("/proc")
    }

    fn is_own_entry(&self, entry: &Entry) -> Result<bool, Errno> {
        Ok(self.is_own(&entry.path, fstat(&entry.directory)?.st_dev))
    }

    fn may(&mut self, change: &Change<'_>) -> Result<(), Errno> {
        if self.judge.may(change) { Ok(()) } else { Err(Errno::ACCESS) }
    }

    fn may_write(&mut self, object: &Object) -> Result<(), Errno> {
        if object.stat.st_dev == self.scratch {
            return Ok(());
        }
        let file = FileId { device: object.stat.st_dev, inode: object.stat.st_ino };
        self.may(&Change::Write { path: &object.path, file: Some((file, object.stat.st_nlink)) })
    }

    fn may_make(&mut self, entry: &Entry) -> Result<(), Errno> {
        if fstat(&entry.directory)?.st_dev == self.scratch {
            return Ok(());
        }
        self.may(&Change::Write { path: &entry.path, file: None })
    }

    /// Remembers something new.
    fn has_made(&mut self, entry: &Entry) -> Answer {
        self.made.add(&entry.directory, &entry.name);
        Answer::Value
    }

    /// A name for something new, judged; none where the caller's own rights say all.
    fn new_entry(&mut self, call: &Call<'_>, name: Name) -> Result<Option<Entry>, Errno> {
        let entry = self.root.entry(&call.path(name)?)?;
        if self.is_own_entry(&entry)? {
            return Ok(None);
        }
        if entry.stat().is_ok() {
            return Err(Errno::EXIST);
        }
        self.may_make(&entry)?;
        Ok(Some(entry))
    }

    fn open(&mut self, call: &Call<'_>, name: Name, flags: i32, mode: u32) -> Result<Answer, Errno> {
        let path = call.path(name)?;
        let has = |flag: i32| flags & flag == flag;
        if has(libc::O_PATH) {
            return Ok(Answer::GoOn);
        }
        if has(libc::O_TMPFILE) {
            let directory = self.root.object(&path, true)?;
            if self.is_own(&directory.path, directory.stat.st_dev) {
                return Ok(Answer::GoOn);
            }
            // a file without a name cannot be judged; programs go on with one that has
            return Err(Errno::OPNOTSUPP);
        }
        let is_new = has(libc::O_CREAT | libc::O_EXCL);
        match self.root.object(&path, !has(libc::O_NOFOLLOW) && !is_new) {
            Ok(object) if self.is_own(&object.path, object.stat.st_dev) => Ok(Answer::GoOn),
            Ok(_) if is_new => Err(Errno::EXIST),
            Ok(object) => self.open_object(&object, flags),
            // through a link of /proc: the caller's own descriptors, with the rights of its own
            Err(Errno::LOOP) => Ok(Answer::GoOn),
            // `/dev/stdout` is `/proc/self/fd/1`, and who `self` is only the caller knows
            Err(Errno::NOENT) if path.starts_with("/dev") || path.starts_with("/proc") => Ok(Answer::GoOn),
            Err(Errno::NOENT) if has(libc::O_CREAT) => self.create(call, &path, flags, mode),
            Err(errno) => Err(errno),
        }
    }

    fn open_object(&mut self, object: &Object, flags: i32) -> Result<Answer, Errno> {
        match object.kind() {
            FileType::RegularFile => {}
            FileType::Directory => return Err(Errno::ISDIR),
            FileType::Symlink => return Err(Errno::LOOP),
            // pipes, sockets, devices: opening them could wait, and Landlock decides
            _ => return Ok(Answer::GoOn),
        }
        if flags & CHANGES == libc::O_CREAT {
            // only to be read; what is not there by then cannot be made
            return Ok(Answer::GoOn);
        }
        self.may_write(object)?;
        if flags & libc::O_ACCMODE == libc::O_RDWR && object.stat.st_dev != self.scratch {
            self.may(&Change::Read { path: &object.path })?;
        }
        let not_again = libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW;
        let file = open(object.by_descriptor(), opening(flags & !not_again), Mode::empty())?;
        Ok(Answer::File { file, close_on_exec: flags & libc::O_CLOEXEC != 0 })
    }

    fn create(&mut self, call: &Call<'_>, path: &Path, flags: i32, mode: u32) -> Result<Answer, Errno> {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(Errno::ISDIR);
        }
        let entry = self.root.entry(path)?;
        if self.is_own_entry(&entry)? {
            return Ok(Answer::GoOn);
        }
        // a link to nothing: what it would make lies elsewhere
        if entry.stat().is_ok() {
            return Err(Errno::ACCESS);
        }
        self.may_make(&entry)?;
        let mode = Mode::from_raw_mode(mode & MODES & !call.caller.umask()?);
        let flags_of_file = opening(flags) | OFlags::CREATE | OFlags::NOFOLLOW;
        let file = openat(&entry.directory, &entry.name, flags_of_file, mode)?;
        self.has_made(&entry);
        Ok(Answer::File { file, close_on_exec: flags & libc::O_CLOEXEC != 0 })
    }

    fn make_node(&mut self, call: &Call<'_>, name: Name, mode: u32) -> Result<Answer, Errno> {
        let kind = match FileType::from_raw_mode(mode) {
            FileType::Unknown => FileType::RegularFile,
            kind @ (FileType::RegularFile | FileType::Fifo | FileType::Socket) => kind,
            _ => return Err(Errno::PERM),
        };
        let Some(entry) = self.new_entry(call, name)? else { return Ok(Answer::GoOn) };
        let mode = Mode::from_raw_mode(mode & MODES & !call.caller.umask()?);
        mknodat(&entry.directory, &entry.name, kind, mode, 0).map(|()| self.has_made(&entry))
    }

    fn remove(&mut self, call: &Call<'_>, name: Name, flags: i32) -> Result<Answer, Errno> {
        let entry = self.root.entry(&call.path(name)?)?;
        if self.is_own_entry(&entry)? {
            return Ok(Answer::GoOn);
        }
        entry.stat()?;
        if fstat(&entry.directory)?.st_dev != self.scratch {
            let is_own = self.made.has(&entry.directory, &entry.name);
            self.may(&Change::Remove { path: &entry.path, is_own })?;
        }
        let flags = if flags & libc::AT_REMOVEDIR != 0 { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        unlinkat(&entry.directory, &entry.name, flags).map(|()| Answer::Value)
    }

    fn rename(&mut self, call: &Call<'_>, from: Name, to: Name, flags: u32) -> Result<Answer, Errno> {
        let (from, to) = (self.root.entry(&call.path(from)?)?, self.root.entry(&call.path(to)?)?);
        match (self.is_own_entry(&from)?, self.is_own_entry(&to)?) {
            (true, true) => return Ok(Answer::GoOn),
            (false, false) => {}
            _ => return Err(Errno::XDEV),
        }
        let is_scratch = |entry: &Entry| fstat(&entry.directory).map(|stat| stat.st_dev == self.scratch);
        let is_scratch = match (is_scratch(&from)?, is_scratch(&to)?) {
            (from, to) if from == to => from,
            _ => return Err(Errno::XDEV),
        };
        let flags = RenameFlags::from_bits(flags).filter(|flags| !flags.contains(RenameFlags::WHITEOUT)).ok_or(Errno::INVAL)?;
        from.stat()?;
        if !is_scratch {
            self.may_move(&from, &to.path)?;
            if flags.contains(RenameFlags::EXCHANGE) {
                self.may_move(&to, &from.path)?;
            }
        }
        renameat_with(&from.directory, &from.name, &to.directory, &to.name, flags).map(|()| Answer::Value)
    }

    /// A name goes, and another one comes; with all that is below.
    fn may_move(&mut self, from: &Entry, to: &Path) -> Result<(), Errno> {
        let mut left = MOST_RENAMED;
        self.may_move_tree(from.directory.as_fd(), &from.name, &from.path, to, &mut left, DEEPEST_RENAMED)
    }

    fn may_move_tree(
        &mut self,
        directory: impl AsFd,
        name: &std::ffi::OsStr,
        from: &Path,
        to: &Path,
        left: &mut usize,
        deeper: usize,
    ) -> Result<(), Errno> {
        let deeper = deeper.checked_sub(1).ok_or(Errno::ACCESS)?;
        *left = left.checked_sub(1).ok_or(Errno::ACCESS)?;
        let is_own = self.made.has(&directory, name);
        self.may(&Change::Remove { path: from, is_own })?;
        let stat = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let file = FileId { device: stat.st_dev, inode: stat.st_ino };
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        if !is_directory {
            // under the new name it could be read, by others too
            self.may(&Change::Read { path: from })?;
        }
        self.may(&Change::Write { path: to, file: (!is_directory).then_some((file, stat.st_nlink)) })?;
        if !is_directory {
            return Ok(());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let below = openat(&directory, name, flags, Mode::empty())?;
        for entry in Dir::read_from(&below)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let name = std::os::unix::ffi::OsStrExt::from_bytes(name.to_bytes());
            self.may_move_tree(&below, name, &from.join(name), &to.join(name), left, deeper)?;
        }
        Ok(())
    }

    fn link(&mut self, call: &Call<'_>, from: Name, to: Name, flags: i32) -> Result<Answer, Errno> {
        let follow = flags & libc::AT_SYMLINK_FOLLOW != 0;
        let from = match self.root_or_descriptor(call, from, flags, follow) {
            // through a link of /proc: a file without a name gets one
            Err(Errno::LOOP) => return Err(Errno::XDEV),
            from => from?,
        };
        let entry = self.root.entry(&call.path(to)?)?;
        match (self.is_own(&from.path, from.stat.st_dev), self.is_own_entry(&entry)?) {
            (true, true) => return Ok(Answer::GoOn),
            (false, false) => {}
            _ => return Err(Errno::XDEV),
        }
        if entry.stat().is_ok() {
            return Err(Errno::EXIST);
        }
        // under the new name it could be written and read
        self.may_write(&from)?;
        if from.stat.st_dev != self.scratch {
            self.may(&Change::Read { path: &from.path })?;
        }
        self.may_make(&entry)?;
        linkat(CWD, from.by_descriptor(), &entry.directory, &entry.name, AtFlags::SYMLINK_FOLLOW).map(|()| Answer::Value)
    }

    fn root_or_descriptor(&self, call: &Call<'_>, name: Name, flags: i32, follow: bool) -> Result<Object, Errno> {
        if let (true, Some(directory)) = (flags & libc::AT_EMPTY_PATH != 0, name.directory)
            && (call.arg(name.text) == 0 || call.caller.text(call.arg(name.text))?.is_empty())
        {
            return call.descriptor(call.arg(directory));
        }
        self.root.object(&call.path(name)?, follow)
    }

    fn named(&self, call: &Call<'_>, name: Name, flags: i32) -> Result<Object, Errno> {
        self.root_or_descriptor(call, name, flags, flags & libc::AT_SYMLINK_NOFOLLOW == 0)
    }

    /// Not left to the kernel even in temporary directories: Landlock does not know of modes and times.
    fn may_mark(&mut self, object: &Object) -> Result<(), Errno> {
        if object.path.starts_with("/dev/pts") || object.path.starts_with("/proc") {
            return Err(Errno::PERM);
        }
        match object.kind() {
            FileType::RegularFile | FileType::Directory | FileType::Symlink | FileType::Fifo | FileType::Socket => self.may_write(object),
            _ => Err(Errno::PERM),
        }
    }

    fn set_mode(&mut self, object: &Object, mode: u32) -> Result<Answer, Errno> {
        self.may_mark(object)?;
        if object.kind() == FileType::Symlink {
            return Err(Errno::OPNOTSUPP);
        }
        chmod(object.by_descriptor(), Mode::from_raw_mode(mode & MODES)).map(|()| Answer::Value)
    }

    fn set_times(&mut self, call: &Call<'_>, name: Name, times: Times, flags: i32) -> Result<Answer, Errno> {
        let object = match name.directory {
            Some(directory) if call.arg(name.text) == 0 => call.descriptor(call.arg(directory))?,
            _ => self.named(call, name, flags)?,
        };
        let now = Timespec { tv_sec: 0, tv_nsec: libc::UTIME_NOW };
        let time = |seconds, nanos| Timespec { tv_sec: seconds, tv_nsec: nanos };
        let [accessed, modified] = match times {
            Times::Nanos(place) if call.arg(place) == 0 => [now; 2],
            Times::Nanos(place) => {
                let [a, b, c, d] = call.caller.numbers(call.arg(place))?;
                [time(a, b), time(c, d)]
            }
            #[cfg(target_arch = "x86_64")]
            Times::Micros(place) | Times::Seconds(place) if call.arg(place) == 0 => [now; 2],
            #[cfg(target_arch = "x86_64")]
            Times::Micros(place) => {
                let [a, b, c, d] = call.caller.numbers(call.arg(place))?;
                [time(a, b.saturating_mul(1000)), time(c, d.saturating_mul(1000))]
            }
            #[cfg(target_arch = "x86_64")]
            Times::Seconds(place) => {
                let [a, b] = call.caller.numbers(call.arg(place))?;
                [time(a, 0), time(b, 0)]
            }
        };
        call.check()?;
        self.may_mark(&object)?;
        let times = Timestamps { last_access: accessed, last_modification: modified };
        utimensat(CWD, object.by_descriptor(), &times, AtFlags::empty()).map(|()| Answer::Value)
    }
}

/// How we open a file for a caller: never so that it stays with programs of ours.
fn opening(flags: i32) -> OFlags {
    OFlags::from_bits_retain(flags.cast_unsigned()) | OFlags::CLOEXEC | OFlags::NOCTTY
}
