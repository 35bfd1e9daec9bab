//! `aegis approve`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::ExitCode;

use aegis_hook::{Grants, Process, TERM, Waiting, agent_above};
use rustix::termios::{QueueSelector, tcflush};

use crate::cli::Approve;
use crate::exit;
use crate::home::Start;

/// Shows what waits, and lets through once what the person at the terminal says yes to. Exit 0 asked or nothing waits, 4 nobody can be asked.
pub(crate) fn approve(args: &Approve, start: &Start) -> ExitCode {
    let grants = match start.trust_dir() {
        Ok(state) => Grants::in_state(&state),
        Err(error) => return exit::failure(&error),
    };
    let waiting = grants.waiting();
    if waiting.is_empty() {
        say!("nothing waits for approval");
        return ExitCode::SUCCESS;
    }
    if args.list {
        for one in &waiting {
            say!("{}", shown(one));
        }
        return ExitCode::SUCCESS;
    }
    let asked_by: Vec<Process> = waiting.iter().flat_map(|one| one.asked_by.clone()).collect();
    if let Some(agent) = agent_above(&asked_by) {
        let name = aegis_gate::escaped(&agent.name);
        complain!("aegis: this runs under {name} (process {}), and an agent approves nothing; use a terminal of your own", agent.pid);
        return ExitCode::from(4);
    }
    let Ok(mut terminal) = File::options().read(true).write(true).open("/dev/tty") else {
        complain!("aegis: there is no terminal to ask on");
        return ExitCode::from(4);
    };
    for one in &waiting {
        match ask(&mut terminal, one) {
            Ok(Some(true)) => match grants.grant(one) {
                Ok(()) => say!("approved once, for {} minutes: let the agent try again", TERM.as_secs() / 60),
                Err(error) => return exit::failure(&format!("the approval cannot be kept: {error}")),
            },
            Ok(Some(false)) => grants.forget(one),
            Ok(None) => {}
            Err(error) => return exit::failure(&format!("the terminal cannot be used: {error}")),
        }
    }
    ExitCode::SUCCESS
}

/// Yes, no, or later.
fn ask(terminal: &mut File, one: &Waiting) -> std::io::Result<Option<bool>> {
    // what was typed before the question was shown answers nothing
    tcflush(&*terminal, QueueSelector::IFlush)?;
    terminal.write_all(format!("\n{}\n  [y] once  [n] no  [l] later: ", shown(one)).as_bytes())?;
    let mut line = String::new();
    BufReader::new(terminal.try_clone()?).read_line(&mut line)?;
    Ok(match line.trim() {
        "y" | "Y" | "yes" => Some(true),
        "n" | "N" | "no" => Some(false),
        _ => None,
    })
}

/// All of a call, so that nothing is approved unseen.
fn shown(one: &Waiting) -> String {
    let escaped = aegis_gate::escaped;
    format!(
        "{} asks to use {} in {}\n  input: {}\n  reason: {}",
        escaped(&one.host),
        escaped(&one.tool),
        escaped(&one.cwd),
        escaped(&one.input),
        escaped(&one.cause)
    )
}
