//! Runs on both runners, from one table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use aegis_effect::Effect;
use aegis_script::Status;
use support::run;

#[test]
fn print_reaches_the_sink() {
    let ran = run("print(\"hi\")\nprint(1, [2], sep=\"-\", end=\"!\")");
    assert_eq!(ran.report.status, Status::Ok, "{}", ran.error());
    assert_eq!(ran.output, "hi\n1-[2]!");
}

#[test]
fn a_read_is_performed_by_the_broker() {
    let ran = run("print(fs.read(\"a.txt\"))");
    assert_eq!(ran.report.status, Status::Ok, "{}", ran.error());
    assert_eq!(ran.output, "hello\n\n");
    assert_eq!(ran.world.asked.len(), 1);
    assert_eq!(ran.world.asked[0].line, 1);
    assert!(matches!(&ran.world.asked[0].effect, Effect::FsRead { path } if path == "a.txt"));
}
