//! What the rules of a policy say of paths, the few and all of them.

use super::*;
use crate::control::{GUARDED, SEALED};
use crate::load::{Finder, load_preset};
use crate::{Access, PathOp, Policy, Surroundings, Verdict};

/// What `look_up` asks at load is all that compiling asks later: with links in a home, frozen answers are those of an open one.
#[test]
fn links_looked_up_at_load_are_those_that_compiling_needs() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(home.join("real/sub")).unwrap();
    for name in [".ssh", ".aws", ".config", ".local", ".cargo", ".gnupg", ".docker", ".kube", ".npmrc", ".mozilla", "Library"] {
        std::os::unix::fs::symlink("real", home.join(name)).unwrap();
    }
    let lists = load_preset("secure-defaults", &Finder::of_this_user()).unwrap().lists;
    let mut rules = PathRules::of_home(Some(&home), 0);
    for entry in SEALED.iter().chain(GUARDED) {
        rules.add_built_in(PathKind::Guarded, entry);
    }
    for entry in &lists.fs_deny {
        rules.add(PathKind::Deny, None, entry, None).unwrap();
    }
    let rules = rules.asked(false);
    let mut real = 0;
    for rule in &rules.rules {
        let patterns = |links: &mut Links| {
            let mut all = Vec::new();
            rule.each(Some(&home), links, &mut |p, _| all.push(format!("{p:?}"))).unwrap();
            all
        };
        let frozen = patterns(&mut rules.links.lock().unwrap());
        assert_eq!(frozen, patterns(&mut Links::default()), "{}", rule.rule);
        real += frozen.iter().filter(|p| p.contains("114, 101, 97, 108]")).count();
    }
    assert!(real > 10, "{real}");
}

/// The short way to a no is the long one's.
#[test]
fn what_no_list_grants_is_not_permitted() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let (project, other) = (home.join("project"), home.join("other"));
    std::fs::create_dir_all(&project).unwrap();
    std::fs::create_dir_all(other.join("x")).unwrap();
    std::os::unix::fs::symlink(&other, home.join("link")).unwrap();
    let finder = Finder::at_home(Some(home.clone()));
    let text = "version = 1\ninherits = \"secure-defaults\"\n[filesystem]\nread_allow = [\"**\"]\nlocal_only_read = [\"own/*\"]\nlocal_only_write = [\"own/*\"]\n\
                write_allow = [\"src/**\", \"~/link/**\", \"/t\u{fc}r/{a,b}\"]\ndelete_allow = [\"{src,~/link}/**\"]\n";
    for at_once in [false, true] {
        let around = Surroundings { at_once, ..Surroundings::default() };
        let (mut yes, mut no) = (0, 0);
        for path in ["project/src/a", "project/a", "project/.env", "project/src/.env", "link/x", "other/x", "other", "project/own/x", "x"] {
            for path in
                [home.join(path), Path::new("/").join(path), "/usr/bin/git".into(), "/t\u{fc}r/a".into(), "/".into(), "/a/../b".into()]
            {
                // a policy of its own for each, which has looked up nothing yet
                let policy = Policy::from_text("p", text, &project, &finder, &around).unwrap();
                for op in [PathOp::Read, PathOp::Write, PathOp::Delete] {
                    let access = Access::Path { op, path: &path };
                    let permits = policy.permits(&access);
                    let decided = Policy::from_text("p", text, &project, &finder, &Surroundings::default()).unwrap().decide(&access);
                    assert_eq!(permits, decided.verdict() != Verdict::Deny, "{op:?} {}", path.display());
                    if permits { yes += 1 } else { no += 1 }
                }
            }
        }
        assert!(yes > 12 && no > 60, "{yes} {no}");
    }
}

#[derive(Default)]
struct Seen(std::collections::BTreeSet<(u32, bool)>);
impl crate::pattern::Hits for Seen {
    fn hit(&mut self, end: crate::pattern::End) {
        self.0.insert((end.rule, end.directory_itself));
    }
}

