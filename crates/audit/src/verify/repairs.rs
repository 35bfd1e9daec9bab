//! Repair records, held against what came after them.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;

use serde::Deserialize;

use super::verdict::{Broken, Verdict, Why};
use crate::lines::each_line;
use crate::link::{is_of_kind, run};
use crate::run_id::RunId;
use crate::source::Source;

/// A journal that broke more often than this was not broken by crashes.
const MOST_REPAIRS: usize = 10_000;

/// What a repair record says of the torn line.
#[derive(Deserialize)]
struct Torn {
    torn_run: Option<String>,
}

/// Looks for a run that goes on after the repair of its own torn line. A run leaves half a line only when it dies, or when it could
/// not take back a failed write; in that case it repairs the line itself.
pub(super) fn check<S: Source + ?Sized>(source: &S, size: u64, repairs: &[(u64, u64)]) -> io::Result<Option<Verdict>> {
    let Some((mut number, start)) = repairs.first().copied() else {
        return Ok(None);
    };
    if repairs.len() > MOST_REPAIRS {
        return Ok(Some(Verdict::CannotJudge { why: format!("it has {} repair records", repairs.len()) }));
    }
    let mut dead: HashMap<RunId, u64> = HashMap::new();
    let mut verdict = None;
    each_line(source, start..size, |_, line| {
        if let Some((writer, _)) = run(line) {
            if let Some(repair) = dead.get(&writer) {
                let why = Why::FalseRepair { repair: *repair, run: writer.to_string() };
                verdict = Some(Verdict::Broken(Broken { line: number, why }));
                return ControlFlow::Break(());
            }
            if is_of_kind(line, b"repair") {
                let torn = serde_json::from_slice::<Torn>(line).ok().and_then(|torn| RunId::parse(torn.torn_run?.as_bytes()));
                if let Some(torn) = torn.filter(|torn| *torn != writer) {
                    dead.insert(torn, number);
                }
            }
        }
        number += 1;
        ControlFlow::Continue(())
    })?;
    Ok(verdict)
}
