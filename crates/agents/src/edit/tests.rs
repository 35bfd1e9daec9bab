//! Properties of the edits, on generated files of every style, and the forms that are refused.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::written::{parsed, style, value, written};

fn server() -> Server {
    Server { program: "/opt/bin/aegis".to_owned(), policy: "/home/u/My \"policy\".toml".to_owned() }
}

fn other() -> Server {
    Server { program: "/usr/bin/aegis".to_owned(), policy: "/p".to_owned() }
}

fn with(host: Host, text: &str) -> String {
    match installed(host, text, &server()).unwrap_or_else(|e| panic!("{e} in {text}")) {
        Edited::Text(new) => new,
        Edited::Same | Edited::Gone => panic!("nothing was installed in {text}"),
    }
}

/// A file's content: foreign members, and perhaps the sections with foreign servers.
fn content(host: Host) -> impl Strategy<Value = Value> {
    let members = prop::collection::btree_map("[a-z]{1,5}\\.?", value(), 0..4);
    let servers = prop::option::of(prop::collection::btree_map("s[a-z]{1,5}", value(), 0..3));
    (members, servers).prop_map(move |(members, servers)| {
        let Shape::Json(shape) = host.facts().shape else { panic!("not JSON") };
        let mut whole: serde_json::Map<String, Value> = members.into_iter().collect();
        for name in shape.sections {
            whole.remove(*name);
        }
        if let Some(servers) = servers {
            let mut inner = Value::Object(servers.into_iter().collect());
            for name in shape.sections.iter().skip(1).rev() {
                inner = Value::Object([((*name).to_owned(), inner)].into_iter().collect());
            }
            whole.insert((*shape.sections.first().unwrap()).to_owned(), inner);
        }
        Value::Object(whole)
    })
}

fn less_ours(host: Host, mut value: Value) -> Value {
    let Shape::Json(shape) = host.facts().shape else { panic!("not JSON") };
    let mut at = &mut value;
    for name in shape.sections {
        at = at.get_mut(*name).unwrap();
    }
    at.as_object_mut().unwrap().remove(crate::server::NAME).unwrap();
    value
}

/// The sections, which may be missing or empty alike.
fn less_empty_sections(host: Host, mut value: Value) -> Value {
    let Shape::Json(shape) = host.facts().shape else { panic!("not JSON") };
    for end in (1..=shape.sections.len()).rev() {
        let (last, path) = shape.sections.get(..end).unwrap().split_last().unwrap();
        let Some(above) = path.iter().try_fold(&mut value, |at, name| at.get_mut(*name)) else { continue };
        if above.get(*last).is_some_and(|section| section.as_object().is_some_and(serde_json::Map::is_empty)) {
            above.as_object_mut().unwrap().remove(*last);
        }
    }
    value
}

fn json_host() -> impl Strategy<Value = Host> {
    prop::sample::select(Host::ALL.into_iter().filter(|host| *host != Host::Codex).collect::<Vec<_>>())
}