fn seen(tries: &Tries, path: &str) -> std::collections::BTreeSet<(u32, bool)> {
    let mut seen = Seen::default();
    tries.exact.walk(path.as_bytes(), &mut seen);
    seen.0
}

/// The first paths are judged by a few rules: those must be all that match, also where a link gives a pattern another place.
#[test]
fn the_few_rules_of_the_first_paths_say_what_all_say() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap().join("home/mia");
    let dots = home.parent().unwrap().join("dots");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::create_dir_all(dots.join("x")).unwrap();
    for name in [".ssh", ".bashrc", ".config", ".vim", ".local"] {
        std::os::unix::fs::symlink(&dots, home.join(name)).unwrap();
    }
    let lists = load_preset("secure-defaults", &Finder::of_this_user()).unwrap().lists;
    let rules = |later| {
        let mut rules = PathRules::of_home(Some(&home), 0);
        for entry in SEALED.iter().chain(GUARDED) {
            rules.add_built_in(PathKind::Guarded, entry);
        }
        for entry in &lists.fs_deny {
            rules.add(PathKind::Deny, None, entry, None).unwrap();
        }
        rules.add_object(PathKind::Guarded, &home.join(".vim/state.json"));
        rules.asked(later)
    };
    let all = rules(false);
    let (home, dots) = (home.to_str().unwrap(), dots.to_str().unwrap());
    let mut paths: Vec<String> = [
        "/",
        "/usr/bin/git",
        "/etc/shadow",
        "/etc/zshrc",
        "/proc/1/environ",
        "/p/.env",
        "/p/a/.env.local/x",
        "/p/x.pem",
        "/p/id_rsa",
        "/p/.git/hooks/pre-commit",
        "/p/.git/config",
        "/p/CLAUDE.md",
        "/p/.mcp.json",
        "/p/ü/.env",
        "/p/src/main.rs",
        "/p/lefthook.yml",
        "/p/.lefthook.toml",
    ]
    .map(str::to_owned)
    .to_vec();
    for name in [
        "",
        "/",
        "/.ssh",
        "/.ssh/id",
        "/.ssh/authorized_keys",
        "/.bashrc",
        "/.zshrc",
        "/.aws/credentials",
        "/.config/gh/hosts.yml",
        "/.config/autostart/x",
        "/bin/x",
        "/x/.ssh/id",
        "/.docker/config.json",
        "/x",
        "/state.json",
        "/autostart/x",
        "/gh/hosts.yml",
        "/share/keyrings/x",
        "/x/y",
    ] {
        paths.extend([format!("{home}{name}"), format!("{dots}{name}")]);
    }
    let mut matched = 0;
    for path in &paths {
        let first = rules(true);
        let few = first.matchers(PathOp::Write, path.as_bytes());
        assert!(matches!(few, Matchers::Of(_)) || !path.is_ascii(), "{path}");
        let expected = seen(all.tries(), path);
        assert_eq!(seen(&few, path), expected, "{path}");
        matched += usize::from(!expected.is_empty());
    }
    assert!(matched > 30, "{matched} of {}", paths.len());
    // for reading, the rules that are about reading; in the home they lead to links
    let reading = |ends: std::collections::BTreeSet<(u32, bool)>| -> Vec<(u32, bool)> {
        ends.into_iter().filter(|(rule, _)| all.rule(*rule).unwrap().kind.is_about(PathOp::Read)).collect()
    };
    let (mut matched, mut below) = (0, 0);
    for path in paths.iter().filter(|path| path.is_ascii()) {
        let expected = reading(seen(all.tries(), path));
        assert_eq!(reading(seen(&rules(true).matchers(PathOp::Read, path.as_bytes()), path)), expected, "{path}");
        for (at, _) in path.match_indices('/') {
            let first = rules(true);
            first.look_below(&path.as_bytes()[..at]);
            let few = first.matchers(PathOp::Read, path.as_bytes());
            assert_eq!(reading(seen(&few, path)), expected, "{path} below {}", &path[..at]);
            // it was made ahead for all names there, and is not asked about the directory itself or for writing
            below += usize::from(first.known().below_of(PathOp::Read, path.as_bytes()));
            assert!(!first.known().below_of(PathOp::Write, path.as_bytes()));
            assert!(!first.known().below_of(PathOp::Read, &path.as_bytes()[..at]));
        }
        matched += usize::from(!expected.is_empty());
    }
    assert!(matched > 15 && below > 60, "{matched}, {below}");
    // from then on it is all of them, and what was judged before stays
    let first = rules(false);
    for path in paths.iter().filter(|path| path.is_ascii()).take(FEW) {
        assert!(matches!(first.matchers(PathOp::Write, path.as_bytes()), Matchers::Of(_)));
    }
    assert!(matches!(first.matchers(PathOp::Write, b"/"), Matchers::Of(_)));
    assert!(matches!(first.matchers(PathOp::Write, b"/never/asked"), Matchers::All(_)));
    assert!(matches!(first.matchers(PathOp::Write, b"/"), Matchers::All(_)));
}

