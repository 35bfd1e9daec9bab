//! What each file effect does on a real tree, and what it leaves alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use aegis_effect::FileKind;
use aegis_gate::{GlobLimits, Intent, PathError};
use support::Project;

#[test]
fn a_range_is_read_from_where_it_is_asked() {
    let p = Project::new();
    let file = p.resolve("src/a.txt", Intent::Read).unwrap();
    for (offset, limit, expected) in [(0, 7, "content"), (8, 2, "of"), (8, 100, "of a"), (12, 5, ""), (u64::MAX, u64::MAX, ""), (3, 0, "")]
    {
        assert_eq!(file.read_range(offset, limit).unwrap(), expected.as_bytes(), "{offset} {limit}");
    }
    assert_eq!(file.read(u64::MAX).unwrap(), b"content of a");
    std::fs::write(p.root.join("binary"), [0xff, 0xfe]).unwrap();
    assert!(matches!(p.read("binary"), Err(PathError::NotText)));
    std::fs::write(p.root.join("empty"), "").unwrap();
    assert_eq!(p.read("empty").unwrap(), "");
}

#[test]
fn a_written_file_is_new_or_replaced_whole_and_no_temporary_stays() {
    let p = Project::new();
    p.write("src/b.txt", "new").unwrap();
    p.write("src/a.txt", "short").unwrap();
    p.write("src/b.txt", "").unwrap();
    assert_eq!((p.content("src/a.txt").as_str(), p.content("src/b.txt").as_str()), ("short", ""));
    let names: Vec<_> = std::fs::read_dir(p.root.join("src")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let mode = p.root.join("src/b.txt").metadata().unwrap().mode() & 0o777;
    assert_eq!(mode & !0o644, 0, "{mode:o}");
}

#[test]
fn other_hard_links_of_a_written_file_keep_the_old_content() {
    let p = Project::new();
    std::fs::hard_link(p.root.join("src/a.txt"), p.root.join("other")).unwrap();
    p.write("src/a.txt", "new").unwrap();
    assert_eq!(p.content("other"), "content of a");
}

#[test]
fn appending_adds_or_makes_with_parents() {
    let p = Project::new();
    p.append("src/a.txt", ", more").unwrap();
    p.append("logs/today/log", "one\n").unwrap();
    p.append("logs/today/log", "two\n").unwrap();
    assert_eq!((p.content("src/a.txt").as_str(), p.content("logs/today/log").as_str()), ("content of a, more", "one\ntwo\n"));
}

#[test]
fn replacing_needs_exactly_one_occurrence() {
    let p = Project::new();
    p.replace("src/a.txt", "content", "substance").unwrap();
    assert_eq!(p.content("src/a.txt"), "substance of a");
    std::fs::write(p.root.join("aaa"), "aaa b").unwrap();
    let before = p.snapshot();
    assert!(matches!(p.replace("aaa", "aa", "x"), Err(PathError::Ambiguous { count: 2 })));
    assert!(matches!(p.replace("aaa", "c", "x"), Err(PathError::TextNotFound)));
    assert!(matches!(p.replace("aaa", "", "x"), Err(PathError::BadArgument(_))));
    assert!(matches!(p.replace("missing", "a", "x"), Err(PathError::NotFound)));
    assert!(matches!(p.resolve("aaa", Intent::Replace).unwrap().replace(b"b", b"c", 4), Err(PathError::TooLarge { limit: 4 })));
    assert_eq!(p.snapshot(), before);
}

#[test]
fn replacing_is_judged_as_reading_and_as_writing() {
    use aegis_policy::{PathOp, Verdict};
    let p = Project::new();
    for denied in [PathOp::Read, PathOp::Write] {
        let mut judge = |op, _: &std::path::Path| if op == denied { Verdict::Deny } else { Verdict::Allow };
        let result = p.tree.resolve("src/a.txt", Intent::Replace, &mut judge, &|| [].into());
        assert!(matches!(result, Err(PathError::Denied { op, .. }) if op == denied));
    }
}

#[test]
fn deleting_removes_files_and_empty_directories() {
    let p = Project::new();
    std::fs::create_dir(p.root.join("empty")).unwrap();
    assert!(matches!(p.delete("src"), Err(PathError::NotEmpty)));
    assert!(matches!(p.delete("src/a.txt/"), Err(PathError::NotADirectory)));
    assert!(matches!(p.delete("missing"), Err(PathError::NotFound)));
    assert!(matches!(p.delete("no/such/dir"), Err(PathError::NotFound)));
    assert_eq!(p.content("src/a.txt"), "content of a");
    p.delete("empty/").unwrap();
    p.delete("src/a.txt").unwrap();
    p.delete("src").unwrap();
    assert_eq!(std::fs::read_dir(&p.root).unwrap().count(), 0);
}

#[test]
fn making_a_directory_makes_its_parents_and_is_content_with_one_that_is_there() {
    let p = Project::new();
    p.mkdir("x/y/z").unwrap();
    p.mkdir("x/y/z/").unwrap();
    p.link("x", "link");
    p.mkdir("link").unwrap();
    p.mkdir("link/w").unwrap();
    assert!(p.root.join("x/y/z").is_dir() && p.root.join("x/w").is_dir());
    assert!(matches!(p.mkdir("src/a.txt"), Err(PathError::NotADirectory)));
    assert!(matches!(p.mkdir("src/a.txt/b"), Err(PathError::NotADirectory)));
}

#[test]
fn a_path_that_cannot_name_a_file_is_a_bad_argument() {
    let p = Project::new();
    for path in ["", "a\0b", "/", "..", "src/..", "new/"] {
        assert!(matches!(p.write(path, "x"), Err(PathError::BadArgument(_))), "{path:?}");
    }
    let name = "n".repeat(300);
    assert!(matches!(p.write(&name, "x"), Err(PathError::BadArgument(_))));
    assert!(matches!(p.read(&name), Err(PathError::BadArgument(_))));
    assert!(matches!(p.write("no/../such", "x"), Err(PathError::NotFound)));
    assert!(!p.root.join("such").exists() && !p.root.join("no").exists());
}

#[test]
fn stat_tells_nothing_of_directories_but_that_they_are() {
    let p = Project::new();
    std::fs::set_permissions(p.root.join("src/a.txt"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let stat = |path: &str| p.resolve(path, Intent::Stat).and_then(|held| held.stat());
    let file = stat("src/a.txt").unwrap();
    assert_eq!((file.kind, file.size, file.executable), (FileKind::File, 12, true));
    let modified = p.root.join("src/a.txt").metadata().unwrap().modified().unwrap();
    let seconds = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((file.modified - seconds).abs() < 1e-5);
    let dir = stat("src").unwrap();
    assert_eq!((dir.kind, dir.size, dir.modified, dir.executable), (FileKind::Dir, 0, 0.0, false));
    assert!(matches!(stat("missing"), Err(PathError::NotFound)));
}

#[test]
fn exists_follows_links_and_says_no_only_of_what_may_be_read() {
    let mut p = Project::new();
    p.link("src/a.txt", "good");
    p.link("missing", "dangling");
    for (path, expected) in [("good", true), ("dangling", false), ("src", true), ("src/a.txt/below", false), ("no/such", false)] {
        assert_eq!(p.exists(path).unwrap(), expected, "{path}");
    }
    p.deny.push(p.root.join("no"));
    assert!(matches!(p.exists("no/such"), Err(PathError::Denied { .. })));
    p.link("loop", "loop");
    assert!(matches!(p.exists("loop"), Err(PathError::Loop)));
}

#[test]
fn a_listing_is_sorted_and_leaves_out_what_may_not_be_read() {
    let mut p = Project::new();
    for name in ["z", "b", ".hidden", ".env"] {
        std::fs::write(p.root.join("src").join(name), "x").unwrap();
    }
    std::fs::create_dir(p.root.join("src/dir")).unwrap();
    p.link("b", "src/good");
    p.link("nowhere", "src/dangling");
    p.link(p.outside.join("secret.txt"), "src/out");
    p.link(p.outside.join("missing"), "src/out-missing");
    std::fs::write(p.root.join("src").join(std::ffi::OsStr::from_bytes(b"\xff")), "x").unwrap();
    p.deny.push(p.root.join("src/.env"));
    assert_eq!(p.list("src").unwrap(), [".hidden", "a.txt", "b", "dangling", "dir/", "good", "z", "\u{fffd}"]);
    assert!(matches!(p.list("src/a.txt"), Err(PathError::NotADirectory)));
    assert_eq!(p.list(".").unwrap(), ["src/"]);
    p.deny.push(p.root.join("src"));
    assert!(matches!(p.list("src"), Err(PathError::Denied { .. })));
}

#[test]
fn a_search_gives_what_may_be_read_and_follows_no_link() {
    let mut p = Project::new();
    for path in ["src/x/b.txt", "src/x/.env", "src/private/c.txt", "docs/d.txt", "e.txt"] {
        std::fs::create_dir_all(p.root.join(path).parent().unwrap()).unwrap();
        std::fs::write(p.root.join(path), "x").unwrap();
    }
    p.link(&p.outside, "src/out");
    p.link("..", "src/up");
    p.link(p.outside.join("secret.txt"), "src/secret.txt");
    p.link("x/b.txt", "src/link.txt");
    p.link("src", "alias");
    p.deny.push(p.root.join("src/private"));
    p.deny.push(p.root.join("src/x/.env"));
    assert_eq!(p.glob("**/*.txt").unwrap(), ["docs/d.txt", "e.txt", "src/a.txt", "src/link.txt", "src/x/b.txt"]);
    assert_eq!(p.glob("src/**").unwrap(), ["src/a.txt", "src/link.txt", "src/up", "src/x", "src/x/b.txt"]);
    assert_eq!(p.glob("*/").unwrap(), ["docs", "src"]);
    assert_eq!(p.glob("./src/{a,b}.[st]xt").unwrap(), ["src/a.txt"]);
    assert_eq!(p.glob("alias/*.txt").unwrap(), ["alias/a.txt", "alias/link.txt"]);
    assert_eq!(p.glob("e.txt").unwrap(), ["e.txt"]);
    assert_eq!(p.glob("missing/*").unwrap(), Vec::<String>::new());
    let absolute = format!("{}/e.*", p.root.display());
    assert_eq!(p.glob(&absolute).unwrap(), [p.root.join("e.txt").display().to_string()]);
    p.allow.push(p.root.parent().unwrap().join("home"));
    std::fs::create_dir(&p.allow[1]).unwrap();
    std::fs::write(p.allow[1].join("h.txt"), "x").unwrap();
    assert_eq!(p.glob("~/*.txt").unwrap(), [p.allow[1].join("h.txt").display().to_string()]);
    assert!(matches!(p.glob("src/private/*"), Err(PathError::Denied { .. })));
    assert!(matches!(p.glob("src/private/no/such/*"), Err(PathError::Denied { .. })));
    assert_eq!(p.glob(&format!("{}/*", p.outside.display())).unwrap(), Vec::<String>::new());
    assert!(matches!(p.glob("../outside/*"), Err(PathError::BadArgument(_))));
}

#[test]
fn a_search_or_listing_stops_at_its_limits() {
    let p = Project::new();
    for i in 0..50 {
        std::fs::write(p.root.join(format!("f{i}")), "x").unwrap();
    }
    let within = |visited, results| p.glob_within("*", GlobLimits { visited, results });
    assert_eq!(within(51, 51).unwrap().len(), 51);
    assert!(matches!(within(50, 51), Err(PathError::TooMany { limit: 50, .. })));
    assert!(matches!(within(51, 50), Err(PathError::TooMany { limit: 50, .. })));
    assert_eq!(p.list_within(".", 51).unwrap().len(), 51);
    assert!(matches!(p.list_within(".", 50), Err(PathError::TooMany { limit: 50, .. })));
}

#[test]
fn a_search_goes_deeper_than_descriptors_and_stack_reach() {
    let p = Project::new();
    let mut here = p.root.join("d");
    while here.as_os_str().len() < 3900 {
        here.push("d");
    }
    std::fs::create_dir_all(&here).unwrap();
    assert!(p.glob("**/none").unwrap().is_empty());
    assert!(p.glob("d/**").unwrap().len() > 1900);
}

#[test]
fn acting_on_what_was_prepared_for_something_else_is_refused() {
    let p = Project::new();
    let before = p.snapshot();
    assert!(matches!(p.resolve("src/a.txt", Intent::Append).unwrap().write(b"x"), Err(PathError::WrongIntent)));
    assert!(matches!(p.resolve("src/a.txt", Intent::Write).unwrap().delete(), Err(PathError::WrongIntent)));
    assert!(matches!(p.resolve("src/a.txt", Intent::Stat).unwrap().read(10), Err(PathError::WrongIntent)));
    assert_eq!(p.snapshot(), before);
}

/// On a file system of 64 KiB, in a mount namespace of its own: this very test is started again inside.
#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let inside = "AEGIS_TEST_ON_A_SMALL_DISK";
    let Some(small) = std::env::var_os(inside) else {
        let dir = tempfile::tempdir().unwrap();
        let unshare = ["--user", "--map-root-user", "--mount"];
        let possible = Command::new("unshare").args(unshare).args(["mount", "-t", "tmpfs", "none", "/tmp"]).status();
        if !possible.is_ok_and(|status| status.success()) {
            eprintln!("not tested: this system allows no mount namespaces");
            return;
        }
        let script = "mount -t tmpfs -o size=64k,mode=777 none \"$TMPDIR\" && exec \"$0\" --exact a_full_disk_leaves_everything_as_it_was";
        let status = Command::new("unshare")
            .args(unshare)
            .args(["sh", "-c", script])
            .arg(std::env::current_exe().unwrap())
            .env(inside, dir.path())
            .env("TMPDIR", dir.path())
            .status();
        assert!(status.unwrap().success());
        return;
    };
    let p = Project::new();
    assert!(p.root.starts_with(std::path::Path::new(&small)));
    let big = "x".repeat(200 * 1024);
    let before = p.snapshot();
    assert!(matches!(p.write("src/a.txt", &big), Err(PathError::Io { error, .. }) if error.raw_os_error() == Some(28)));
    assert!(matches!(p.write("src/new/deep/b.txt", &big), Err(PathError::Io { .. })));
    assert!(matches!(p.append("src/a.txt", &big), Err(PathError::Io { .. })));
    assert!(matches!(p.append("src/new/c.txt", &big), Err(PathError::Io { .. })));
    assert!(matches!(p.replace("src/a.txt", "content", &big), Err(PathError::Io { .. })));
    assert_eq!(p.snapshot(), before);
    p.write("src/a.txt", "there is room again").unwrap();
}
