//! Files: where they lie, who may write them, what they inherit.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

use super::*;
use crate::LoadCode;

#[test]
fn patterns_start_from_the_directory_that_states_them() {
    let dir = Dir::with(&[
        (
            "p/aegis.toml",
            "inherits = [\"../team/t.toml\", \"base-rules\"]\n[filesystem]\nread_allow = [\"src/**\"]\n[audit]\npath = \"log/a.jsonl\"\n",
        ),
        ("team/t.toml", "inherits = \"./more/m.toml\"\n[filesystem]\nread_allow = [\"docs/**\"]\n[audit]\nkey = \"k\"\n"),
        ("team/more/m.toml", "[filesystem]\nread_allow = [\"x\"]\n"),
    ]);
    let m = dir.load("p/aegis.toml").unwrap();
    let bases: Vec<_> = m.lists.read_allow.iter().map(|e| (e.rule.pattern(), e.base.to_path_buf())).collect();
    assert_eq!(bases, [("x", dir.path().join("team/more")), ("docs/**", dir.path().join("team")), ("src/**", dir.path().join("p"))]);
    assert_eq!(&*m.lists.fs_deny[0].base, Path::new("/"));
    assert_eq!(m.settings.audit_path, Some(dir.path().join("p/log/a.jsonl")));
    assert_eq!(m.settings.audit_key, Some(dir.path().join("team/k")));
    assert_eq!(m.settings.root, dir.path().join("p"));
    let paths: Vec<_> = m.files.iter().map(|f| f.path.clone()).collect();
    let at = |p: &str| Some(dir.path().join(p));
    assert_eq!(paths, [at("p/aegis.toml"), at("team/t.toml"), at("team/more/m.toml"), None]);
    assert_eq!(m.files[0].sha256.len(), 64);
}

#[test]
fn roots() {
    let dir = Dir::with(&[
        ("repo/.git/HEAD", ""),
        ("repo/sub/a.toml", "root = \"git\"\n"),
        ("repo/sub/b.toml", "root = \"..\"\n"),
        ("none/c.toml", "root = \"git\"\n"),
        ("bad.toml", "\nroot = \"absent\"\n"),
        ("file.toml", "root = \"bad.toml\"\n"),
    ]);
    let root = |name: &str| dir.load(name).unwrap().settings.root;
    assert_eq!(root("repo/sub/a.toml"), dir.path().join("repo"));
    assert_eq!(root("repo/sub/b.toml"), dir.path().join("repo"));
    assert_eq!(root("none/c.toml"), dir.path().join("none"));
    let elsewhere = finder().starting_at(&dir.path().join("repo/sub"));
    assert_eq!(load_file(&dir.path().join("none/c.toml"), &elsewhere).unwrap().settings.root, dir.path().join("repo"));
    assert_eq!(dir.message("bad.toml"), "DIR/bad.toml:2:1: root \"DIR/absent\" cannot be resolved");
    assert_eq!(dir.message("file.toml"), "DIR/file.toml:1:1: root \"DIR/bad.toml\" is not a directory");
    symlink(dir.path().join("repo"), dir.path().join("link")).unwrap();
    dir.write("l.toml", "root = \"link/sub\"\n");
    assert_eq!(root("l.toml"), dir.path().join("repo/sub"), "canonical");
}

#[test]
fn a_linked_policy_keeps_the_directory_of_the_link() {
    let dir = Dir::with(&[("dotfiles/p.toml", "[filesystem]\nread_allow = [\"src/**\"]\n"), ("project/x", "")]);
    symlink("../dotfiles/p.toml", dir.path().join("project/aegis.toml")).unwrap();
    let m = dir.load("project/aegis.toml").unwrap();
    assert_eq!(&*m.lists.read_allow[0].base, dir.path().join("project"));
    assert_eq!(m.files[0].path, Some(dir.path().join("project/aegis.toml")));
}

