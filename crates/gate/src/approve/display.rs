//! Text from scripts, made harmless for a terminal.

use std::fmt::Write;

/// Control characters, escape sequences, bidirectional overrides and other invisible characters as `\u{..}`, so that what a
/// person reads is what is there. A newline and a tab are escaped as well: one request is one line.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_deceptive(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Characters that move the cursor, change direction, or cannot be seen (Unicode categories Cc, Cf, Zl, Zp, blanks that are no space, and fillers).
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(u32::from(c),
            0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x115f..=0x1160 | 0x17b4..=0x17b5
            | 0x180b..=0x180f | 0x200b..=0x200f | 0x2800 | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
            | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1345f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_sees_no_control_and_a_person_no_trick() {
        assert_eq!(escaped("rm\u{1b}[2K\rls"), "rm\\u{1b}[2K\\u{d}ls");
        assert_eq!(escaped("a\u{202e}txt.exe\u{200b}"), "a\\u{202e}txt.exe\\u{200b}");
        assert_eq!(escaped("plain ünïcode 漢字"), "plain ünïcode 漢字");
        assert_eq!(escaped("a\nb\tc"), "a\\u{a}b\\u{9}c");
        assert_eq!(escaped("a\u{a0}b\u{3000}c\u{2800}d e"), "a\\u{a0}b\\u{3000}c\\u{2800}d e");
    }
}
