//! Entry points for fuzzing: every reader, over arbitrary bytes.

use std::io;

use crate::lines::to_u64;
use crate::link::{link, run};
use crate::show::{Filter, Growing, Walk};
use crate::source::Source;
use crate::tail::read_tail;
use crate::verify::{Verdict, VerifyOptions, verify_source};

struct Memory<'d>(&'d [u8]);

impl Source for Memory<'_> {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.read_at(buffer, at)
    }
}

impl Growing for Memory<'_> {
    fn state(&self) -> io::Result<(u64, bool)> {
        Ok((to_u64(self.0.len()), false))
    }
}

/// Reads `data` as a journal, in every way there is: its tail, its chain in one and in several parts, its records for people.
/// Returns the verdict.
///
/// # Panics
/// If two readers contradict each other.
pub fn fuzz_reader(data: &[u8]) -> Verdict {
    let size = to_u64(data.len());
    if let Ok(Some(tail)) = read_tail(data, 0, size) {
        let _ = tail.last.map(|last| link(&last));
        let _ = run(&tail.torn);
    }
    let options = VerifyOptions::default();
    let judge = |threads| verify_source(data, size, threads, 1, &options).unwrap_or_else(|e| Verdict::CannotJudge { why: e.to_string() });
    let verdict = judge(1);
    assert_eq!(verdict, judge(3), "the number of threads changes the verdict");
    for entry in Walk::new(Memory(data), Filter::default(), false).map_while(Result::ok) {
        let line = crate::render_line(&entry);
        assert!(!line.contains(|c: char| c.is_control()), "a control character is shown");
    }
    verdict
}
