//! What happens to files: links, modes, backups, directories, and files that others can write.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use aegis_agents::{FileError, Host, Plan, PlanError, Server, SettingsFile};

const TEXT: &str = "{\n  // mine\n  \"mcpServers\": {\n    \"x\": { \"command\": \"y\" },\n  },\n}\n";

fn server() -> Server {
    Server { program: "/usr/local/bin/aegis".to_owned(), policy: "/etc/policy.toml".to_owned() }
}

fn install(at: &Path) -> Result<Plan, PlanError> {
    Plan::install(Host::Claude, SettingsFile::open(at, true)?, &server())
}

fn top() -> (tempfile::TempDir, PathBuf) {
    let top = tempfile::tempdir().unwrap();
    let real = top.path().canonicalize().unwrap();
    (top, real)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn mode_and_owner_stay_and_the_first_text_is_kept_once() {
    let (_top, dir) = top();
    let at = dir.join("s.json");
    fs::write(&at, TEXT).unwrap();
    fs::set_permissions(&at, Permissions::from_mode(0o640)).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&dir, Some(4321), Some(4322)).unwrap();
        std::os::unix::fs::chown(&at, Some(4321), Some(4322)).unwrap();
    }
    let owner = |path: &Path| (fs::metadata(path).unwrap().uid(), fs::metadata(path).unwrap().gid());
    let was = owner(&at);
    install(&at).unwrap().carry_out().unwrap();
    let backup = dir.join("s.json.aegis-backup");
    assert_eq!(fs::read_to_string(&backup).unwrap(), TEXT);
    for path in [&at, &backup] {
        assert_eq!((mode(path), owner(path)), (0o640, was), "{}", path.display());
    }
    // a second change keeps the first backup
    let later = Server { policy: "/etc/other.toml".to_owned(), ..server() };
    Plan::install(Host::Claude, SettingsFile::open(&at, true).unwrap(), &later).unwrap().carry_out().unwrap();
    assert!(fs::read_to_string(&at).unwrap().contains("/etc/other.toml"));
    assert_eq!(fs::read_to_string(&backup).unwrap(), TEXT);
    assert_eq!(names(&dir), ["s.json", "s.json.aegis-backup"]);
}

#[test]
fn a_file_of_our_making_is_not_kept() {
    let (_top, dir) = top();
    let at = dir.join("s.json");
    for policy in ["/etc/a.toml", "/etc/b.toml"] {
        let server = Server { policy: policy.to_owned(), ..server() };
        Plan::install(Host::Claude, SettingsFile::open(&at, true).unwrap(), &server).unwrap().carry_out().unwrap();
    }
    assert_eq!(names(&dir), ["s.json"]);
    Plan::uninstall(Host::Claude, SettingsFile::open(&at, true).unwrap()).unwrap().carry_out().unwrap();
    assert!(names(&dir).is_empty());
}

#[test]
fn a_link_stays_a_link() {
    let (_top, dir) = top();
    fs::create_dir(dir.join("dotfiles")).unwrap();
    let target = dir.join("dotfiles/claude.json");
    fs::write(&target, TEXT).unwrap();
    let at = dir.join("s.json");
    symlink("dotfiles/claude.json", &at).unwrap();
    install(&at).unwrap().carry_out().unwrap();
    assert!(fs::symlink_metadata(&at).unwrap().is_symlink());
    assert!(fs::read_to_string(&target).unwrap().contains("/usr/local/bin/aegis"));
    Plan::uninstall(Host::Claude, SettingsFile::open(&at, true).unwrap()).unwrap().carry_out().unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), TEXT);
    assert!(fs::symlink_metadata(&at).unwrap().is_symlink());

    fs::remove_file(&target).unwrap();
    assert!(matches!(install(&at), Err(PlanError::File(FileError::LinkToNothing(_)))));
    assert!(!target.exists());
}

#[test]
fn what_is_missing_is_made() {
    let (_top, dir) = top();
    for (private, file_mode, dir_mode) in [(true, 0o600, 0o700), (false, 0o644, 0o755)] {
        let at = dir.join(format!("{private}/deep/s.json"));
        let plan = Plan::install(Host::Claude, SettingsFile::open(&at, private).unwrap(), &server()).unwrap();
        assert!(plan.diff().starts_with("--- /dev/null\n+++ "), "{}", plan.diff());
        assert!(!dir.join(format!("{private}")).exists(), "a plan makes nothing");
        plan.carry_out().unwrap();
        assert_eq!(mode(&at), file_mode);
        assert_eq!(mode(at.parent().unwrap()) & dir_mode, mode(at.parent().unwrap()));
        assert_eq!(names(at.parent().unwrap()), ["s.json"], "no backup of nothing");
        let plan = Plan::uninstall(Host::Claude, SettingsFile::open(&at, private).unwrap()).unwrap();
        assert!(plan.removes_the_file());
        plan.carry_out().unwrap();
        assert!(!at.exists());
    }
}

