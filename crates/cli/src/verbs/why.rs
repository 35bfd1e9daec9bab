//! `aegis why`.

use std::process::ExitCode;

use crate::cli::Why;
use crate::home::Start;
use crate::{chosen, exit};

/// Says what the policy decides, by which rule, and what would allow it. Exit 0 allowed, 2 denied, 4 needs approval.
pub(crate) fn why(args: &Why, start: &Start) -> ExitCode {
    let chosen = match chosen::choose(args.policy.policy.as_deref(), start, &start.surroundings()) {
        Ok(chosen) => chosen,
        Err(error) => return exit::failure(&error),
    };
    let question = match aegis_gate::resolve_question(&args.access, &chosen.policy, start.home.as_deref(), &start.environment) {
        Ok(question) => question,
        Err(error) => return exit::misuse(&error),
    };
    let decision = chosen.policy.decide(&question.access());
    let explanation = chosen.policy.explain(&question.access(), &args.access.join(" "), &decision);
    if args.json {
        let object = serde_json::json!({ "decision": decision, "explanation": explanation });
        say!("{object}");
    } else {
        for line in &chosen.banner {
            complain!("aegis: {}", aegis_gate::escaped(line));
        }
        say!("{}", start.as_typed(&explanation.to_string(), &chosen.policy));
        if !decision.atoms().is_empty() {
            let names: Vec<&str> = decision.atoms().iter().map(|a| chosen.policy.atom_name(*a)).collect();
            say!("  local-only: {}", names.join(", "));
        }
    }
    exit::of_verdict(decision.verdict())
}
