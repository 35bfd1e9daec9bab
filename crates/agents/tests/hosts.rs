//! Realistic settings files of each host, `tests/hosts/HOST/CASE`: installed, each becomes what lies beside it; uninstalled, what it was.
//! With `UPDATE_HOSTS=1` in the environment what lies beside is written anew.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::Path;

use aegis_agents::{Host, Plan, Server, SettingsFile};

const HOSTS: [(Host, &str); 8] = [
    (Host::Claude, "claude"),
    (Host::Codex, "codex"),
    (Host::OpenCode, "opencode"),
    (Host::Gemini, "gemini"),
    (Host::Antigravity, "antigravity"),
    (Host::Cursor, "cursor"),
    (Host::Copilot, "copilot"),
    (Host::VsCode, "vscode"),
];

fn server() -> Server {
    Server { program: "/usr/local/bin/aegis".to_owned(), policy: "/home/ada/.config/aegis/policy.toml".to_owned() }
}

#[test]
fn each_file_of_each_host() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts");
    let mut count = 0;
    for (host, name) in HOSTS {
        for entry in fs::read_dir(cases.join(name)).unwrap() {
            let before = entry.unwrap().path();
            if before.to_str().unwrap().ends_with(".installed") {
                continue;
            }
            case(host, &before);
            count += 1;
        }
    }
    assert!(count >= 25, "{count} cases");
}

fn case(host: Host, before: &Path) {
    let shown = before.display();
    let expected = before.with_file_name(format!("{}.installed", before.file_name().unwrap().to_str().unwrap()));
    let top = tempfile::tempdir().unwrap();
    let at = top.path().join("settings");
    fs::copy(before, &at).unwrap();
    let open = || SettingsFile::open(&at, true).unwrap_or_else(|e| panic!("{shown}: {e}"));
    let install = || Plan::install(host, open(), &server()).unwrap_or_else(|e| panic!("{shown}: {e}"));

    install().carry_out().unwrap();
    let installed = fs::read(&at).unwrap();
    if std::env::var_os("UPDATE_HOSTS").is_some() {
        fs::write(&expected, &installed).unwrap();
    }
    assert_eq!(String::from_utf8_lossy(&installed), String::from_utf8_lossy(&fs::read(&expected).unwrap()), "{shown}");
    assert!(install().changes_nothing(), "{shown}: again");

    let had_ours = fs::read_to_string(before).unwrap().contains("aegis");
    let plan = Plan::uninstall(host, open()).unwrap_or_else(|e| panic!("{shown}: {e}"));
    plan.carry_out().unwrap();
    let left = fs::read_to_string(&at).unwrap();
    match had_ours {
        true => assert!(!left.contains("aegis"), "{shown}: {left}"),
        false => {
            assert_eq!(left, fs::read_to_string(before).unwrap(), "{shown}");
            assert_eq!(fs::read_dir(top.path()).unwrap().count(), 1, "{shown}: the backup went too");
        }
    }
    assert!(Plan::uninstall(host, open()).unwrap().changes_nothing(), "{shown}: again");
}
