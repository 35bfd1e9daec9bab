//! `docs/agent-cve.md`: every hole is in it, each with tests, and every test that it names is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every hole that is known to concern agents, runtimes and sandboxes, by its number.
const HOLES: &[&str] = &[
    "CVE-2025-54794",
    "CVE-2025-54795",
    "CVE-2025-55284",
    "CVE-2025-59041",
    "CVE-2025-59536",
    "CVE-2025-59828",
    "CVE-2025-66032",
    "CVE-2026-21852",
    "CVE-2026-24053",
    "CVE-2026-25725",
    "CVE-2026-46406",
    "CVE-2026-55607",
    "50 sub-commands",
    "carriage return",
    "94314",
    "36637",
    "37662",
    "16180",
    "16561",
    "13371",
    "92542",
    "91690",
    "28008",
    "84656",
    "46461",
    "74081",
    "SOCKS NUL byte",
    "issue 149",
    "CVE-2025-61260",
    "CVE-2025-59532",
    "CVE-2026-47128",
    "GHSA-hc4m-q9jh-xw4j",
    "GHSA-72w7-mf9g-733p",
    "547",
    "408",
    "562",
    "1519",
    "1549",
    "CVE-2023-22499",
    "CVE-2023-28446",
    "CVE-2024-27933",
    "CVE-2024-21486",
    "CVE-2024-34346",
    "CVE-2025-21620",
    "CVE-2025-48935",
    "CVE-2025-61787",
    "CVE-2026-49401",
    "CVE-2026-49411",
    "PR 419",
    "harness issue 501",
    "phoenix 14784",
    "class: configuration-based sandbox escape",
];

/// Those of which the number was not checked; the page says so.
const NOT_CHECKED: &[&str] = &["CVE-2025-54795", "CVE-2025-59532", "CVE-2023-22499", "CVE-2023-28446", "CVE-2024-34346"];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The cells of each row, without heads and rules.
fn rows(page: &str) -> Vec<Vec<String>> {
    let lines = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| hole "));
    lines.map(|line| line.replace("\\|", "\u{1}").trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// Whether a cell has an id as a word of its own.
fn has(cell: &str, id: &str) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
    cell.match_indices(id).any(|(at, _)| is_end(cell[..at].chars().next_back()) && is_end(cell[at + id.len()..].chars().next()))
}

#[test]
fn every_hole_is_there_and_every_test_it_names_exists() {
    let page = std::fs::read_to_string(top().join("docs/agent-cve.md")).unwrap();
    let rows = rows(&page);
    for hole in HOLES {
        let found: Vec<_> = rows.iter().filter(|row| has(&row[0], hole)).collect();
        assert_eq!(found.len(), 1, "`{hole}` has {} rows", found.len());
        assert_eq!(found[0][0].contains("not checked"), NOT_CHECKED.contains(hole), "{hole}");
    }
    let mut named = BTreeSet::new();
    for row in &rows {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let mut count = 0;
        for test in row[4].split("`, `").map(|test| test.trim_matches('`')) {
            let (file, name) = test.split_once(" :: ").unwrap_or_else(|| panic!("`{test}` names no test"));
            let own = format!("crates/agents/tests/{file}");
            let file = if file.starts_with("known_holes/") { own.as_str() } else { file };
            let text = std::fs::read_to_string(top().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
            let at = text.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("{file} has no `{name}`"));
            // what runs as processes has a list of its tests instead of the attribute
            let is_test = text[..at].trim_end().ends_with("#[test]") || text.contains(&format!("\", {name})"));
            assert!(is_test, "{file}: `{name}` is no test");
            named.insert((file.to_owned(), name.to_owned()));
            count += 1;
        }
        assert!(count > 0, "{row:?}");
    }
    // and each test of the hook is named
    for entry in std::fs::read_dir(top().join("crates/agents/tests/known_holes")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let file = format!("crates/agents/tests/known_holes/{name}");
        let text = std::fs::read_to_string(top().join(&file)).unwrap();
        for test in text.split("#[test]\nfn ").skip(1).filter(|_| name != "page.rs").map(|rest| rest.split('(').next().unwrap()) {
            assert!(named.contains(&(file.clone(), test.to_owned())), "`{test}` of {file} stands in no row");
        }
    }
}
