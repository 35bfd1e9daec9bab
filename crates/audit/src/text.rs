//! Text for a record that need not be UTF-8: paths and arguments are bytes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes that are meant as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(pub(crate) &'a [u8]);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text(text.as_bytes())
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Text(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(text: &'a [u8]) -> Self {
        Text(text)
    }
}

impl<'a> From<&'a OsStr> for Text<'a> {
    fn from(text: &'a OsStr) -> Self {
        Text(text.as_bytes())
    }
}

impl<'a> From<&'a Path> for Text<'a> {
    fn from(text: &'a Path) -> Self {
        Text(text.as_os_str().as_bytes())
    }
}