#[test]
fn nothing_that_others_can_write_is_followed() {
    let (_top, dir) = top();
    let at = dir.join("s.json");
    fs::write(&at, TEXT).unwrap();
    let refused = |what: &str| {
        let error = install(&at).unwrap_err();
        assert!(matches!(error, PlanError::File(FileError::OthersCanWrite(_))), "{what}: {error}");
        assert_eq!(fs::read_to_string(&at).unwrap(), TEXT);
    };
    fs::set_permissions(&at, Permissions::from_mode(0o646)).unwrap();
    refused("the file");
    fs::set_permissions(&at, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&dir, Permissions::from_mode(0o777)).unwrap();
    refused("its directory");
    fs::set_permissions(&dir, Permissions::from_mode(0o1777)).unwrap();
    refused("its directory, sticky");
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();

    let open = dir.join("open");
    fs::create_dir_all(open.join("inner")).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(install(&open.join("inner/s.json")), Err(PlanError::File(FileError::OthersCanWrite(_)))), "on the way");
    // a way through such a directory, though the target is safe
    symlink(&dir, open.join("way")).unwrap();
    assert!(matches!(install(&open.join("way/s.json")), Err(PlanError::File(FileError::OthersCanWrite(_)))), "by a link");
    symlink(&at, open.join("s.json")).unwrap();
    let first = dir.join("first.json");
    symlink(open.join("s.json"), &first).unwrap();
    assert!(matches!(install(&first), Err(PlanError::File(FileError::OthersCanWrite(_)))), "by a link of a link");
    install(&at).unwrap();
}

#[test]
fn another_users_file_is_not_touched() {
    if !is_root() {
        eprintln!("SKIPPED another_users_file_is_not_touched: only root can make one");
        return;
    }
    let (_top, dir) = top();
    let at = dir.join("s.json");
    fs::write(&at, TEXT).unwrap();
    std::os::unix::fs::chown(&at, Some(4321), Some(4321)).unwrap();
    assert!(matches!(install(&at), Err(PlanError::File(FileError::NotYours(_)))));
    // that user's link to a file of ours
    let theirs = dir.join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(dir.join("ours.json"), TEXT).unwrap();
    symlink("../ours.json", theirs.join("s.json")).unwrap();
    std::os::unix::fs::lchown(theirs.join("s.json"), Some(4321), Some(4321)).unwrap();
    std::os::unix::fs::chown(&theirs, Some(4321), Some(4321)).unwrap();
    assert!(matches!(install(&theirs.join("s.json")), Err(PlanError::File(FileError::NotYours(_)))));
    assert_eq!(fs::read_to_string(dir.join("ours.json")).unwrap(), TEXT);
}

#[test]
fn a_file_that_changed_meanwhile_stays_as_it_is() {
    let (_top, dir) = top();
    let at = dir.join("s.json");
    fs::write(&at, TEXT).unwrap();
    let plan = install(&at).unwrap();
    fs::write(&at, "{\"theirs\": 1}").unwrap();
    assert!(matches!(plan.carry_out(), Err(FileError::Changed(_))));
    assert_eq!(fs::read_to_string(&at).unwrap(), "{\"theirs\": 1}");
    assert_eq!(names(&dir), ["s.json"], "nothing half done is left");

    fs::remove_file(&at).unwrap();
    let plan = install(&at).unwrap();
    fs::write(&at, "{}").unwrap();
    assert!(matches!(plan.carry_out(), Err(FileError::Changed(_))));
    assert_eq!(fs::read_to_string(&at).unwrap(), "{}");
}

#[test]
fn what_is_no_file_and_no_text() {
    let (_top, dir) = top();
    let at = dir.join("s.json");
    fs::create_dir(&at).unwrap();
    assert!(matches!(install(&at), Err(PlanError::File(FileError::NotAFile(_)))));
    fs::remove_dir(&at).unwrap();
    fs::write(&at, b"{\"a\": \"\xff\"}").unwrap();
    let error = install(&at).unwrap_err().to_string();
    assert!(error.ends_with("not UTF-8 text"), "{error}");
    fs::write(&at, "{\n  \"a\": nope\n}").unwrap();
    let error = install(&at).unwrap_err().to_string();
    assert!(error.contains("s.json: line 2, column 8: "), "{error}");
    assert_eq!(fs::read_to_string(&at).unwrap(), "{\n  \"a\": nope\n}");
    assert_eq!(names(&dir), ["s.json"]);
}

/// Whatever moment a reader looks, the file is whole: the old text or the new one.
#[test]
fn a_reader_never_sees_a_part() {
    let (_top, dir) = top();
    let at = dir.join("s.json");
    let text = format!("{{\n  \"pad\": \"{}\"\n}}\n", "x".repeat(200_000));
    fs::write(&at, &text).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let seen = fs::read_to_string(&at).unwrap();
                assert!(seen.starts_with("{\n  \"pad\"") && seen.ends_with("}\n") && seen.len() >= text.len());
            }
        });
        for _ in 0..20 {
            install(&at).unwrap().carry_out().unwrap();
            Plan::uninstall(Host::Claude, SettingsFile::open(&at, true).unwrap()).unwrap().carry_out().unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(fs::read_to_string(&at).unwrap(), text);
    assert_eq!(names(&dir), ["s.json"]);
}

/// Root that can give files away; under confinement it cannot.
fn is_root() -> bool {
    let file = tempfile::NamedTempFile::new().unwrap();
    rustix::process::geteuid().is_root() && std::os::unix::fs::chown(file.path(), Some(4321), None).is_ok()
}
