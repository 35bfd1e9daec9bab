//! The calls that change files by name, and where in them the names are.

use libc::c_long;

/// Where a name is among the arguments of a call: the directory that it starts from, if the call has one, and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) directory: Option<usize>,
    pub(super) text: usize,
}

const fn name(text: usize) -> Name {
    Name { directory: None, text }
}

const fn name_at(directory: usize) -> Name {
    Name { directory: Some(directory), text: directory + 1 }
}

/// What a call does. Numbers are places of arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `flags` in an argument, or these.
    Open {
        name: Name,
        flags: Flags,
        mode: usize,
    },
    MakeDirectory {
        name: Name,
        mode: usize,
    },
    MakeNode {
        name: Name,
        mode: usize,
    },
    /// `flags`: AT_REMOVEDIR.
    Remove {
        name: Name,
        flags: Flags,
    },
    Rename {
        from: Name,
        to: Name,
        flags: Flags,
    },
    Link {
        from: Name,
        to: Name,
        flags: Flags,
    },
    Symlink {
        target: usize,
        name: Name,
    },
    Truncate {
        name: Name,
        length: usize,
    },
    Mode {
        name: Name,
        mode: usize,
        flags: Flags,
    },
    ModeOf {
        fd: usize,
        mode: usize,
    },
    Owner {
        user: usize,
        group: usize,
    },
    /// The name may be missing: then it is about the descriptor.
    Times {
        name: Name,
        times: Times,
        flags: Flags,
    },
    /// Attributes beside the usual ones, which no build needs: there are none here.
    Attributes,
    /// Changes nothing; asked about only where what is looked for is traced.
    Look {
        name: Name,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flags {
    In(usize),
    Fixed(i32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// Two `timespec`.
    Nanos(usize),
    /// Two `timeval`.
    #[cfg(target_arch = "x86_64")]
    Micros(usize),
    /// A `utimbuf`.
    #[cfg(target_arch = "x86_64")]
    Seconds(usize),
}

/// Flags of open(2) with which it changes something, or may.
pub(super) const CHANGES: i32 = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;

const NONE: Flags = Flags::Fixed(0);

/// All of them. Those with [`Form::Open`] only with a flag of [`CHANGES`].
pub(super) const CALLS: &[(c_long, Form)] = &[
    (libc::SYS_openat, Form::Open { name: name_at(0), flags: Flags::In(2), mode: 3 }),
    (libc::SYS_mkdirat, Form::MakeDirectory { name: name_at(0), mode: 2 }),
    (libc::SYS_mknodat, Form::MakeNode { name: name_at(0), mode: 2 }),
    (libc::SYS_unlinkat, Form::Remove { name: name_at(0), flags: Flags::In(2) }),
    (libc::SYS_renameat, Form::Rename { from: name_at(0), to: name_at(2), flags: NONE }),
    (libc::SYS_renameat2, Form::Rename { from: name_at(0), to: name_at(2), flags: Flags::In(4) }),
    (libc::SYS_linkat, Form::Link { from: name_at(0), to: name_at(2), flags: Flags::In(4) }),
    (libc::SYS_symlinkat, Form::Symlink { target: 0, name: name_at(1) }),
    (libc::SYS_truncate, Form::Truncate { name: name(0), length: 1 }),
    (libc::SYS_fchmodat, Form::Mode { name: name_at(0), mode: 2, flags: NONE }),
    (libc::SYS_fchmodat2, Form::Mode { name: name_at(0), mode: 2, flags: Flags::In(3) }),
    (libc::SYS_fchmod, Form::ModeOf { fd: 0, mode: 1 }),
    (libc::SYS_fchownat, Form::Owner { user: 2, group: 3 }),
    (libc::SYS_fchown, Form::Owner { user: 1, group: 2 }),
    (libc::SYS_utimensat, Form::Times { name: name_at(0), times: Times::Nanos(2), flags: Flags::In(3) }),
    (libc::SYS_setxattr, Form::Attributes),
    (libc::SYS_lsetxattr, Form::Attributes),
    (libc::SYS_fsetxattr, Form::Attributes),
    (libc::SYS_removexattr, Form::Attributes),
    (libc::SYS_lremovexattr, Form::Attributes),
    (libc::SYS_fremovexattr, Form::Attributes),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, Form::Open { name: name(0), flags: Flags::In(1), mode: 2 }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_creat, Form::Open { name: name(0), flags: Flags::Fixed(libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC), mode: 1 }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mkdir, Form::MakeDirectory { name: name(0), mode: 1 }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mknod, Form::MakeNode { name: name(0), mode: 1 }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_unlink, Form::Remove { name: name(0), flags: NONE }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rmdir, Form::Remove { name: name(0), flags: Flags::Fixed(libc::AT_REMOVEDIR) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rename, Form::Rename { from: name(0), to: name(1), flags: NONE }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_link, Form::Link { from: name(0), to: name(1), flags: NONE }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_symlink, Form::Symlink { target: 0, name: name(1) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, Form::Mode { name: name(0), mode: 1, flags: NONE }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chown, Form::Owner { user: 1, group: 2 }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lchown, Form::Owner { user: 1, group: 2 }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utime, Form::Times { name: name(0), times: Times::Seconds(1), flags: NONE }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utimes, Form::Times { name: name(0), times: Times::Micros(1), flags: NONE }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_futimesat, Form::Times { name: name_at(0), times: Times::Micros(2), flags: NONE }),
];

/// The calls that look for a name and change nothing; beside [`Form::Open`] without a flag of [`CHANGES`].
pub(super) const LOOKS: &[(c_long, Form)] = &[
    (libc::SYS_newfstatat, Form::Look { name: name_at(0) }),
    (libc::SYS_statx, Form::Look { name: name_at(0) }),
    (libc::SYS_faccessat, Form::Look { name: name_at(0) }),
    (libc::SYS_faccessat2, Form::Look { name: name_at(0) }),
    (libc::SYS_execve, Form::Look { name: name(0) }),
    (libc::SYS_execveat, Form::Look { name: name_at(0) }),
    (libc::SYS_chdir, Form::Look { name: name(0) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_stat, Form::Look { name: name(0) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lstat, Form::Look { name: name(0) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_access, Form::Look { name: name(0) }),
];

pub(super) fn form(nr: c_long) -> Option<Form> {
    CALLS.iter().chain(LOOKS).find(|(known, _)| *known == nr).map(|(_, form)| *form)
}
