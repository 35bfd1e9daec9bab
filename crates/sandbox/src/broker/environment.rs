//! The environment leaves the place where others can read it.

use std::ffi::OsString;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{Ordering, compiler_fence};

use super::single_threaded;
use crate::error::{Calling, SandboxError};

/// Copies the environment, empties this process' own, and overwrites the block on the stack that `/proc/PID/environ` shows (root can read
/// that even of a process that is not dumpable). Afterwards `std::env::var` finds nothing, and children get only what they are given.
///
/// To be called first of all: later copies elsewhere in memory are not found.
///
/// # Errors
/// The process has more than one thread (another might be reading the environment), or `/proc/self/stat` cannot be read.
pub fn take_environment() -> Result<Vec<(OsString, OsString)>, SandboxError> {
    single_threaded()?;
    let block = block()?;
    let variables = std::env::vars_os().collect();
    empty();
    // SAFETY: the kernel says that the block lies there; it is writable stack memory of this process, and mapped for its whole life. Since
    // `empty`, `environ` does not point into it; a pointer that libc may still hold finds empty strings. No other thread exists.
    unsafe { ptr::write_bytes(ptr::with_exposed_provenance_mut::<u8>(block.start), 0, block.len()) };
    compiler_fence(Ordering::SeqCst);
    Ok(variables)
}

/// Makes `environ` an empty list.
fn empty() {
    /// Never written: libc copies the list when a variable is set.
    struct Empty([*const libc::c_char; 1]);
    // SAFETY: holds a null pointer only.
    unsafe impl Sync for Empty {}
    static EMPTY: Empty = Empty([ptr::null()]);
    unsafe extern "C" {
        static mut environ: *const *const libc::c_char;
    }
    // SAFETY: there is one thread (checked by the caller), so that nobody reads `environ` now.
    unsafe { environ = EMPTY.0.as_ptr() };
}

/// `env_start..env_end`, fields 50 and 51 of `/proc/self/stat`.
fn block() -> Result<Range<usize>, SandboxError> {
    let stat = std::fs::read_to_string("/proc/self/stat").calling("read /proc/self/stat")?;
    parse(&stat).ok_or(SandboxError::Proc("/proc/self/stat"))
}

fn parse(stat: &str) -> Option<Range<usize>> {
    // The name, field 2, may contain blanks and parentheses; the rest is numbers. After it comes field 3.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(50 - 3);
    let start = fields.next()?.parse().ok()?;
    let end = fields.next()?.parse().ok()?;
    (0 < start && start <= end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn finds_the_fields_behind_a_strange_name() {
        let fields: Vec<String> = (3..=52).map(|field| field.to_string()).collect();
        assert_eq!(parse(&format!("1 (a) b) c) {}", fields.join(" "))), Some(50..51));
        assert_eq!(parse("1 (a) 3 4"), None);
        assert_eq!(parse(&format!("1 (a) {}", vec!["0"; 50].join(" "))), None);
    }
}
