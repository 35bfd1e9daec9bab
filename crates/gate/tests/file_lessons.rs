//! What broke in other runtimes of this kind, one test each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use aegis_gate::{Intent, NodeKind, PathError, Tree};
use aegis_policy::PathOp;
use support::Project;

/// `link/../x` was judged as `x` beside the link, and the kernel opened `x` beside its target.
#[test]
fn a_parent_component_behind_a_link_leads_where_the_kernel_says() {
    let p = Project::new();
    std::fs::create_dir(p.outside.join("deep")).unwrap();
    p.link(p.outside.join("deep"), "src/link");
    std::fs::write(p.root.join("src/secret.txt"), "harmless").unwrap();
    assert!(matches!(p.read("src/link/../secret.txt"), Err(PathError::Denied { real, .. }) if real == p.outside.join("secret.txt")));
    assert!(matches!(p.write("src/link/../secret.txt", "x"), Err(PathError::Denied { .. })));
    assert_eq!(std::fs::read_to_string(p.outside.join("secret.txt")).unwrap(), "secret");
    // Without a link in between, `..` is usable.
    assert_eq!(p.read("src/../src/a.txt").unwrap(), "content of a");
}

/// A relative path was judged against the policy root and opened against the working directory.
#[test]
fn relative_paths_start_at_the_root_wherever_the_process_stands() {
    let p = Project::new();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::create_dir(elsewhere.path().join("src")).unwrap();
    std::fs::write(elsewhere.path().join("src/a.txt"), "elsewhere").unwrap();
    std::env::set_current_dir(elsewhere.path()).unwrap();
    assert_eq!(p.read("src/a.txt").unwrap(), "content of a");
    p.write("src/b.txt", "b").unwrap();
    assert!(p.root.join("src/b.txt").exists() && !elsewhere.path().join("src/b.txt").exists());
}

/// `~/x` was expanded for the check and not for the open.
#[test]
fn the_home_directory_is_the_given_one_for_judging_and_opening() {
    let mut p = Project::new();
    let home = p.root.parent().unwrap().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("x"), "at home").unwrap();
    assert!(matches!(p.read("~/x"), Err(PathError::Denied { real, .. }) if real == home.join("x")));
    p.allow.push(home);
    assert_eq!(p.read("~/x").unwrap(), "at home");
}

/// A local-only file was labelled only when spelled canonically. What is judged is the one real path, whatever the spelling.
#[test]
fn every_spelling_is_judged_as_the_same_real_path() {
    let p = Project::new();
    p.link("src", "alias");
    p.link("a.txt", "src/also");
    let absolute = p.root.join("src/a.txt").display().to_string();
    for spelling in ["src/a.txt", "./src//a.txt", "alias/a.txt", "src/also", "alias/../src/./also", absolute.as_str()] {
        let prepared = p.resolve(spelling, Intent::Read).unwrap();
        assert_eq!(prepared.real(), p.root.join("src/a.txt"), "{spelling}");
        assert_eq!(prepared.judged().len(), 1, "{spelling}");
        assert_eq!(prepared.judged()[0].path, p.root.join("src/a.txt"), "{spelling}");
    }
}

/// A write through a dangling link created its target anywhere.
#[test]
fn nothing_is_created_through_a_dangling_link() {
    let p = Project::new();
    p.link(p.outside.join("new"), "src/out");
    p.link("nowhere", "src/in");
    p.link("nodir", "src/indir");
    let before = p.snapshot();
    for write in [Project::write, Project::append] {
        assert!(matches!(write(&p, "src/out", "x"), Err(PathError::Denied { real, .. }) if real == p.outside.join("new")));
        assert!(matches!(write(&p, "src/in", "x"), Err(PathError::Dangling)));
        assert!(matches!(write(&p, "src/indir/x", "x"), Err(PathError::Dangling)));
    }
    assert!(matches!(p.mkdir("src/in"), Err(PathError::Dangling)));
    assert!(matches!(p.mkdir("src/indir/x"), Err(PathError::Dangling)));
    assert!(matches!(p.replace("src/in", "a", "b"), Err(PathError::Dangling)));
    assert_eq!(p.snapshot(), before);
}

