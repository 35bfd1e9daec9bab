//! What a policy may not say before it is trusted.

use super::*;
use crate::LoadCode;

fn untrusted(dir: &Dir, name: &str) -> Result<Project, LoadError> {
    load_project(&dir.path().join(name), &finder(), |_, _| false)
}

#[test]
fn what_only_tightens_loads() {
    let text = "inherits = \"base-rules\"\n[filesystem]\nread_allow = [\"src/**\"]\ndeny = [\"x\"]\n[network]\nallow_ips = []\n[runtime]\nmax_seconds = 5\noverride = false\n";
    let dir = Dir::with(&[("aegis.toml", text)]);
    let project = untrusted(&dir, "aegis.toml").unwrap();
    assert!(!project.trusted);
    assert_eq!(project.merged.lists.fs_deny.len(), 3);
}

#[test]
fn what_loosens_is_refused_until_it_is_trusted() {
    let secret = "s3cr3t";
    for (text, place, key) in [
        (
            format!("inherits = \"base-rules\"\n[subprocess]\ndeny_commands = [\"x-{secret}\", \"!rm\"]\n"),
            "3:30",
            "\"!\" in [subprocess].deny_commands",
        ),
        ("requires_approval = [\"!fs.delete\"]\ninherits = \"base-rules\"\n".into(), "1:22", "\"!\" in requires_approval"),
        ("[runtime]\noverride = true\n".into(), "2:1", "[runtime].override"),
        ("[subprocess]\n\noverride = true\n".into(), "3:1", "[subprocess].override"),
        ("[audit]\noverride = true\n".into(), "2:1", "[audit].override"),
        ("[agents]\noverride = true\n".into(), "2:1", "[agents].override"),
        ("[network]\nallow_ips = [\"127.0.0.1\"]\n".into(), "2:1", "[network].allow_ips"),
        (format!("[network]\nno_echo_hosts = [\"{secret}\"]\n"), "2:1", "[network].no_echo_hosts"),
        (format!("[network]\nallow_plain_http = [\"{secret}\"]\n"), "2:1", "[network].allow_plain_http"),
        (format!("[filesystem]\nallow_control_files = [\"{secret}\"]\n"), "2:1", "[filesystem].allow_control_files"),
        (format!("[environment]\nallow_reserved = [\"{secret}\"]\n"), "2:1", "[environment].allow_reserved"),
        (
            format!("[[declassify]]\nfrom = \"env:{secret}\"\nreason = \"{secret}\"\nmax_bytes = 1\nshape = \"int\"\n"),
            "1:1",
            "[[declassify]]",
        ),
        ("[agents]\nnative.claude.x = 1\n".into(), "2:1", "[agents].native"),
        ("inherits = [\"base-rules\", \"./t.toml\"]\n".into(), "1:27", "inherits of a file"),
    ] {
        let dir = Dir::with(&[("aegis.toml", &text), ("t.toml", "")]);
        let path = dir.path().join("aegis.toml");
        let error = untrusted(&dir, "aegis.toml").unwrap_err();
        assert_eq!(error.code(), LoadCode::Untrusted, "{text}");
        let shown = error.to_string();
        let path_text = path.to_string_lossy();
        assert_eq!(
            shown,
            format!("{path_text}:{place}: {key} is only for policies that are trusted; read it, then run: aegis trust {path_text}")
        );
        assert!(!shown.contains(secret));

        let hash = load_file(&path, &finder()).unwrap().trust_hash;
        let trusting = |known: &Path, given: &str| known == path && given == hash;
        assert!(load_project(&path, &finder(), trusting).unwrap().trusted, "{text}");
        dir.write("aegis.toml", &format!("{text}\n"));
        assert_eq!(load_project(&path, &finder(), trusting).unwrap_err().code(), LoadCode::Untrusted, "another byte, another hash");
    }
}

#[test]
fn a_change_in_an_inherited_file_ends_trust() {
    let dir = Dir::with(&[("aegis.toml", "inherits = \"./t.toml\"\n"), ("t.toml", "")]);
    let store = crate::TrustStore::open(&dir.path().join("state")).unwrap();
    let path = dir.path().join("aegis.toml");
    let load = || load_project(&path, &finder(), |path, hash| store.is_trusted(path, hash).unwrap());
    assert!(load().is_err());
    store.record(&path, &load_file(&path, &finder()).unwrap().trust_hash).unwrap();
    assert!(load().unwrap().trusted);
    dir.write("t.toml", "[filesystem]\nread_allow = [\"/**\"]\n");
    assert_eq!(load().unwrap_err().code(), LoadCode::Untrusted);
}

#[test]
fn errors_show_no_text() {
    let secret = "s3cr3t";
    for (text, expected) in [
        (format!("password = \"{secret}\"\n"), "1:1: unknown key: password"),
        (format!("aws = {secret}\n"), "1:7: not valid TOML"),
        (format!("name = \"a\"\ninherits = \"{secret}\"\n"), "2:12: unknown preset: inherits"),
        (format!("[network]\nallow_ips = [\"{secret}\"]\n"), "2:14: a value that is not accepted: [network].allow_ips"),
        (format!("requires_approval = [\"{secret}\"]\n"), "1:22: unknown capability: requires_approval"),
        (format!("[[flow]]\nfrom = \"file:{secret}\"\nto = []\n"), "2: a contradiction: [flow].from"),
        (format!("inherits = \"./{secret}.toml\"\n"), "1:12: cannot be read: inherits"),
        ("[filesystem]\ndenny = []\n".into(), "2:1: unknown key: [filesystem].denny; did you mean \"deny\"?"),
        (format!("root = \"{secret}\"\n"), "1:1: a value that is not accepted: root"),
    ] {
        let dir = Dir::with(&[("aegis.toml", &text)]);
        let error = untrusted(&dir, "aegis.toml").unwrap_err();
        assert_eq!(error.to_string(), format!("{}:{expected}", dir.path().join("aegis.toml").display()));
    }
}