fn toml_text() -> impl Strategy<Value = String> {
    let chunk = prop::sample::select(vec![
        "# about nothing",
        "",
        "[mcp_servers.docs]\ncommand = 'docs' # the docs\nargs = [\n  \"-v\",\n]",
        "[mcp_servers.docs.env]\nA = \"[mcp_servers.aegis]\"",
        "[[profiles]]\nname = \"\"\"\n[mcp_servers.aegis]\n\"\"\"",
        "[projects.\"/home/u/x\"]\ntrust_level = \"trusted\"",
        "[sandbox_workspace_write]\r\nnetwork_access = false",
    ]);
    let top =
        prop::sample::select(vec!["", "model = \"o9\"\n", "# first\napproval_policy = 'never'", "mcp_servers.web.url = 'https://x'\n\n"]);
    (top, prop::collection::vec(chunk, 0..5), any::<[bool; 3]>()).prop_filter_map("valid", |(top, chunks, [crlf, end, mark])| {
        let mut text = std::iter::once(top).chain(chunks).collect::<Vec<_>>().join("\n");
        if end {
            text.push('\n');
        }
        if crlf {
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        if mark {
            text.insert(0, '\u{feff}');
        }
        toml_edit::Document::parse(text.as_str()).is_ok().then_some(text)
    })
}

proptest! {
    #[test]
    fn json_files_keep_what_is_not_ours(
        (host, content, style) in json_host().prop_flat_map(|host| (Just(host), content(host), style())),
    ) {
        let text = written(&content, &style);
        let new = with(host, &text);
        prop_assert_eq!(less_empty_sections(host, less_ours(host, parsed(&new))), less_empty_sections(host, content.clone()), "{}", &new);
        prop_assert_eq!(installed(host, &new, &server()).unwrap(), Edited::Same, "twice is once");
        prop_assert_eq!(uninstalled(host, &new, Some(&text)).unwrap(), Edited::Text(text.clone()), "what it was");
        if text.contains('\n') {
            let of_its_kind = if style.newline == "\n" { 0 } else { new.matches('\n').count() };
            prop_assert_eq!(new.matches("\r\n").count(), of_its_kind, "one kind of line end: {:?}", &new);
        }
        // after somebody else's change only ours goes
        let touched = format!("{new}\n// later");
        let Edited::Text(left) = uninstalled(host, &touched, Some(&text)).unwrap() else { panic!("not text") };
        if style.is_one_line || text.contains("{}") {
            prop_assert_eq!(parsed(&left), content);
        } else {
            prop_assert_eq!(left, format!("{text}\n// later"));
        }
        // an update touches only our entry
        let Edited::Text(updated) = installed(host, &new, &other()).unwrap() else { panic!("not text") };
        prop_assert_eq!(uninstalled(host, &updated, Some(&text)).unwrap(), Edited::Text(text));
    }

    #[test]
    fn toml_files_keep_what_is_not_ours(text in toml_text()) {
        let new = with(Host::Codex, &text);
        prop_assert!(new.starts_with(&text), "{new}");
        prop_assert_eq!(installed(Host::Codex, &new, &server()).unwrap(), Edited::Same, "twice is once");
        prop_assert_eq!(uninstalled(Host::Codex, &new, Some(&text)).unwrap(), Edited::Text(text.clone()), "what it was");
        prop_assert_eq!(&toml::take(&new).unwrap(), &text, "without a backup too");
        let Edited::Text(updated) = installed(Host::Codex, &new, &other()).unwrap() else { panic!("not text") };
        prop_assert_eq!(&toml::take(&updated).unwrap(), &text);
        let later = "\n# later\n[later]\na = 1\n";
        if text.ends_with('\n') {
            prop_assert_eq!(toml::take(&format!("{new}{later}")).unwrap(), format!("{text}{later}"));
        }
    }

    #[test]
    fn no_text_makes_it_panic(host in prop::sample::select(Host::ALL.to_vec()), text in "[{}\\[\\]\",:/* a-c=\\n\\\\.#'é\u{feff}]{0,24}") {
        let _ = installed(host, &text, &server());
        let _ = uninstalled(host, &text, Some(&text));
    }
}

#[test]
fn refused_and_where() {
    let long = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for (host, text, says) in [
        (Host::Claude, "{\n  \"a\": 1,\n  b: 2\n}", "line 3, column 3: "),
        (Host::Claude, "{\n  \"é\": 1 \"b\": 2 }", "line 2, column "),
        (Host::Claude, "{ 'a': 1 }", "line 1, column 3: "),
        (Host::Claude, "{\"a\": {}", "line 1, column "),
        (Host::Claude, "[]", "`the whole file` is not an object"),
        (Host::Claude, "{\"mcpServers\": []}", "`mcpServers` is not an object"),
        (Host::Claude, "{\"mcpServers\": {}, \"mcpServers\": {}}", "`mcpServers` stands there twice"),
        (Host::Claude, "{\"mcpServers\": {\"aegis\": 1, \"aegis\": 2}}", "`aegis` stands there twice"),
        (Host::Claude, "{\"mcpServers\": {\"aegis\": {\"command\": \"npx\"}}}", "not Aegis's own"),
        (Host::Claude, "{\"mcpServers\": {\"aegis\": {\"url\": \"https://aegis\"}}}", "not Aegis's own"),
        (Host::Claude, "{\"mcpServers\": {\"aegis\": true}}", "not Aegis's own"),
        (Host::Claude, &long, "line 1, column "),
        (Host::OpenCode, "{\"mcp\": {\"servers\": 1}}", "`mcp.servers` is not an object"),
        (Host::OpenCode, "{\"mcp\": {\"aegis\": {\"command\": [\"npx\", \"mcp\"]}}}", "not Aegis's own"),
        (Host::Codex, "a = 1\nb = = 2\n", "line 2, column 5: "),
        (Host::Codex, "a = 1\na = 2\n", "line 2, column "),
        (Host::Codex, "mcp_servers = 1\n", "`mcp_servers` is not a table"),
        (Host::Codex, "mcp_servers = {}\n", "`mcp_servers` is written in a form"),
        (Host::Codex, "[mcp_servers]\naegis = 1\n", "`mcp_servers.aegis` is not a table"),
        (Host::Codex, "[mcp_servers.aegis]\nurl = 'https://x'\n", "not Aegis's own"),
    ] {
        let error = installed(host, text, &server()).unwrap_err().to_string();
        assert!(error.contains(says), "{error} for {text:.80}");
    }
}

#[test]
fn without_our_entry_nothing_is_taken_out() {
    for (host, text) in [
        (Host::Claude, ""),
        (Host::Claude, "{}"),
        (Host::Claude, "{\"mcpServers\": {\"other\": {}}}"),
        (Host::Claude, "{\"mcp\": {\"aegis\": {}}}"),
        (Host::Codex, ""),
        (Host::Codex, "# [mcp_servers.aegis]\n"),
    ] {
        assert_eq!(uninstalled(host, text, None).unwrap(), Edited::Same, "{text}");
    }
    let own = "{\"mcpServers\": {\"aegis\": {\"command\": \"npx\"}}}";
    assert_eq!(uninstalled(Host::Claude, own, None).unwrap_err(), EditError::NotOurs);
}

#[test]
fn a_file_of_our_making_goes_and_one_that_was_empty_stays() {
    for host in Host::ALL {
        assert_eq!(uninstalled(host, &with(host, ""), None).unwrap(), Edited::Gone);
        assert_eq!(uninstalled(host, &with(host, ""), Some("")).unwrap(), Edited::Text(String::new()));
    }
    assert_eq!(uninstalled(Host::Claude, &with(Host::Claude, "{ }"), Some("{ }")).unwrap(), Edited::Text("{ }".to_owned()));
}

#[test]
fn a_backup_with_an_entry_of_ours_does_not_bring_it_back() {
    for host in Host::ALL {
        let old = with(host, "");
        let Edited::Text(new) = installed(host, &old, &other()).unwrap() else { panic!("not text") };
        let Edited::Text(left) = uninstalled(host, &new, Some(&old)).unwrap() else { continue };
        assert!(!left.contains("aegis"), "{left}");
    }
}

#[test]
fn an_older_entry_is_brought_up_to_date_and_keeps_what_was_added() {
    let old = "{\n  \"mcpServers\": {\n    \"aegis\": {\n      \"command\": \"/old/aegis\", // here\n      \"env\": {\"A\": \"1\"},\n      \"args\": [\"mcp\", \"--policy\", \"/old/p\", \"--approvals\", \"deny\"]\n    },\n    \"x\": {}\n  }\n}\n";
    let Edited::Text(new) = installed(Host::Claude, old, &other()).unwrap() else { panic!("not text") };
    assert_eq!(new, old.replace("/old/aegis", "/usr/bin/aegis").replace("/old/p", "/p"));

    let old = "[mcp_servers.aegis] # gate\nenabled = false\ncommand = '/old/aegis' # here\nargs = [\n  'mcp',\n]\n[mcp_servers.aegis.env]\nA = '1'\n";
    let Edited::Text(new) = installed(Host::Codex, old, &other()).unwrap() else { panic!("not text") };
    assert_eq!(new, old.replace("'/old/aegis'", "\"/usr/bin/aegis\"").replace("[\n  'mcp',\n]", "[\"mcp\", \"--policy\", \"/p\"]"));
    assert_eq!(toml::take(&new).unwrap(), "");
    let bare = "[mcp_servers.aegis]\ncommand = \"/usr/bin/aegis-mcp\"\n[z]\n";
    let Edited::Text(new) = installed(Host::Codex, bare, &other()).unwrap() else { panic!("not text") };
    assert_eq!(new, "[mcp_servers.aegis]\nargs = [\"mcp\", \"--policy\", \"/p\"]\ncommand = \"/usr/bin/aegis\"\n[z]\n");
}
