//! Generated parts of the documentation: what stands between two markers must be what the code says. With `UPDATE_DOCS=1` in the
//! environment it is written instead of compared.

use std::fs;
use std::path::Path;

/// Holds the part `name` of `document` (from the root of the repository) against `text`.
///
/// # Panics
/// If there are no such markers, or the text between them is another one.
pub fn check(document: &str, name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(document);
    let whole = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end: {name} -->"));
    let (before, rest) = whole.split_once(&begin).unwrap_or_else(|| panic!("{document} has no line {begin}"));
    let (old, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{document} has no line {end}"));
    let text = format!("\n{}\n\n", text.trim());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{begin}{text}{end}{after}")).unwrap();
    } else {
        assert!(old == text, "{document} differs from the code; run this test again with UPDATE_DOCS=1");
    }
}
