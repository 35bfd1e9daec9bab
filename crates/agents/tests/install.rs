//! Realistic settings files of each host, `tests/install/HOST/CASE`. Installed, each becomes what lies beside it as `.installed`;
//! uninstalled, what it was. What is refused stays as it is, with the words in `.refused`. With `UPDATE_INSTALL=1` in the environment what
//! lies beside is written anew.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use aegis_agents::{Change, Hook, Host, Places, Plan, PlanError, Scope, plans, rulesync, status};

/// Each directory of cases, with the file that they are.
const CASES: [(&str, Option<Host>, &str); 9] = [
    ("claude", Some(Host::Claude), ".claude/settings.json"),
    ("codex", Some(Host::Codex), ".codex/hooks.json"),
    ("codex-config", Some(Host::Codex), ".codex/config.toml"),
    ("gemini", Some(Host::Gemini), ".gemini/settings.json"),
    ("antigravity", Some(Host::Antigravity), ".gemini/config/hooks.json"),
    ("cursor", Some(Host::Cursor), ".cursor/hooks.json"),
    ("copilot", Some(Host::Copilot), ".copilot/hooks/aegis.json"),
    ("opencode", Some(Host::OpenCode), ".config/opencode/plugins/aegis.js"),
    ("rulesync", None, ".rulesync/hooks.json"),
];

struct Home {
    _top: tempfile::TempDir,
    at: PathBuf,
}

impl Home {
    fn new() -> Home {
        let top = tempfile::tempdir().unwrap();
        Home { at: top.path().canonicalize().unwrap(), _top: top }
    }

    fn file(&self, path: &str, content: &[u8]) -> PathBuf {
        let at = self.at.join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, content).unwrap();
        at
    }

    fn with<T>(&self, see: impl FnOnce(&Places<'_>) -> T) -> T {
        see(&Places { home: &self.at, project: &self.at.join("project"), variable: &|_| None })
    }

    /// The plans of a host, or of rulesync.
    fn plans(&self, host: Option<Host>, scope: Scope, change: Change<'_>) -> Vec<Result<Plan, PlanError>> {
        self.with(|places| match host {
            Some(host) => plans(host, scope, places, change),
            None => rulesync(places, change).into_iter().collect(),
        })
    }

    fn install(&self, host: Host) {
        for plan in self.plans(Some(host), Scope::User, Change::Install(&hook())) {
            plan.unwrap().carry_out().unwrap();
        }
    }

    fn uninstall(&self, host: Host) {
        for plan in self.plans(Some(host), Scope::User, Change::Uninstall) {
            plan.unwrap().carry_out().unwrap();
        }
    }

    fn warnings(&self, host: Host, scope: Scope) -> String {
        self.with(|places| status(host, scope, places)).unwrap().warnings.join("\n")
    }
}

fn hook() -> Hook {
    Hook::new(Path::new("/usr/local/bin/aegis-hook"), Some(Path::new("/home/ada/it's/policy.toml"))).unwrap()
}

/// The change of one file among those of its host.
fn of(at: &Path, plans: Vec<Result<Plan, PlanError>>) -> Result<Plan, String> {
    let is_it = |plan: &Result<Plan, PlanError>| match plan {
        Ok(plan) => plan.file().path() == at,
        Err(error) => error.to_string().starts_with(at.to_str().unwrap()),
    };
    let plan = plans.into_iter().find(is_it).unwrap_or_else(|| panic!("no plan for {}", at.display()));
    plan.map_err(|error| error.to_string().replace(&format!("{}: ", at.display()), ""))
}

#[test]
fn each_file_of_each_host() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/install");
    let mut count = 0;
    for (directory, host, file) in CASES {
        for entry in fs::read_dir(cases.join(directory)).unwrap() {
            let before = entry.unwrap().path();
            let is_beside = before.extension().is_some_and(|end| end == "installed" || end == "refused");
            if !is_beside {
                case(host, file, &before);
                count += 1;
            }
        }
    }
    assert!(count >= 60, "{count} cases");
}