/// A write through a link that leads out of the tree is judged at its target.
#[test]
fn a_link_as_last_component_is_judged_where_it_leads() {
    let mut p = Project::new();
    p.link(p.outside.join("secret.txt"), "src/out");
    p.link("a.txt", "src/in");
    let before = p.snapshot();
    assert!(matches!(p.write("src/out", "x"), Err(PathError::Denied { .. })));
    assert!(matches!(p.append("src/out", "x"), Err(PathError::Denied { .. })));
    assert!(matches!(p.replace("src/out", "secret", "x"), Err(PathError::Denied { .. })));
    assert!(matches!(p.read("src/out"), Err(PathError::Denied { .. })));
    assert!(matches!(p.exists("src/out"), Err(PathError::Denied { .. })));
    assert_eq!(p.snapshot(), before);
    p.write("src/in", "through the link").unwrap();
    assert_eq!(p.content("src/a.txt"), "through the link");
    assert!(p.root.join("src/in").is_symlink());
    p.deny.push(p.root.join("src/a.txt"));
    assert!(matches!(p.write("src/in", "x"), Err(PathError::Denied { .. })));
}

/// Writing over an executable file kept its mode: a way to run code. The caller is told, so that it asks.
#[test]
fn replacing_an_executable_is_reported() {
    let p = Project::new();
    std::fs::write(p.root.join("run"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(p.root.join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    p.link("run", "also");
    for intent in [Intent::Write, Intent::Append, Intent::Replace] {
        assert!(p.resolve("run", intent).unwrap().replaces_executable());
        assert!(p.resolve("also", intent).unwrap().replaces_executable());
        assert!(!p.resolve("src/a.txt", intent).unwrap().replaces_executable());
    }
    assert!(!p.resolve("new", Intent::Write).unwrap().replaces_executable());
}

/// `*` crossed `/` in searches.
#[test]
fn a_star_stays_inside_one_component() {
    let p = Project::new();
    std::fs::create_dir_all(p.root.join("src/deep")).unwrap();
    std::fs::write(p.root.join("src/deep/b.txt"), "b").unwrap();
    assert_eq!(p.glob("src/*.txt").unwrap(), ["src/a.txt"]);
    assert_eq!(p.glob("src/**/*.txt").unwrap(), ["src/a.txt", "src/deep/b.txt"]);
}

/// A hard link in an allowed directory to a denied file was read.
#[test]
fn a_hard_link_of_a_guarded_file_is_that_file() {
    let mut p = Project::new();
    std::fs::hard_link(p.outside.join("secret.txt"), p.root.join("src/hard")).unwrap();
    assert_eq!(p.read("src/hard").unwrap(), "secret", "no literal entry names it");
    p.guarded = vec![p.outside.join("missing"), p.outside.join("secret.txt")];
    assert!(matches!(p.read("src/hard"), Err(PathError::Denied { real, .. }) if real == p.outside.join("secret.txt")));
    assert!(matches!(p.write("src/hard", "x"), Err(PathError::Denied { op: PathOp::Write, .. })));
    assert!(matches!(p.append("src/hard", "x"), Err(PathError::Denied { .. })));
    assert!(matches!(p.delete("src/hard"), Err(PathError::Denied { .. })));
    assert!(matches!(p.exists("src/hard"), Err(PathError::Denied { .. })));
    assert_eq!(std::fs::read_to_string(p.outside.join("secret.txt")).unwrap(), "secret");
    // A guarded file that may be read is judged under its own name as well, so that its label is seen.
    p.allow.push(p.outside.clone());
    let prepared = p.resolve("src/hard", Intent::Read).unwrap();
    assert!(prepared.judged().iter().any(|j| j.path == p.outside.join("secret.txt")));
}

/// Reading a FIFO blocked for ever; a device was read without end.
#[test]
fn only_regular_files_are_read_and_nothing_blocks() {
    let mut p = Project::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, p.root.join("fifo"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(p.root.join("socket")).unwrap();
    p.link("fifo", "to-fifo");
    p.allow.push("/dev".into());
    for (path, kind) in
        [("fifo", NodeKind::Fifo), ("to-fifo", NodeKind::Fifo), ("src", NodeKind::Directory), ("/dev/zero", NodeKind::Device)]
    {
        assert!(matches!(p.read(path), Err(PathError::NotAFile { kind: k }) if k == kind), "{path}");
        assert!(matches!(p.write(path, "x"), Err(PathError::NotAFile { kind: k }) if k == kind), "{path}");
        assert!(matches!(p.append(path, "x"), Err(PathError::NotAFile { kind: k }) if k == kind), "{path}");
    }
    assert!(matches!(p.read("socket"), Err(PathError::NotAFile { .. })));
}

#[test]
fn a_file_larger_than_the_limit_is_refused_whole() {
    let p = Project::new();
    let prepared = p.resolve("src/a.txt", Intent::Read).unwrap();
    assert!(matches!(prepared.read(11), Err(PathError::TooLarge { limit: 11 })));
    assert_eq!(prepared.read(12).unwrap().len(), 12);
    // A file that grows after it was opened is not cut.
    std::fs::write(p.root.join("src/a.txt"), "content of a, and more").unwrap();
    assert!(matches!(prepared.read(12), Err(PathError::TooLarge { .. })));
    // A sparse file of a terabyte costs nothing.
    std::fs::File::create(p.root.join("sparse")).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(p.read("sparse"), Err(PathError::TooLarge { .. })));
}

/// A component was swapped between the check and the open. What was judged is what is used.
#[test]
fn what_was_judged_is_used_even_if_its_name_leads_elsewhere_by_then() {
    let p = Project::new();
    let read = p.resolve("src/a.txt", Intent::Read).unwrap();
    let write = p.resolve("src/b.txt", Intent::Write).unwrap();
    let append = p.resolve("src/a.txt", Intent::Append).unwrap();
    let delete = p.resolve("src/a.txt", Intent::Delete).unwrap();
    std::fs::rename(p.root.join("src"), p.root.join("moved")).unwrap();
    std::fs::write(p.outside.join("a.txt"), "outside").unwrap();
    p.link(&p.outside, "src");
    assert_eq!(read.text(100).unwrap(), "content of a");
    write.write(b"b").unwrap();
    append.append(b"!", false).unwrap();
    assert_eq!(p.content("moved/b.txt"), "b");
    assert_eq!(p.content("moved/a.txt"), "content of a!");
    delete.delete().unwrap();
    assert!(!p.root.join("moved/a.txt").exists());
    assert_eq!(std::fs::read_to_string(p.outside.join("a.txt")).unwrap(), "outside");
    assert!(!p.outside.join("b.txt").exists());
}

/// The entry itself was swapped for a link between judging and acting.
#[test]
fn an_entry_that_changed_since_it_was_judged_is_left_alone() {
    let p = Project::new();
    for intent in [Intent::Write, Intent::Replace, Intent::Delete] {
        let held = p.resolve("src/a.txt", intent).unwrap();
        std::fs::rename(p.root.join("src/a.txt"), p.root.join("src/kept")).unwrap();
        p.link(p.outside.join("secret.txt"), "src/a.txt");
        let before = p.snapshot();
        let done = match intent {
            Intent::Write => held.write(b"x"),
            Intent::Replace => held.replace(b"content", b"x", 100),
            _ => held.delete(),
        };
        assert!(matches!(done, Err(PathError::Changed)), "{intent:?}");
        assert_eq!(p.snapshot(), before, "{intent:?}");
        std::fs::rename(p.root.join("src/kept"), p.root.join("src/a.txt")).unwrap();
    }
    for intent in [Intent::Write, Intent::Append, Intent::Mkdir] {
        let held = p.resolve("src/new", intent).unwrap();
        p.link(p.outside.join("created"), "src/new");
        let before = p.snapshot();
        let done = match intent {
            Intent::Write => held.write(b"x"),
            Intent::Append => held.append(b"x", false),
            _ => held.mkdir(),
        };
        assert!(matches!(done, Err(PathError::Changed)), "{intent:?}");
        assert_eq!(p.snapshot(), before, "{intent:?}");
        std::fs::remove_file(p.root.join("src/new")).unwrap();
    }
}

/// Parents were made without being judged.
#[test]
fn every_missing_parent_is_judged_and_none_is_made_if_one_is_denied() {
    let mut p = Project::new();
    p.resolve("x/y/z.txt", Intent::Write).unwrap();
    let asked: Vec<_> = p.asked.borrow().iter().map(|(op, path)| (*op, path.strip_prefix(&p.root).unwrap().to_path_buf())).collect();
    assert_eq!(asked, [(PathOp::Write, "x/y/z.txt".into()), (PathOp::Write, "x".into()), (PathOp::Write, "x/y".into())]);
    assert!(!p.root.join("x").exists(), "resolving changes nothing");
    p.allow = vec![p.root.join("src"), p.root.join("x/y")];
    let before = p.snapshot();
    for act in [Project::write, Project::append] {
        assert!(matches!(act(&p, "x/y/z.txt", "x"), Err(PathError::Denied { real, .. }) if real == p.root.join("x")));
    }
    assert!(matches!(p.mkdir("x/y/z"), Err(PathError::Denied { .. })));
    assert_eq!(p.snapshot(), before);
    p.allow = vec![p.root.clone()];
    p.write("x/y/z.txt", "z").unwrap();
    assert_eq!(p.content("x/y/z.txt"), "z");
}

/// A parent that was missing when it was judged is a link to the outside when it is made.
#[test]
fn a_missing_parent_that_has_become_a_link_is_not_followed() {
    let p = Project::new();
    for intent in [Intent::Write, Intent::Append, Intent::Mkdir] {
        let held = p.resolve("x/y/z", intent).unwrap();
        p.link(&p.outside, "x");
        let before = p.snapshot();
        let done = match intent {
            Intent::Write => held.write(b"x"),
            Intent::Append => held.append(b"x", false),
            _ => held.mkdir(),
        };
        assert!(matches!(done, Err(PathError::Changed)), "{intent:?}");
        assert_eq!(p.snapshot(), before, "{intent:?}");
        std::fs::remove_file(p.root.join("x")).unwrap();
    }
}

/// A replacement was computed from content that someone else had changed by then.
#[test]
fn a_file_that_changed_since_it_was_resolved_is_not_replaced_in_part() {
    let p = Project::new();
    let held = p.resolve("src/a.txt", Intent::Replace).unwrap();
    std::fs::write(p.root.join("src/a.txt"), "content of another").unwrap();
    assert!(matches!(held.replace(b"content", b"x", 100), Err(PathError::Changed)));
    assert_eq!(p.content("src/a.txt"), "content of another");
}

/// Deleting a link removed its target.
#[test]
fn delete_removes_the_link_and_never_its_target() {
    let mut p = Project::new();
    p.link("src/a.txt", "link");
    p.link("src", "dirlink");
    p.link("nowhere", "dangling");
    assert!(matches!(p.delete("dirlink/"), Err(PathError::NotADirectory)));
    for name in ["link", "dirlink", "dangling"] {
        p.delete(name).unwrap();
        assert!(p.root.join(name).symlink_metadata().is_err());
    }
    assert_eq!(p.content("src/a.txt"), "content of a");
    // It is the link's own name that is judged.
    p.link(p.outside.join("secret.txt"), "src/out");
    p.deny.push(p.root.join("src/out"));
    assert!(matches!(p.delete("src/out"), Err(PathError::Denied { .. })));
    p.deny.clear();
    p.delete("src/out").unwrap();
    assert_eq!(std::fs::read_to_string(p.outside.join("secret.txt")).unwrap(), "secret");
}

/// A root that could not be canonicalised was used as it was, and deny rules missed.
#[test]
fn a_root_is_canonical_or_an_error() {
    let p = Project::new();
    let alias = p.root.parent().unwrap().join("alias");
    symlink(&p.root, &alias).unwrap();
    assert_eq!(Tree::new(&alias, None).unwrap().root(), p.root);
    assert_eq!(Tree::new(&p.root.join("src/../."), None).unwrap().root(), p.root);
    assert!(matches!(Tree::new(&p.root.join("missing"), None), Err(PathError::NotFound)));
    assert!(matches!(Tree::new(&p.root.join("src/a.txt"), None), Err(PathError::NotADirectory)));
    assert!(matches!(Tree::new("proj".as_ref(), None), Err(PathError::BadArgument(_))));
}

/// A link to /proc/self/environ, resolved by the broker, gave the broker's own environment.
#[test]
fn the_brokers_own_procfs_is_no_file_whatever_is_allowed() {
    let mut p = Project::new();
    p.allow.push("/proc".into());
    p.allow.push("/sys".into());
    p.link("/proc/self/environ", "src/environ");
    p.link("/proc/self/fd", "src/fd");
    p.link("/proc/self/cwd", "src/cwd");
    p.link("/proc/self/root", "src/top");
    let pid = std::process::id();
    let own = format!("/proc/{pid}/environ");
    for path in ["src/environ", "/proc/self/environ", own.as_str(), "/proc/version", "src/fd/0", "src/top/proc/version"] {
        assert!(matches!(p.read(path), Err(PathError::KernelFile | PathError::Loop)), "{path}");
        assert!(matches!(p.write(path, "x"), Err(PathError::KernelFile | PathError::Loop)), "{path}");
    }
    for path in ["/proc/self/fd", "src/fd", "/proc", "src/cwd", "src/top"] {
        assert!(matches!(p.list(path), Err(PathError::KernelFile | PathError::Loop)), "{path}");
        assert!(p.glob(&format!("{path}/*")).is_err(), "{path}");
    }
    assert!(matches!(p.exists("/proc/self/environ"), Err(PathError::KernelFile | PathError::Loop)));
    assert!(matches!(p.read("/sys/kernel/uevent_seqnum"), Err(PathError::KernelFile | PathError::NotFound)));
}

/// Errors showed resolved paths and the targets of links.
#[test]
fn messages_name_no_path_and_the_operators_detail_does() {
    let p = Project::new();
    p.link(p.outside.join("secret.txt"), "src/out");
    let error = p.read("src/out").unwrap_err();
    assert_eq!(error.to_string(), "denied by the policy");
    assert!(error.operator_detail().contains("outside/secret.txt"));
}

/// The answer to a denied name was different when it did not exist.
#[test]
fn a_denied_name_answers_the_same_whether_it_exists_or_not() {
    let mut p = Project::new();
    std::fs::create_dir(p.root.join("private")).unwrap();
    std::fs::write(p.root.join("private/there"), "x").unwrap();
    std::fs::write(p.root.join("private/file"), "x").unwrap();
    p.deny.push(p.root.join("private"));
    p.link("private/there", "to-there");
    p.link("private/missing", "to-missing");
    p.link("private", "dir");
    for path in [
        "private/there",
        "private/missing",
        "private/no/such",
        "private/file/below",
        "to-there",
        "to-missing",
        "dir/there",
        "dir/missing",
        "dir/no/such",
        "src/../private/there",
        "src/../private/missing",
        "src/../private/no/../x",
        "private/there/",
        "private",
    ] {
        for intent in [
            Intent::Read,
            Intent::Exists,
            Intent::Stat,
            Intent::List,
            Intent::Write,
            Intent::Append,
            Intent::Replace,
            Intent::Mkdir,
            Intent::Delete,
        ] {
            // The links themselves may be deleted, and a file's path with a slash is refused for its text alone.
            if intent == Intent::Delete && path.starts_with("to-") {
                continue;
            }
            let result = p.resolve(path, intent);
            assert!(matches!(result, Err(PathError::Denied { .. } | PathError::BadArgument(_))), "{intent:?} {path}: {result:?}");
        }
    }
}

/// With `ask`, nothing is opened for content, and no act works.
#[test]
fn what_needs_approval_is_only_held() {
    let mut p = Project::new();
    p.ask.push(p.root.join("src"));
    let before = p.snapshot();
    let prepared = p.resolve("src/a.txt", Intent::Read).unwrap();
    assert!(prepared.needs_approval());
    assert!(matches!(prepared.read(100), Err(PathError::Unapproved)));
    assert!(rustix::fs::fcntl_getfl(prepared.held().unwrap()).unwrap().contains(rustix::fs::OFlags::PATH));
    assert!(matches!(p.write("src/a.txt", "x"), Err(PathError::Unapproved)));
    assert!(matches!(p.write("src/new", "x"), Err(PathError::Unapproved)));
    assert!(matches!(p.append("src/a.txt", "x"), Err(PathError::Unapproved)));
    assert!(matches!(p.replace("src/a.txt", "content", "x"), Err(PathError::Unapproved)));
    assert!(matches!(p.delete("src/a.txt"), Err(PathError::Unapproved)));
    assert!(matches!(p.mkdir("src/new"), Err(PathError::Unapproved)));
    assert!(matches!(p.exists("src/a.txt"), Err(PathError::Unapproved)));
    assert!(matches!(p.list("src"), Err(PathError::Unapproved)));
    assert_eq!(p.snapshot(), before);
    // After approval it is resolved again; the identity says whether it is still the same object.
    p.ask.clear();
    assert_eq!(p.resolve("src/a.txt", Intent::Read).unwrap().identity(), prepared.identity());
    std::fs::rename(p.root.join("src/a.txt"), p.root.join("src/old")).unwrap();
    std::fs::write(p.root.join("src/a.txt"), "another").unwrap();
    assert_ne!(p.resolve("src/a.txt", Intent::Read).unwrap().identity(), prepared.identity());
}

/// Set-user bits must not survive a change of content, the rest of the mode does.
#[test]
fn a_replaced_file_keeps_its_mode_and_owner_but_no_set_user_bit() {
    let p = Project::new();
    let path = p.root.join("src/a.txt");
    // only root can give it away
    let given = std::os::unix::fs::chown(&path, Some(12345), None).is_ok();
    let owner = if given { 12345 } else { rustix::process::geteuid().as_raw() };
    if std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o4640)).is_err() {
        // by the handle, which the test harness does not capture
        let _ =
            std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED set-user bits: nobody can set them here, as under confinement\n");
        return;
    }
    p.write("src/a.txt", "new").unwrap();
    let meta = path.metadata().unwrap();
    assert_eq!((meta.mode() & 0o7777, meta.uid()), (0o640, owner));
    p.replace("src/a.txt", "new", "newer").unwrap();
    assert_eq!((path.metadata().unwrap().mode() & 0o7777, p.content("src/a.txt")), (0o640, "newer".to_owned()));
}

/// Files were opened, and then judged. The kernel says here what is opened for content, and when: descriptors that only hold do not count.
#[test]
fn nothing_denied_is_opened_and_nothing_allowed_is_opened_twice() {
    use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
    let mut p = Project::new();
    p.link("a.txt", "src/link");
    std::fs::write(p.root.join("src/denied"), "x").unwrap();
    std::fs::write(p.root.join("src/asks"), "x").unwrap();
    p.link("denied", "src/to-denied");
    p.deny.push(p.root.join("src/denied"));
    p.ask.push(p.root.join("src/asks"));
    let watch = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
    add_watch(&watch, p.root.join("src"), WatchFlags::OPEN).unwrap();
    let opens = || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&watch, &mut buffer);
        let mut names = Vec::new();
        while let Ok(event) = reader.next() {
            assert!(event.events().contains(ReadFlags::OPEN));
            names.extend(event.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
        names
    };
    for intent in [Intent::Read, Intent::Exists, Intent::Stat, Intent::Write, Intent::Append, Intent::Replace, Intent::Delete] {
        for path in ["src/denied", "src/to-denied", "src/../src/denied", "src/asks", "src/../src/asks"] {
            let _ = p.resolve(path, intent);
            assert_eq!(opens(), Vec::<String>::new(), "{intent:?} {path}");
        }
    }
    for path in ["src/a.txt", "src/link", "src/../src/a.txt"] {
        p.read(path).unwrap();
        assert_eq!(opens(), ["a.txt"], "{path}");
    }
}
