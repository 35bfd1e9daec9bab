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
    let block = parse(&stat()?, ENVIRONMENT).ok_or(SandboxError::Proc("/proc/self/stat"))?;
    let variables = std::env::vars_os().collect();
    empty();
    // SAFETY: the kernel says that the block lies there; it is writable stack memory of this process, and mapped for its whole life. Since
    // `empty`, `environ` does not point into it; a pointer that libc may still hold finds empty strings. No other thread exists.
    unsafe { ptr::write_bytes(ptr::with_exposed_provenance_mut::<u8>(block.start), 0, block.len()) };
    compiler_fence(Ordering::SeqCst);
    Ok(variables)
}

/// Overwrites what a copy of this process has of its command line and environment, which `/proc/PID/cmdline` shows to everybody.
///
/// # Errors
/// As [`take_environment`].
pub(crate) fn forget_origin() -> Result<(), SandboxError> {
    single_threaded()?;
    let stat = stat()?;
    let blocks = [parse(&stat, ARGUMENTS), parse(&stat, ENVIRONMENT)];
    empty();
    for block in blocks {
        let block = block.ok_or(SandboxError::Proc("/proc/self/stat"))?;
        // SAFETY: as above; the words of the command line end up as empty ones.
        unsafe { ptr::write_bytes(ptr::with_exposed_provenance_mut::<u8>(block.start), 0, block.len()) };
    }
    compiler_fence(Ordering::SeqCst);
    Ok(())
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

/// `arg_start..arg_end` and `env_start..env_end` in `/proc/self/stat`, by the number of the first field.
const ARGUMENTS: usize = 48;
const ENVIRONMENT: usize = 50;

fn stat() -> Result<String, SandboxError> {
    std::fs::read_to_string("/proc/self/stat").calling("read /proc/self/stat")
}

/// Two fields as a place in memory, the first by its number.
fn parse(stat: &str, field: usize) -> Option<Range<usize>> {
    // The name, field 2, may contain blanks and parentheses; the rest is numbers. After it comes field 3.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(field.checked_sub(3)?);
    let start = fields.next()?.parse().ok()?;
    let end = fields.next()?.parse().ok()?;
    (0 < start && start <= end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::{ARGUMENTS, ENVIRONMENT, parse};

    #[test]
    fn finds_the_fields_behind_a_strange_name() {
        let fields: Vec<String> = (3..=52).map(|field| field.to_string()).collect();
        let stat = format!("1 (a) b) c) {}", fields.join(" "));
        assert_eq!((parse(&stat, ENVIRONMENT), parse(&stat, ARGUMENTS)), (Some(50..51), Some(48..49)));
        assert_eq!(parse("1 (a) 3 4", ENVIRONMENT), None);
        assert_eq!(parse(&format!("1 (a) {}", vec!["0"; 50].join(" ")), ENVIRONMENT), None);
    }
}