#[test]
fn a_link_to_what_others_may_write_is_refused() {
    let dir = Dir::with(&[("loose.toml", "")]);
    fs::set_permissions(dir.path().join("loose.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    symlink("loose.toml", dir.path().join("aegis.toml")).unwrap();
    assert_eq!(dir.message("aegis.toml"), "DIR/aegis.toml: others may write this policy (mode 666); run: chmod go-w DIR/aegis.toml");
    symlink("absent", dir.path().join("dangling.toml")).unwrap();
    assert_eq!(dir.message("dangling.toml"), "DIR/dangling.toml: cannot be read: no such file");
}

#[test]
fn modes_owners_and_kinds() {
    let dir = Dir::with(&[("aegis.toml", "")]);
    let path = dir.path().join("aegis.toml");
    let group = |gid: u32| std::os::unix::fs::chown(&path, None, Some(gid));
    let own = fs::metadata(&path).unwrap().uid();
    // another group cannot always be had; the private one can
    if group(own + 1).is_ok() {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        assert!(dir.message("aegis.toml").ends_with("aegis.toml"), "with the chmod to run");
    }
    group(own).unwrap();
    for (mode, loads) in [(0o600, true), (0o644, true), (0o664, true), (0o660, true), (0o646, false), (0o666, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(dir.load("aegis.toml").is_ok(), loads, "{mode:o}");
    }
    fs::create_dir(dir.path().join("d.toml")).unwrap();
    assert_eq!(dir.message("d.toml"), "DIR/d.toml: a policy must be a regular file");
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("f.toml"), rustix::fs::Mode::RUSR).unwrap();
    assert_eq!(dir.message("f.toml"), "DIR/f.toml: a policy must be a regular file");
    assert_eq!(load_file(Path::new("/dev/zero"), &finder()).unwrap_err().to_string(), "/dev/zero: a policy must be a regular file");
    assert_eq!(dir.message("absent.toml"), "DIR/absent.toml: cannot be read: no such file");
}

#[test]
fn a_foreign_owner_is_refused() {
    let dir = Dir::with(&[("aegis.toml", "")]);
    let is_root = rustix::process::geteuid().is_root();
    if chown(dir.path().join("aegis.toml"), Some(4242), None).is_ok() {
        assert_eq!(dir.message("aegis.toml"), "DIR/aegis.toml: a policy must belong to you or root, not to user 4242");
    } else if !is_root {
        // root's files are everybody's, and under confinement root cannot give one away
        let mut other = finder();
        other.uid += 1;
        assert_eq!(load_file(&dir.path().join("aegis.toml"), &other).unwrap_err().code(), LoadCode::Permissions);
    }
}

#[test]
fn an_inherited_file_is_held_to_the_same() {
    let dir = Dir::with(&[("own.toml", "inherits = \"./t.toml\"\n"), ("t.toml", "")]);
    fs::set_permissions(dir.path().join("t.toml"), fs::Permissions::from_mode(0o646)).unwrap();
    assert_eq!(dir.message("own.toml"), "DIR/t.toml: others may write this policy (mode 646); run: chmod go-w DIR/t.toml");
    fs::remove_file(dir.path().join("t.toml")).unwrap();
    assert_eq!(dir.message("own.toml"), "DIR/own.toml:1:12: \"DIR/t.toml\" cannot be read: no such file");
    dir.write("t.toml", "denny = 1\n");
    assert_eq!(dir.message("own.toml"), "DIR/t.toml:1:1: unknown key \"denny\" at the top of the file");
}

#[test]
fn not_utf8_and_too_large() {
    let dir = Dir::with(&[("big.toml", &format!("# {}", "x".repeat(1 << 20)))]);
    dir.write("bad.toml", "");
    fs::write(dir.path().join("bad.toml"), b"# \xc3\xa9\n# ab\xff").unwrap();
    assert_eq!(dir.message("bad.toml"), "DIR/bad.toml:2:5: a policy must be UTF-8 text");
    assert_eq!(dir.message("big.toml"), "DIR/big.toml: a policy has at most 1048576 bytes");
}

#[test]
fn circles_name_the_chain() {
    let dir = Dir::with(&[
        ("a.toml", "inherits = \"./b.toml\"\n"),
        ("b.toml", "\ninherits = [\"base-rules\", \"./c.toml\"]\n"),
        ("c.toml", "inherits = \"./b.toml\"\n"),
        ("self.toml", "inherits = \"./self.toml\"\n"),
    ]);
    assert_eq!(dir.message("a.toml"), "DIR/c.toml:1:12: policies inherit each other in a circle: DIR/b.toml -> DIR/c.toml -> DIR/b.toml");
    assert_eq!(dir.message("self.toml"), "DIR/self.toml:1:12: policies inherit each other in a circle: DIR/self.toml -> DIR/self.toml");
    symlink("x.toml", dir.path().join("y.toml")).unwrap();
    dir.write("x.toml", "inherits = \"./y.toml\"\n");
    assert!(dir.message("x.toml").contains("in a circle"), "another name for the same file");
}

#[test]
fn sixteen_deep_and_no_deeper() {
    let chain = |n: usize| {
        let dir = Dir::with(&[]);
        for i in 1..n {
            dir.write(&format!("{i}.toml"), &format!("inherits = \"./{}.toml\"\n", i + 1));
        }
        dir.write(&format!("{n}.toml"), "");
        dir
    };
    assert!(chain(16).load("1.toml").is_ok());
    assert_eq!(chain(17).message("1.toml"), "DIR/16.toml:1:12: a policy inherits at most 64 files, 16 deep");
}

#[test]
fn a_lattice_of_files_is_read_once_each() {
    let dir = Dir::with(&[("z.toml", "[filesystem]\ndeny = [\"z\"]\n")]);
    for i in 0..14 {
        let next = if i == 13 { "z.toml".to_owned() } else { format!("l{}.toml", i + 1) };
        for side in ["l", "r"] {
            let other = if i == 13 { next.clone() } else { next.replacen('l', "r", 1) };
            dir.write(&format!("{side}{i}.toml"), &format!("inherits = [\"./{next}\", \"./{other}\"]\n"));
        }
    }
    let m = dir.load("l0.toml").unwrap();
    assert_eq!(patterns(&m.lists.fs_deny), ["z"]);
    assert_eq!(m.files.len(), 28);
}

#[test]
fn home_in_inherits() {
    let dir = Dir::with(&[("home/t.toml", "[filesystem]\ndeny = [\"x\"]\n"), ("own.toml", "inherits = \"~/t.toml\"\n")]);
    let here = finder().with_home(&dir.path().join("home"));
    assert_eq!(load_file(&dir.path().join("own.toml"), &here).unwrap().lists.fs_deny.len(), 1);
    let mut nowhere = finder();
    nowhere.home = None;
    let error = load_file(&dir.path().join("own.toml"), &nowhere).unwrap_err().to_string();
    assert!(error.ends_with("own.toml:1:12: the home directory of this user is not known"), "{error}");
}

#[test]
fn the_trust_hash_covers_every_byte_of_every_file() {
    let dir = Dir::with(&[("a.toml", "inherits = [\"./t.toml\", \"base-rules\"]\n"), ("t.toml", "")]);
    let hash = || dir.load("a.toml").unwrap().trust_hash;
    let first = hash();
    assert_eq!(first, hash());
    dir.write("t.toml", "# x\n");
    let second = hash();
    assert_ne!(first, second, "an inherited file");
    dir.write("a.toml", "inherits = [\"./t.toml\", \"base-rules\"] \n");
    let third = hash();
    assert_ne!(second, third, "the file itself");
    dir.write("a.toml", "inherits = [\"./t.toml\", \"base-rules\"]\n");
    assert_eq!(second, hash());
    let other: &'static [(&str, &str)] = &[("base-rules", "# changed\n")];
    let changed = load_file(&dir.path().join("a.toml"), &finder().with_presets(other)).unwrap().trust_hash;
    assert_ne!(second, changed, "a preset");
    let relative = load_file(&dir.path().join("../").join(dir.path().file_name().unwrap()).join("a.toml"), &finder()).unwrap().trust_hash;
    assert_eq!(second, relative, "however the path is written");
}
