//! Commands.

use std::collections::BTreeMap;

use aegis_effect::{Child, Effect, EffectError, Outcome};
use aegis_policy::Capability;
use serde::Deserialize;
use serde_json::json;

use super::{ACTS, Tool, arguments, fields};
use crate::answer::Answer;
use crate::call::Work;
use crate::content::{Content, schema};

pub(super) const EXEC: Tool = Tool {
    name: "aegis_exec",
    title: "Run a command",
    description: "Runs a program with arguments, without a shell: argv is a list of words. Gives exit code and output.",
    input: || {
        arguments(
            json!({
                "argv": { "type": "array", "items": schema("a word"), "minItems": 1 },
                "stdin": schema("what the program reads"),
                "cwd": { "type": "string", "description": "relative to the policy's root" },
                "env": { "type": "object", "additionalProperties": schema("the value") },
                "timeout_seconds": { "type": "number", "exclusiveMinimum": 0 },
            }),
            &["argv"],
        )
    },
    output: || {
        fields(json!({
            "exit_code": { "type": ["integer", "string"] }, "stdout": { "type": "string" }, "stderr": { "type": "string" },
        }))
    },
    needs: &[Capability::SubprocessExec],
    hints: ACTS,
    call: exec,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exec {
    argv: Vec<Content>,
    #[serde(default)]
    stdin: Content,
    cwd: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, Content>,
    timeout_seconds: Option<f64>,
}

fn exec(work: &mut Work<'_>) -> Result<Answer, EffectError> {
    let Exec { argv, stdin, cwd, env, timeout_seconds } = work.arguments()?;
    let kept = &work.shared.kept;
    let gate = &mut work.gate;
    let child = Child {
        argv: argv.iter().map(|word| word.payload(gate, kept)).collect::<Result<_, _>>()?,
        stdin: stdin.payload(gate, kept)?,
        cwd,
        env: env.iter().map(|(name, value)| Ok((name.clone(), value.payload(gate, kept)?))).collect::<Result<_, EffectError>>()?,
        timeout: timeout_seconds.map(super::seconds).transpose()?,
        fail_on_exit: false,
    };
    match work.effect(Effect::Exec(child))? {
        Outcome::Exec(output) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (out, err) = (text(&output.stdout), text(&output.stderr));
            let pages = &work.shared.pages;
            let mut answer = Answer::new("");
            if output.exit_code != 0 {
                answer.text = format!("exit code {}\n", output.exit_code);
            }
            answer = answer.with("exit_code", output.exit_code).with_page("stdout", pages.first(out));
            if !err.is_empty() {
                answer.text.push_str(if answer.text.is_empty() || answer.text.ends_with('\n') { "stderr:\n" } else { "\nstderr:\n" });
            }
            Ok(answer.with_page("stderr", pages.first(err)))
        }
        Outcome::LabelledFields(fields) => Ok(fields
            .iter()
            .fold(Answer::new(""), |answer, (name, labelled)| answer.with_local(name, labelled, &work.gate, &work.shared.kept))),
        other => Ok(work.value("stdout", other)),
    }
}