fn case(host: Option<Host>, file: &str, before: &Path) {
    let shown = before.display();
    let beside = |end: &str| before.with_file_name(format!("{}.{end}", before.file_name().unwrap().to_str().unwrap()));
    let text = fs::read_to_string(before).unwrap();
    let home = Home::new();
    let at = home.file(file, text.as_bytes());
    let hook = hook();
    let install = || of(&at, home.plans(host, Scope::User, Change::Install(&hook)));
    let update = std::env::var_os("UPDATE_INSTALL").is_some();

    let (end, became) = match install() {
        Ok(plan) => {
            plan.carry_out().unwrap();
            ("installed", fs::read_to_string(&at).unwrap())
        }
        Err(error) => ("refused", format!("{error}\n")),
    };
    if update {
        let _ = fs::remove_file(beside("installed"));
        let _ = fs::remove_file(beside("refused"));
        fs::write(beside(end), &became).unwrap();
    }
    assert_eq!(became, fs::read_to_string(beside(end)).unwrap_or_default(), "{shown}: {end}");
    if end == "refused" {
        assert_eq!(fs::read_to_string(&at).unwrap(), text, "{shown}");
        assert_eq!(fs::read_dir(at.parent().unwrap()).unwrap().count(), 1, "{shown}: nothing beside");
        return;
    }
    assert!(install().unwrap().changes_nothing(), "{shown}: again");
    if file.ends_with(".json") {
        let plain: String = became.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let plain = plain.replace("// last", "").replace("/* on */", "");
        serde_json::from_str::<serde_json::Value>(plain.trim_start_matches('\u{feff}')).unwrap_or_else(|e| panic!("{shown}: {e}"));
    }

    for plan in home.plans(host, Scope::User, Change::Uninstall) {
        plan.unwrap_or_else(|e| panic!("{shown}: {e}")).carry_out().unwrap();
    }
    let had_ours = before.file_name().unwrap().to_str().unwrap().contains("older") || shown.to_string().contains("ours-in-front");
    let is_alone = matches!(host, Some(Host::Copilot | Host::OpenCode));
    match fs::read_to_string(&at) {
        Ok(left) if had_ours && !file.ends_with("config.toml") => {
            // the name of the object in which an agent wants our hook, as an empty list of others stays, too
            assert!(!left.replace("\"aegis\": {\"PreToolUse\": []}", "").contains("aegis"), "{shown}: {left}");
        }
        Ok(left) => {
            assert_eq!(left, text, "{shown}");
            assert_eq!(fs::read_dir(at.parent().unwrap()).unwrap().count(), 1, "{shown}: the backup went too");
        }
        Err(_) => assert!(is_alone, "{shown}"),
    }
    for plan in home.plans(host, Scope::User, Change::Uninstall) {
        assert!(plan.unwrap().changes_nothing(), "{shown}: again");
    }
}

#[test]
fn what_is_missing_is_made_and_goes_again() {
    for host in Host::with_hooks() {
        for scope in [Scope::User, Scope::Project] {
            let home = Home::new();
            let hook = hook();
            for plan in home.plans(Some(host), scope, Change::Install(&hook)) {
                let plan = plan.unwrap();
                assert!(plan.diff().starts_with("--- /dev/null\n+++ "), "{host:?}: {}", plan.diff());
                assert!(!plan.file().path().exists(), "a plan makes nothing");
                plan.carry_out().unwrap();
                let mode = fs::metadata(plan.file().path()).unwrap().mode() & 0o777;
                assert_eq!(mode, if scope == Scope::User { 0o600 } else { 0o644 }, "{host:?}");
            }
            let seen = home.with(|places| status(host, scope, places)).unwrap();
            let installed = seen.installed.unwrap_or_else(|| panic!("{host:?} {scope:?}"));
            assert_eq!(installed.program, Path::new("/usr/local/bin/aegis-hook"));
            assert_eq!(installed.policy.as_deref(), Some(Path::new("/home/ada/it's/policy.toml")));
            let seconds = if host == Host::OpenCode { 20 } else { 30 };
            assert_eq!(installed.timeout, Some(std::time::Duration::from_secs(seconds)), "{host:?}");
            for plan in home.plans(Some(host), scope, Change::Install(&hook)) {
                assert!(plan.unwrap().changes_nothing(), "{host:?}");
            }
            for plan in home.plans(Some(host), scope, Change::Uninstall) {
                let plan = plan.unwrap();
                assert!(plan.removes_the_file(), "{host:?}");
                plan.carry_out().unwrap();
                assert!(!plan.file().path().exists());
            }
        }
    }
}

#[test]
fn codex_trusts_the_others_still() {
    let home = Home::new();
    let text = include_str!("install/codex/foreign.json");
    let at = home.file(".codex/hooks.json", text.as_bytes());
    home.install(Host::Codex);
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&at).unwrap()).unwrap();
    let groups = value["hooks"]["PreToolUse"].as_array().unwrap();
    assert_eq!(groups[0]["hooks"][0]["command"], "/usr/bin/mine", "what was first is first");
    assert_eq!(groups.len(), 2);
    let written = fs::metadata(&at).unwrap();
    home.install(Host::Codex);
    let later = fs::metadata(&at).unwrap();
    assert_eq!((written.ino(), written.mtime_nsec()), (later.ino(), later.mtime_nsec()), "not written again");
}

