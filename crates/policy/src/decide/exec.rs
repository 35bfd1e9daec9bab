//! Programs: their names, their arguments, and the files those name.

use super::layer::Layer;
use super::{Answer, paths};
use crate::access::{Capability, PathOp};
use crate::command::{ExecRequest, Role};
use crate::decision::{Reason, Verdict, Visibility};

pub(super) fn decide(layer: &Layer, request: &ExecRequest) -> Answer {
    if let Some(what) = request.malformed() {
        return Answer::malformed(what);
    }
    if let Some(rule) = request.built_in_deny() {
        return Answer::new(Verdict::Deny, Reason::ControlFile, Some(rule));
    }
    if let Some((_, rule)) = layer.deny_commands.iter().find(|(p, _)| p.matches_strictly(request)) {
        return Answer::new(Verdict::Deny, Reason::DenyRule, Some(rule.clone()));
    }
    if let Some((_, rule)) = layer.deny_args.iter().find(|(p, _)| p.matches(request)) {
        return Answer::new(Verdict::Deny, Reason::DenyRule, Some(rule.clone()));
    }
    let asked = layer.ask_commands.iter().find(|(p, _)| p.matches_strictly(request));
    let allowed = layer.allow_commands.iter().find(|(p, _)| p.matches(request));
    let local = layer.local_only_commands.iter().find(|(p, _, _)| p.matches(request));
    let Some(grant) = allowed.map(|a| &a.1).or(local.map(|l| &l.1)).or(asked.map(|a| &a.1)) else {
        return Answer::new(Verdict::Deny, Reason::NoRule { list: "[subprocess].allow_commands" }, None);
    };
    if let Some(answer) = hazard(layer, request) {
        return answer;
    }
    let mut asks = asked.map(|a| &a.1);
    asks = asks.or_else(|| layer.ask_args.iter().find(|(p, _)| p.matches(request)).map(|a| &a.1));
    asks = asks.or_else(|| layer.ask_exec.iter().find(|(p, _)| p.matches_strictly(request)).map(|a| &a.1));
    asks = asks.or_else(|| layer.asks_for(Capability::SubprocessExec));
    let mut answer = match asks {
        Some(rule) => Answer::new(Verdict::Ask, Reason::AskRule, Some(rule.clone())),
        None => Answer::new(Verdict::Allow, Reason::Allowed, Some(grant.clone())),
    };
    if let Some((_, _, atom)) = local {
        answer = answer.local_only(*atom);
    }
    files(layer, request, answer, local.is_some())
}

/// An option that runs programs or changes configuration, and that no pattern names.
fn hazard(layer: &Layer, request: &ExecRequest) -> Option<Answer> {
    let open = |hazard: &crate::command::Hazard| {
        layer.allow_commands.iter().chain(&layer.ask_commands).any(|(p, _)| p.matches(request) && p.names_option(hazard))
            || layer.local_only_commands.iter().any(|(p, _, _)| p.matches(request) && p.names_option(hazard))
    };
    let hazard = request.hazards().iter().find(|h| matches!(h.role, Role::Exec | Role::Config) && !open(h))?;
    let role = if hazard.role == Role::Exec { "exec" } else { "config" };
    Some(Answer::new(Verdict::Deny, Reason::DangerousOption { option: hazard.option.clone(), role }, None))
}

/// Every file that an argument names is judged as a read or write of its own.
fn files(layer: &Layer, request: &ExecRequest, mut answer: Answer, local_only_command: bool) -> Answer {
    for file in request.files() {
        let of_file = paths::decide(layer, file.op, &file.path);
        match of_file.verdict {
            Verdict::Deny => {
                return Answer::new(Verdict::Deny, Reason::FileArgument { argument: file.raw.clone(), op: file.op }, of_file.rule);
            }
            Verdict::Ask if answer.verdict == Verdict::Allow => {
                answer.verdict = Verdict::Ask;
                answer.reason = Reason::FileArgument { argument: file.raw.clone(), op: file.op };
                answer.rule = of_file.rule.clone();
            }
            _ => {}
        }
        if of_file.visibility == Visibility::LocalOnly && file.op == PathOp::Read {
            if !local_only_command {
                return Answer::new(Verdict::Deny, Reason::LocalOnlyArgument { argument: file.raw.clone() }, of_file.rule);
            }
            for atom in of_file.atoms {
                answer = answer.local_only(atom);
            }
        }
    }
    answer
}
