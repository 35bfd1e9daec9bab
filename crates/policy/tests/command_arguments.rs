//! `deny_args`: one entry catches every spelling.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use aegis_policy::{ArgPattern, ExecRequest};

fn request(line: &str) -> ExecRequest {
    let argv: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    ExecRequest::parse(&argv, Path::new("/work"))
}

fn check(rows: &[(&str, &str, &str, bool)]) {
    for (command, words, line, expected) in rows {
        let pattern = ArgPattern::parse(command, words).unwrap();
        let request = request(line);
        assert_eq!(
            pattern.matches(&request),
            *expected,
            "{command} `{words}` on `{line}`: {:?} {:?} {:?}",
            request.subcommand(),
            request.options(),
            request.words()
        );
    }
}

#[test]
fn git_push_force() {
    check(&[
        ("git", "push --force", "git push --force", true),
        ("git", "push --force", "git push origin main --force", true),
        ("git", "push --force", "git push -f", true),
        ("git", "push --force", "git push -uf origin main", true),
        ("git", "push --force", "git push -fu origin main", true),
        ("git", "push --force", "git push origin +main", true),
        ("git", "push --force", "git push --forc", true),
        ("git", "push --force", "git push --force=x", true),
        ("git", "push --force", "git -C dir push -f", true),
        ("git", "push --force", "git -c a=b --no-pager push origin main -f", true),
        ("git", "push --force", "/usr/bin/git push -f", true),
        ("git", "push --force", "git push origin main", false),
        ("git", "push --force", "git push --force-with-lease origin main", false),
        ("git", "push -f", "git push --force origin main", true),
        ("git", "-f", "git push --force origin main", true),
        ("git", "push --delete", "git push origin :main", true),
        ("git", "push --force", "git status --force", false),
        ("git", "push --force", "env git push -f", true),
        ("git", "push --force", "find . -exec git push -f ;", true),
    ]);
}