#[test]
fn the_file_of_the_servers_is_the_file_of_the_hooks() {
    let text = "{\n  \"theme\": \"x\"\n}\n";
    let server = aegis_agents::Server { program: "/usr/local/bin/aegis".to_owned(), policy: "/p.toml".to_owned() };
    for (host, file, text) in [(Host::Gemini, ".gemini/settings.json", text), (Host::Codex, ".codex/config.toml", "model = \"x\" # mine\n")]
    {
        for hooks_go_first in [true, false] {
            let home = Home::new();
            let at = home.file(file, text.as_bytes());
            let open = || aegis_agents::SettingsFile::open(&at, true).unwrap();
            Plan::install(host, open(), &server).unwrap().carry_out().unwrap();
            let with_server = fs::read_to_string(&at).unwrap();
            home.install(host);
            if hooks_go_first {
                home.uninstall(host);
                assert_eq!(fs::read_to_string(&at).unwrap(), with_server, "{host:?}");
                Plan::uninstall(host, open()).unwrap().carry_out().unwrap();
            } else {
                Plan::uninstall(host, open()).unwrap().carry_out().unwrap();
                home.uninstall(host);
            }
            assert_eq!(fs::read_to_string(&at).unwrap(), text, "{host:?}");
        }
    }
}

#[test]
fn links_and_modes_stay() {
    let home = Home::new();
    let text = include_str!("install/claude/foreign.json");
    let target = home.file("dotfiles/claude.json", text.as_bytes());
    fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(home.at.join(".claude")).unwrap();
    let link = home.at.join(".claude/settings.json");
    symlink("../dotfiles/claude.json", &link).unwrap();
    home.install(Host::Claude);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(&target).unwrap().contains("/usr/local/bin/aegis-hook"));
    assert_eq!(fs::read_to_string(home.at.join("dotfiles/claude.json.aegis-backup")).unwrap(), text);
    home.uninstall(Host::Claude);
    assert_eq!(fs::read_to_string(&target).unwrap(), text);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(home.at.join("dotfiles")).unwrap().count(), 1);
}

#[test]
fn what_others_added_since_stays() {
    let home = Home::new();
    let at = home.file(".claude/settings.json", b"{\n  \"model\": \"opus\"\n}\n");
    home.install(Host::Claude);
    let later = fs::read_to_string(&at).unwrap().replace("\"opus\"", "\"haiku\"");
    fs::write(&at, &later).unwrap();
    home.uninstall(Host::Claude);
    assert_eq!(fs::read_to_string(&at).unwrap(), "{\n  \"model\": \"haiku\"\n}\n");
}

#[test]
fn what_switches_a_hook_off_is_told() {
    let home = Home::new();
    for host in Host::with_hooks() {
        for scope in [Scope::User, Scope::Project] {
            for plan in home.plans(Some(host), scope, Change::Install(&hook())) {
                plan.unwrap().carry_out().unwrap();
            }
        }
    }
    let bare = home.warnings(Host::Claude, Scope::User);
    assert!(bare.contains("aegis-hook: no such program") && bare.contains("policy.toml: no such policy"), "{bare}");
    let codex = home.warnings(Host::Codex, Scope::User);
    assert!(codex.contains("the hooks of PreToolUse, PermissionRequest are not trusted in Codex yet"), "{codex}");
    assert!(home.warnings(Host::Codex, Scope::Project).contains("the project is not trusted in Codex"));

    for (host, file, text, says) in [
        (Host::Claude, "project/.claude/settings.local.json", "{\"disableAllHooks\": true}", "`disableAllHooks` is set in"),
        (Host::Claude, "project/.claude/settings.local.json", "{\"env\": {\"CLAUDE_CODE_SHELL_PREFIX\": \"x\"}}", "SHELL_PREFIX` is set"),
        (Host::Codex, "project/.codex/config.toml", "[features]\nhooks = false\n", "`features.hooks` is false"),
        (Host::Gemini, "project/.gemini/settings.json", "{\"hooksConfig\": {\"enabled\": false}}", "`hooksConfig.enabled` is false"),
        (
            Host::Gemini,
            "project/.gemini/settings.json",
            "{\"hooksConfig\": {\"disabled\": [\"aegis\"]}}",
            "`hooksConfig.disabled` names aegis",
        ),
        (Host::Copilot, "project/.github/copilot/settings.json", "{\"disableAllHooks\": true}", "`disableAllHooks` is set in"),
    ] {
        home.file(file, text.as_bytes());
        let told = home.warnings(host, Scope::User);
        assert!(told.contains(says), "{host:?}: {told}");
        fs::remove_file(home.at.join(file)).unwrap();
        let told = home.warnings(host, Scope::User);
        assert!(!told.contains(says), "{host:?}: {told}");
    }
    home.file(".claude/settings.json", b"// mine\n{}");
    assert!(home.warnings(Host::Claude, Scope::User).contains("Claude Code ignores a file with that"));
}
