//! From the question to the answer.

use std::mem::ManuallyDrop;
use std::path::Path;
use std::time::Instant;

use aegis_agents::hooks::{self, Answer, Asked, Event, Outcome, Point, Ruling, Stance, Unreadable, answer, blocked, settle};
use aegis_policy::{Choice, Chosen, Finder, Held, Policy, Surroundings, home_dir};

use crate::arguments::Arguments;
use crate::grant::{Grants, request_of};
use crate::record::{self, Decision};
use crate::state::State;
use crate::{ancestors, input};

/// Reads the question, decides it, writes it down, and says what the host is told.
pub(crate) fn decide(arguments: &Arguments, began: Instant) -> Answer {
    let bytes = match input::read() {
        Ok(bytes) => bytes,
        Err(why) => return blocked(arguments.host, arguments.event.as_deref(), &why),
    };
    let asked = Asked { host: arguments.host, event: arguments.event.as_deref() };
    let event = match hooks::read(asked, &bytes) {
        Ok(event) => event,
        Err(Unreadable { host, event, why }) => return blocked(host, event.as_deref(), &why),
    };
    if event.point == Point::Other {
        return answer(&event, Stance::NoOpinion, "");
    }
    judged(arguments, &event, began).unwrap_or_else(|why| blocked(Some(event.host), Some(&event.name), &why))
}

fn judged(arguments: &Arguments, event: &Event, began: Instant) -> Result<Answer, String> {
    let home = home_dir().ok_or("the home directory of this user is not known")?;
    let state = State::of_home(&home);
    let directory = state.directory();
    let user = arguments.policy.clone().or_else(|| state.user_policy());
    let Chosen { policy, how } = chosen(event, &home, user.as_deref(), &directory)?;
    // the process ends with the answer: taking a thousand rules apart first would only delay it
    let policy = ManuallyDrop::new(policy);

    let ruling = hooks::rule(&policy, event, Some(&home), std::env::var_os("PATH").as_deref());
    let outcome = settle(ruling.stance, event);
    let mut reason = in_words(&ruling);
    let mut told = outcome.told();
    let mut request = None;
    if let Outcome::NobodyAsks(_) = outcome {
        let digest = request_of(event, &policy);
        let grants = Grants::in_state(&directory);
        if grants.take(&digest) {
            told = Stance::Allow;
            "aegis: approved once by a person".clone_into(&mut reason);
        } else {
            let above = ancestors::hosts_of_a_hook();
            let waits = grants.wait(&digest, event, &ruling, &above);
            reason.push_str(match waits {
                Ok(()) => ". Nobody can be asked here: a person may run `aegis approve` in a terminal of their own, and then this very call goes through once",
                Err(_) => ". Nobody can be asked here, and it cannot be kept for `aegis approve`",
            });
        }
        request = Some(digest);
    }
    if told != Stance::Allow
        && let Some(note) = note(&how)
    {
        reason.push_str(note);
    }
    let decision = Decision { event, ruling: &ruling, told, cause: &reason, request, took: began.elapsed() };
    record::write(&decision, &policy, &directory).map_err(|error| format!("the journal cannot be written: {error}"))?;
    Ok(answer(event, told, &reason))
}

fn chosen(event: &Event, home: &Path, user: Option<&Path>, state: &Path) -> Result<Chosen, String> {
    let finder = Finder::at_home(Some(home.to_path_buf()));
    let mut around = Surroundings { at_once: true, ..Surroundings::default() };
    around.sealed.push(state.to_path_buf());
    around.guarded.extend(std::env::current_exe().ok());
    around.guarded.extend(user.map(Path::to_path_buf));
    let choice = Choice { from: &event.cwd, home: Some(home), user, trust: Some(state) };
    Policy::choose(choice, &finder, &around).map_err(|error| format!("the policy is broken: {error}"))
}

/// What the model and the person read.
fn in_words(ruling: &Ruling) -> String {
    let Some(part) = ruling.decisive() else { return "aegis: denied: nothing could be judged".to_owned() };
    let verdict = match ruling.stance {
        Stance::Allow => "allowed",
        Stance::NoOpinion => "no rule names it",
        Stance::Ask => "needs approval",
        Stance::Deny => "denied",
    };
    let mut text = format!("aegis: {verdict}: {}: {}", part.asked, part.cause);
    if ruling.stance > Stance::NoOpinion
        && let Some(suggestion) = part.suggestion.as_ref().filter(|text| !text.contains("--yes"))
    {
        text.push_str(&format!(" (to allow it, the user can {suggestion})"));
    }
    text
}

fn note(how: &Held) -> Option<&'static str> {
    match how {
        Held::BuiltIn => Some(". There is no policy here: `aegis init` writes one"),
        Held::Tightened { built_in: true, .. } => {
            Some(". The aegis.toml here is not trusted: a person may read it and run `aegis trust aegis.toml`")
        }
        _ => None,
    }
}
