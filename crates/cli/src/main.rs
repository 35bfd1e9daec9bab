//! The `aegis` binary: which verb runs, and nothing else.
#![forbid(unsafe_code)]

#[macro_use]
mod output;

mod chosen;
mod cli;
mod denied;
mod exit;
mod home;
mod journal;
mod operator;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::{AuditVerb, PolicyVerb, ShellVerb, Verb};
use home::Start;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    if argv.first().is_some_and(|name| name == verbs::worker::NAME) {
        verbs::worker::run();
    }
    if argv.first().is_some_and(|name| name == aegis_sandbox::confine::LAUNCHER) {
        aegis_sandbox::confine::launcher();
    }
    // an agent waits for each of these; what is asked of the command line itself is answered below
    let asks_for_help = |word: &OsString| word == "--help" || word == "-h";
    if argv.get(1).is_some_and(|verb| verb == "hook") && !argv.iter().any(asks_for_help) {
        return aegis_hook::run(argv.into_iter().skip(2));
    }
    // the worker makes itself ready while we read the command line and the policy
    let runner = matches!(argv.get(1).and_then(|v| v.to_str()), Some("run" | "check")).then(verbs::worker::runner);
    // and so does the launcher
    let launcher = argv.get(1).is_some_and(|verb| verb == "exec").then(verbs::exec::prepare);
    let start = match Start::take() {
        Ok(start) => start,
        Err(error) => return exit::internal(&error),
    };
    let verb = match cli::parse(&argv) {
        Ok(verb) => verb,
        Err(error) => return exit::usage(&error),
    };
    match verb {
        Verb::Run(args) => verbs::run::run(args, start, runner),
        Verb::Exec(args) => verbs::exec::exec(&args, &start, launcher),
        Verb::Check(args) => verbs::check::check(args, start, runner),
        Verb::Init(args) => verbs::init::init(&args, &start),
        Verb::Policy(PolicyVerb::Validate { file }) => verbs::policy::validate(file, &start),
        Verb::Policy(PolicyVerb::Show { file, json }) => verbs::policy::show(file, json, &start),
        Verb::Policy(PolicyVerb::Schema) => verbs::policy::schema(),
        Verb::Policy(PolicyVerb::Edit { file }) => verbs::edit::edit(file, &start),
        Verb::Policy(PolicyVerb::Migrate { file, write }) => verbs::migrate::migrate(&file, write),
        Verb::Policy(PolicyVerb::Test { file }) => verbs::policy::test(file, &start),
        Verb::Why(args) => verbs::why::why(&args, &start),
        Verb::Shell(ShellVerb::Explain(args)) => verbs::shell::explain(&args, &start),
        Verb::Mcp(args) => verbs::mcp::mcp(&args, &start),
        Verb::Agents(verb) => verbs::agents::agents(&verb, &start),
        Verb::Audit(AuditVerb::Verify { log, hooks, min_seq, json }) => verbs::audit::verify(log, hooks, min_seq, json, &start),
        Verb::Audit(AuditVerb::Show { log, hooks, run, kind, follow, json }) => {
            verbs::audit::show(log, hooks, aegis_audit::Filter { run, kind }, follow, json, &start)
        }
        Verb::Doctor(args) => verbs::doctor::doctor(&args, &start),
        Verb::Hook(_) => exit::internal(&"a hook was not recognised"),
        Verb::Approve(args) => verbs::approve::approve(&args, &start),
        Verb::Trust(args) => verbs::trust::trust(&args, &start),
        Verb::Completions { shell } => verbs::generate::completions(shell),
        Verb::Man => verbs::generate::man(),
    }
}
