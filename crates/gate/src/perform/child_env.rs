//! The environment of a child: from scratch.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use aegis_effect::{Child, EffectError, ErrorCode, Label};
use aegis_policy::{Access, Decision, Visibility};

use crate::call::{Call, Ruling};
use crate::gate::Gate;
use crate::perform::exec::bad;

/// Where programs find programs, and their configuration, which can name programs: the operator's values, if allowed, or none.
const OPERATORS: &[&str] = &["PATH", "HOME", "SHELL", "USER", "LOGNAME", "TMPDIR"];

/// A variable and its value.
pub type Variable = (OsString, OsString);

impl Gate {
    /// Allowed names only; local-only ones only for commands that are cleared for them; then what the script sets. Joins the labels of
    /// what goes in, and adds the decisions on the script's names to the ruling.
    pub(crate) fn child_environment(
        &mut self,
        call: &Call<'_>,
        child: &Child,
        ruling: &mut Ruling,
        label: &mut Label,
        failed: &mut bool,
    ) -> Result<Vec<Variable>, EffectError> {
        let mut env = match &self.children.public_env {
            Some(known) => known.clone(),
            None => self.children.public_env.insert(self.public_variables()).clone(),
        };
        if ruling.visibility() == Visibility::LocalOnly {
            // What the command writes depends on these also where they are not set: that they are not is as secret.
            ruling.join_receivable(&self.policy, self.policy.environment_sources(), label);
            for (name, value, of_name) in self.local_only_variables() {
                if ruling.decisions.iter().all(|command| self.policy.may_flow(of_name.indexes(), command).is_ok()) {
                    label.join(&of_name);
                    env.push((name, value));
                }
            }
        }
        for (name, value) in &child.env {
            let access = Access::ChildEnv { name };
            let decision = self.policy.decide(&access);
            if decision.is_deny() {
                return Err(self.denied(call, &access, &decision, None));
            }
            if OPERATORS.contains(&name.as_str()) || name.starts_with("XDG_") {
                let error = EffectError::new(
                    ErrorCode::PolicyDenied,
                    format!("denied: {}: {name} says where programs are found, and only the operator sets it", call.asked()),
                );
                return Err(self.refused(call, error, None));
            }
            let mut bytes = self.vault.open(value)?.bytes;
            if bytes.contains(&0) && !value.is_public() {
                // What is wrong with a labelled value is content: the call is one that failed.
                *failed = true;
                bytes.clear();
            }
            if bytes.contains(&0) {
                return Err(self.refused(call, bad(call, "the value of a variable has a NUL byte"), None));
            }
            env.retain(|(n, _)| n.as_encoded_bytes() != name.as_bytes());
            env.push((OsString::from(name), OsString::from_vec(bytes)));
            ruling.asked_also(decision);
        }
        Ok(env)
    }

    /// The variables that every child gets: those of the operator that the policy allows and that are public.
    #[must_use]
    pub fn public_variables(&self) -> Vec<Variable> {
        self.given(Visibility::Public).map(|(name, value, _)| (name, value)).collect()
    }

    fn local_only_variables(&self) -> Vec<(OsString, OsString, Label)> {
        self.given(Visibility::LocalOnly).map(|(name, value, decision)| (name, value, Ruling::of(decision).label())).collect()
    }

    /// Variables of the operator that children may have without asking.
    fn given(&self, visibility: Visibility) -> impl Iterator<Item = (OsString, OsString, Decision)> + '_ {
        self.environment.names().filter_map(move |name| {
            let decision = self.policy.decide(&Access::ChildEnv { name });
            let given = decision.is_allow() && decision.visibility() == visibility;
            given.then_some(())?;
            Some((OsString::from(name), self.environment.get(name)?.clone(), decision))
        })
    }
}