/// A link that is made after the look means nothing.
#[test]
fn what_was_not_looked_up_ahead_is_looked_up_by_the_first_write_at_the_latest() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("real")).unwrap();
    let rules = || {
        let mut rules = PathRules::of_home(None, 0);
        rules.add_object(PathKind::Guarded, &root.join("late/state"));
        rules.add_object(PathKind::Deny, &root.join("later/state"));
        rules.asked(true)
    };
    let hits = |rules: &PathRules, op| {
        let path = root.join("real/state");
        let path = path.to_str().unwrap();
        seen(&rules.matchers(op, path.as_bytes()), path).len()
    };
    let (asked, read) = (rules(), rules());
    assert_eq!((hits(&asked, PathOp::Write), hits(&read, PathOp::Read)), (0, 0));
    std::os::unix::fs::symlink(root.join("real"), root.join("late")).unwrap();
    std::os::unix::fs::symlink(root.join("real"), root.join("later")).unwrap();
    assert_eq!((hits(&asked, PathOp::Write), hits(&asked, PathOp::Read)), (0, 0), "all was looked up");
    assert_eq!(hits(&read, PathOp::Read), 0, "what is about reading was");
    assert_eq!(hits(&read, PathOp::Write), 1, "the rest was not");
    let all = rules();
    all.linked();
    assert_eq!(hits(&all, PathOp::Write), 2);
}

/// They are read when the first path is judged, where nobody could be told.
#[test]
fn every_path_pattern_of_the_program_is_one() {
    let home = Some(Path::new("/home/mia"));
    let mut links = Links::default();
    let mut rules: Vec<PathRule> = Vec::new();
    for (kind, entries) in [(PathKind::Sealed, SEALED), (PathKind::Guarded, GUARDED)] {
        rules.extend(entries.iter().map(|e| PathRule {
            kind,
            rule: (&e.rule).into(),
            atom: None,
            form: Form::BuiltIn { itself: e.itself },
        }));
    }
    for preset in crate::preset_names() {
        let mut lists = load_preset(preset, &Finder::of_this_user()).unwrap().lists;
        for entry in lists.path_entries().filter(|e| e.rule.list().starts_with("[filesystem]")) {
            let form = Form::Entry(entry.base.clone());
            rules.push(PathRule { kind: PathKind::Deny, rule: entry.rule.clone(), atom: None, form });
        }
        for approval in lists.requires_approval {
            assert!(approval.pattern.is_none() || !approval.capability.name().starts_with("fs."), "read them here too");
        }
    }
    assert!(rules.len() > 500);
    for rule in rules {
        let mut count = 0;
        rule.each(home, &mut links, &mut |_, _| count += 1).unwrap_or_else(|e| panic!("{}: {e}", rule.rule));
        assert!(count > 0, "{}", rule.rule);
    }
}
