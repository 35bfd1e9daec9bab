//! Programs: their names, their arguments, and the files those name.

use super::layer::Layer;
use super::{Answer, paths};
use crate::access::{Capability, PathOp};
use crate::command::{Certainty, ExecRequest, FileArgument, Hazard, Role};
use crate::decision::{Reason, Verdict, Visibility};

pub(super) fn decide(layer: &Layer, request: &ExecRequest) -> Answer {
    if let Some(what) = request.malformed() {
        return Answer::malformed(what);
    }
    if request.built_in_deny().is_some() {
        return Answer::new(Verdict::Deny, Reason::ControlFile, None);
    }
    if let Some(rule) = layer.deny_commands.catching(request).or_else(|| layer.deny_args.catching(request)) {
        return Answer::new(Verdict::Deny, Reason::DenyRule, Some(rule.clone()));
    }
    let asked = layer.ask_commands.catching(request);
    let local = layer.local_only_commands.allowing(request);
    // what only could be meant is asked about, but opens nothing
    let asked_for_sure = if request.is_partly_known() { layer.ask_commands.catching(&request.as_it_stands()) } else { asked };
    let Some(grant) = layer.allow_commands.allowing(request).map(|a| a.0).or(local.map(|l| l.0)).or(asked_for_sure) else {
        return Answer::new(Verdict::Deny, Reason::NoRule { list: "[subprocess].allow_commands" }, None);
    };
    if let Some(answer) = hazard(layer, request) {
        return answer;
    }
    let asks = asked
        .or_else(|| layer.ask_args.catching(request))
        .or_else(|| layer.ask_exec.catching(request))
        .or_else(|| layer.asks_for(Capability::SubprocessExec));
    let mut answer = match asks {
        Some(rule) => Answer::new(Verdict::Ask, Reason::AskRule, Some(rule.clone())),
        None => Answer::new(Verdict::Allow, Reason::Allowed, Some(grant.clone())),
    };
    if let Some((_, atom)) = local {
        answer = answer.local_only(*atom);
    }
    files(layer, request, answer, local.is_some())
}

/// An option that runs programs or changes configuration, and that no pattern names.
fn hazard(layer: &Layer, request: &ExecRequest) -> Option<Answer> {
    let open = |hazard: &Hazard| {
        layer.allow_commands.allowing_names(request, hazard)
            || layer.local_only_commands.allowing_names(request, hazard)
            || layer.ask_commands.catching_names(request, hazard)
    };
    let hazard = request.hazards().iter().find(|h| matches!(h.role, Role::Exec | Role::Config) && !open(h))?;
    Some(Answer::new(Verdict::Deny, Reason::DangerousOption { option: hazard.option.clone(), role: hazard.role.name() }, None))
}

/// Whether a file is not removed but moved to where removing it would be asked about as well: nothing is lost by that. Where every
/// deletion is asked about, this one is too.
fn keeps(layer: &Layer, request: &ExecRequest, file: &FileArgument) -> bool {
    let asks = |file: &FileArgument| paths::decide(layer, PathOp::Delete, &file.path).verdict == Verdict::Ask;
    let mut targets = request.files().iter().filter(|file| file.op == PathOp::Write).peekable();
    let asks_always = layer.asks_for(Capability::FsDelete).is_some();
    !asks_always && file.op == PathOp::Delete && matches!(request.program(), "mv" | "gmv") && targets.peek().is_some() && targets.all(asks)
}

/// Every file that an argument names is judged as a read or write of its own.
fn files(layer: &Layer, request: &ExecRequest, mut answer: Answer, local_only_command: bool) -> Answer {
    for file in request.files() {
        let of_file = match file.certainty {
            // a bare word is a file only if one is there; the gate takes the word for one then
            Certainty::Possible => paths::decide_name(layer, file.op, &file.path),
            // what the command does with it is not known: readable, and nothing that may never be written
            Certainty::Likely => {
                let as_written = paths::decide_name(layer, PathOp::Write, &file.path);
                let as_named = paths::decide(layer, file.op, &file.path);
                if as_written.verdict == Verdict::Deny { as_written } else { as_named }
            }
            Certainty::Certain => paths::decide(layer, file.op, &file.path),
        };
        match of_file.verdict {
            Verdict::Deny => {
                return Answer::new(Verdict::Deny, Reason::FileArgument { argument: file.raw.clone(), op: file.op }, of_file.rule);
            }
            Verdict::Ask if answer.verdict == Verdict::Allow && !keeps(layer, request, file) => {
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
            // what comes out depends on the file; only the command itself is a sink
            answer.read.extend(of_file.atoms);
        }
    }
    answer
}
