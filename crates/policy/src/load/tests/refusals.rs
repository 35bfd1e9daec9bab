//! Policies that are refused after merging.

use super::*;

#[test]
fn flows_to_what_no_list_allows() {
    let cases = [
        ("", "host:a.example.com", Some("no list of [network]")),
        ("[network]\nlocal_only_hosts = [\"b.example.com\"]", "host:a.example.com", Some("no list of [network]")),
        ("[network]\ndeny_hosts = [\"a.example.com\"]", "host:a.example.com", Some("no list of [network]")),
        ("[network]\nlocal_only_hosts = [\"a.example.com\"]", "host:a.example.com", None),
        ("[network]\nlocal_only_hosts = [\"https://A.example.com:8443/v1/**\"]", "host:a.example.com", None),
        ("[network]\nlocal_only_hosts = [\"*.example.com\"]", "host:a.example.com", None),
        ("[network]\nlocal_only_hosts = [\"*.example.com\"]", "host:example.com", Some("no list of [network]")),
        ("[network]\nhttp_post_allow = [\"a.example.com\"]", "host:a.example.com", None),
        ("[network]\nlocal_only_hosts = [\"[::1]:80\"]", "host:[::1]", None),
        ("", "command:gpg", Some("no list of [subprocess]")),
        ("[subprocess]\ndeny_commands = [\"gpg\"]", "command:gpg", Some("no list of [subprocess]")),
        ("[subprocess]\nlocal_only_commands = [\"/usr/bin/gpg\"]", "command:gpg", None),
        ("[subprocess]\nallow_commands = [\"gpg --sign **\"]", "command:gpg", None),
        ("", "file:x/**", Some("no [filesystem].local_only_write")),
        ("[filesystem]\nlocal_only_write = [\"x/**\"]", "file:x/**", None),
    ];
    for (lists, to, refused) in cases {
        let lines = lists.lines().count() + 1;
        let text =
            format!("{}[[flow]]\nfrom = \"env:A\"\nto = \"{to}\"\n", if lists.is_empty() { String::new() } else { format!("{lists}\n") });
        let expected =
            refused.map_or("loads".to_owned(), |no| format!("policy.toml:{}: the flow goes to \"{to}\", which {no} allows", lines + 1));
        assert_eq!(message(&text), expected, "{text}");
    }
}

#[test]
fn flows_and_declassifications_from_what_is_no_source() {
    let flow = |from: &str| {
        format!(
            "[filesystem]\nlocal_only_read = [\"a\"]\nlocal_only_write = [\"b\"]\nread_allow = [\"c\"]\n[network]\nlocal_only_hosts = [\"h\"]\n[subprocess]\nlocal_only_commands = [\"gpg\"]\n[[flow]]\nfrom = \"{from}\"\nto = []\n"
        )
    };
    for from in ["env:ANY", "file:a", "file:b", "host:h", "command:gpg"] {
        assert_eq!(message(&flow(from)), "loads", "{from}");
    }
    for (from, list) in [
        ("file:c", "[filesystem].local_only_read or local_only_write"),
        ("host:x", "[network].local_only_hosts"),
        ("command:make", "[subprocess].local_only_commands"),
    ] {
        assert_eq!(message(&flow(from)), format!("policy.toml:10: \"{from}\" is no source: {list} has no such entry"));
    }
    let declassify = "[[declassify]]\nfrom = \"host:x\"\nreason = \"r\"\nmax_bytes = 1\nshape = \"int\"\n";
    assert_eq!(message(declassify), "policy.toml:2: \"host:x\" is no source: [network].local_only_hosts has no such entry");
}

#[test]
fn the_flow_of_a_preset_goes_with_its_source() {
    let m = load("inherits = \"base-rules\"\n[filesystem]\nlocal_only_read = [\"!~/.token\"]\n").unwrap();
    assert_eq!(m.lists.flows.iter().map(|f| f.source()).collect::<Vec<_>>(), ["env:TOKEN"]);
}

#[test]
fn a_large_policy_is_checked_in_one_pass() {
    let list = |n: usize, item: &dyn Fn(usize) -> String| (0..n).map(|n| format!("{:?},", item(n))).collect::<String>();
    let flow = |from: usize, to: usize| {
        let (from, to) = (list(from, &|n| format!("env:A{n}")), list(to, &|n| format!("host:x.a{n}.example.com")));
        format!("[[flow]]\nfrom = [{from}]\nto = [{to}]\n")
    };
    let hosts = format!("[network]\nlocal_only_hosts = [{}]\n", list(15_000, &|n| format!("*.a{n}.example.com")));
    assert_eq!(load(&format!("{hosts}{}", flow(6, 10_000))).unwrap().lists.flows.len(), 6);
    let flows = format!("{}{}", flow(6, 10_000), flow(10_000, 1));
    assert_eq!(message(&format!("{hosts}{flows}")), "policy.toml:6:1: all [[flow]] together name more than 65536 pairs of source and sink");
}

#[test]
fn embedded_presets_and_starters_load() {
    let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
    for name in crate::preset_names() {
        load_preset(name, &finder).unwrap();
    }
    for name in crate::starter_names() {
        load_text(name, crate::starter_text(name).unwrap(), Path::new("/"), &finder).unwrap();
    }
    assert_eq!(load_preset("no-such-preset", &finder).unwrap_err().code(), crate::LoadCode::UnknownPreset);
}

#[test]
fn a_preset_stays_by_itself() {
    let presets: &'static [(&str, &str)] = &[
        ("file", "inherits = \"./x.toml\"\n"),
        ("path", "[audit]\npath = \"x\"\n"),
        ("a", "inherits = \"b\"\n"),
        ("b", "inherits = \"a\"\n"),
    ];
    let finder = finder().with_presets(presets);
    let error = |name: &str| load_preset(name, &finder).unwrap_err().to_string();
    assert_eq!(error("file"), "preset file:1:12: a preset inherits presets only");
    assert_eq!(error("path"), "preset path:2:1: [audit].path: a path in a preset must be absolute or begin with ~/");
    assert!(error("a").contains("in a circle: preset a -> preset b -> preset a"), "{}", error("a"));
}
