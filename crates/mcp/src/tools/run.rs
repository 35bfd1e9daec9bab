//! Scripts.

use std::collections::BTreeMap;

use aegis_effect::EffectError;
use aegis_script::{PolicyJudge, RunError, RunOptions, RunReport, Severity, Source, Status};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ACTS, READS, Tool, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;
use crate::content::{Local, adopted};

pub(super) const RUN: Tool = Tool {
    name: "aegis_run",
    title: "Run a script",
    description: "Runs a Starlark script (Python's syntax, no imports) whose only effects are fs.*, net.*, env.* and subprocess.*, as the \
                  policy allows. print is the output; the value of `result` or of the last expression is the result. The resource \
                  aegis://builtins has every builtin.",
    input: || {
        let local = json!({
            "type": "object", "properties": { "local": { "type": "string" } }, "required": ["local"], "additionalProperties": false,
        });
        arguments(
            json!({
                "script": { "type": "string" },
                "args": {
                    "type": "object", "description": "fields of args in the script: text, or a handle of a local-only value",
                    "additionalProperties": { "anyOf": [{ "type": "string" }, local] },
                },
            }),
            &["script"],
        )
    },
    output: || {
        fields(json!({
            "status": { "type": "string" }, "output": { "type": "string" }, "result": {}, "line": { "type": "integer" },
            "findings": { "type": "array" },
        }))
    },
    needs: &[],
    hints: ACTS,
    call: run,
};

pub(super) const CHECK: Tool = Tool {
    name: "aegis_check",
    title: "Verify a script",
    description: "Says what is wrong with a script, and what of it the policy does not allow, without running it.",
    input: || arguments(json!({ "script": { "type": "string" } }), &["script"]),
    output: || fields(json!({ "ok": { "type": "boolean" }, "findings": { "type": "array" } })),
    needs: &[],
    hints: READS,
    call: check,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    script: String,
    #[serde(default)]
    args: BTreeMap<String, Argument>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Argument {
    Text(String),
    Local(Local),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    script: String,
}

/// What messages call it.
const NAME: &str = "script";

fn run(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Run { script, args } = work.arguments()?;
    let policy = work.policy().clone();
    let mut options = options(work);
    for (name, argument) in args {
        match argument {
            Argument::Text(text) => options.args.push((name, text)),
            Argument::Local(local) => {
                options.local_only_args.push((name, adopted(&local.local, &mut work.gate, &work.shared.kept)?));
                options.local_only = true;
            }
        }
    }
    let source = Source::new(NAME.to_owned(), script);
    let mut output = String::new();
    let mut runner = work.shared.calls.runners().take();
    let report = runner.run(&source, &options, &mut work.gate, &mut output, &PolicyJudge::new(&policy));
    work.runner = Some(runner);
    Ok(answered(report, output, work))
}

fn options(work: &Work<'_>) -> RunOptions {
    RunOptions { cancel: Some(work.cancel.clone()), ..RunOptions::of(work.policy()) }
}

fn answered(report: RunReport, output: String, work: &Work<'_>) -> Answer {
    let status = serde_json::to_value(report.status).unwrap_or_default();
    let page = work.shared.pages.first(output);
    match (&report.error, report.status) {
        (Some(error), _) => {
            let mut answer = failed(error).with("status", status).with("line", error.line);
            if report.status == Status::Refused {
                let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
                answer.text = findings.join("\n");
                answer = answer.with("findings", json!(report.findings));
            }
            if !page.text.is_empty() {
                answer.text.push_str("\noutput before that:\n");
            }
            answer.with_page("output", page)
        }
        (None, Status::Withheld) => {
            let mut answer = Answer::new("").with("status", status).with_page("output", page);
            if !answer.text.is_empty() && !answer.text.ends_with('\n') {
                answer.text.push('\n');
            }
            answer.text.push_str(
                "finished (status withheld): the script branched on local-only data; use compute(f, x), or put values into text whole",
            );
            answer
        }
        (None, _) => {
            let result: Value = report.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
            let mut answer = Answer::new("").with("status", status).with_page("output", page);
            if let Some(text) = &report.result {
                if !answer.text.is_empty() && !answer.text.ends_with('\n') {
                    answer.text.push('\n');
                }
                let page = work.shared.pages.first(text.clone());
                answer.text.push_str("result: ");
                answer = answer.with_page("result", page);
            }
            // a program gets the value itself, where it is not too long for one
            if answer.structured.get("more").is_none() { answer.with("result", result) } else { answer }
        }
    }
}

fn failed(error: &RunError) -> Answer {
    let place = if error.line > 0 { format!("line {}: {}", error.line, error.message) } else { error.message.clone() };
    let mut answer = Answer::failed(&error.kind, &place, error.rule.as_deref(), error.suggestion.as_deref());
    if let Some(frame) = &error.frame {
        answer.text.push('\n');
        answer.text.push_str(frame);
    }
    answer
}

fn check(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Check { script } = work.arguments()?;
    let policy = work.policy().clone();
    let options = options(work);
    let mut runner = work.shared.calls.runners().take();
    let report = runner.check(&Source::new(NAME.to_owned(), script), &options, &PolicyJudge::new(&policy));
    work.runner = Some(runner);
    if let Some(error) = &report.error {
        return Ok(failed(error));
    }
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let lines: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let text = if lines.is_empty() { "nothing is wrong with it".to_owned() } else { lines.join("\n") };
    Ok(Answer::new(text).with("ok", errors == 0).with("findings", json!(report.findings)))
}
