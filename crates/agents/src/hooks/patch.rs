//! The files that a patch names (`*** Begin Patch`, as Codex and OpenCode have it).

use aegis_policy::PathOp;

use super::act::Act;

/// What a patch would do, file by file; `Unclear` where it is no patch of that form.
pub(super) fn acts(text: &str) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut lines = text.lines();
    // a shell's here-document around it is stripped by the host before it asks
    if lines.by_ref().find(|line| !line.trim().is_empty()).is_none_or(|line| line.trim() != "*** Begin Patch") {
        return vec![Act::Unclear("the patch does not begin as one")];
    }
    let mut ended = false;
    for line in lines {
        // a host may take blanks around a header away
        let Some(header) = line.trim().strip_prefix("***") else { continue };
        let header = header.trim();
        let file = |prefix: &str| header.strip_prefix(prefix).map(|name| name.trim().to_owned());
        let path = |op, path: String| Act::Path { op, path };
        if let Some(name) = file("Add File:") {
            acts.push(path(PathOp::Write, name));
        } else if let Some(name) = file("Update File:") {
            acts.push(path(PathOp::Read, name.clone()));
            acts.push(path(PathOp::Write, name));
        } else if let Some(name) = file("Delete File:") {
            acts.push(path(PathOp::Delete, name));
        } else if let Some(name) = file("Move to:") {
            // the file of the last header goes
            if let Some(Act::Path { path: old, .. }) = acts.last().cloned() {
                acts.push(path(PathOp::Delete, old));
            }
            acts.push(path(PathOp::Write, name));
        } else if header == "End Patch" {
            ended = true;
        } else if header.starts_with("Environment ID:") || header == "End of File" || line.starts_with(' ') {
            // behind a blank it is a line of a file
        } else {
            acts.push(Act::Unclear("a line of the patch begins with *** and is none that is known"));
        }
    }
    if !ended {
        acts.push(Act::Unclear("the patch has no end"));
    }
    if acts.is_empty() {
        acts.push(Act::Unclear("the patch names no file"));
    }
    acts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ops(text: &str) -> Vec<String> {
        let shown = |act: Act| match act {
            Act::Path { op, path } => format!("{op:?} {path}"),
            Act::Unclear(why) => format!("? {why}"),
            other => format!("{other:?}"),
        };
        acts(text).into_iter().map(shown).collect()
    }

    #[test]
    fn each_header() {
        let text = "*** Begin Patch\n*** Add File: a b\n+x\n*** Update File: c\n*** Move to: d\n@@\n-*** x\n+y\n*** Delete File: e\n*** End Patch\n";
        assert_eq!(ops(text), ["Write a b", "Read c", "Write c", "Delete c", "Write d", "Delete e"]);
    }

    #[test]
    fn what_is_no_patch_is_unclear() {
        for text in [
            "",
            "x",
            "*** Update File: a",
            "*** Begin Patch\n*** End Patch",
            "*** Begin Patch\n*** Add File: a",
            "*** Begin Patch\n*** Copy File: a\n*** End Patch",
        ] {
            assert!(ops(text).iter().any(|op| op.starts_with('?')), "{text:?}");
        }
    }

    #[test]
    fn lines_of_the_files_are_no_headers() {
        let text =
            "*** Begin Patch\n*** Update File: a.md\n@@\n ***\n *** a note\n+*** added\n-*** removed\n*** End of File\n*** End Patch\n";
        assert_eq!(ops(text), ["Read a.md", "Write a.md"]);
    }

    #[test]
    fn a_header_between_blanks_counts() {
        assert!(ops("  *** Begin Patch \n  *** Delete File:  x \n*** End Patch").contains(&"Delete x".to_owned()));
    }
}
