//! `env.read`.

use std::os::unix::ffi::OsStrExt;

use aegis_effect::{EffectError, ErrorCode, Outcome, Shape};
use aegis_policy::{Access, Visibility};

use crate::approve::ApprovalRequest;
use crate::call::{Call, Ruling};
use crate::gate::Gate;
use crate::ledger::Done;

impl Gate {
    pub(crate) fn env_read(&mut self, call: &Call<'_>, name: &str, default: Option<&str>) -> Result<Outcome, EffectError> {
        let access = Access::Env { name };
        let decision = self.policy.decide(&access);
        if decision.is_deny() {
            return Err(self.denied(call, &access, &decision, None));
        }
        self.check_flow(call, call.current, &decision)?;
        let mut ruling = Ruling::of(decision);
        self.approve(call, &mut ruling, ApprovalRequest { call: call.name, target: name.to_owned(), ..Default::default() }, &[])?;
        let Some(value) = self.environment.get(name).map(|v| v.as_bytes().to_vec()) else {
            self.ledger.effect(call, &ruling, None, Done::failed(ErrorCode::NotFound))?;
            if ruling.visibility() == Visibility::LocalOnly {
                return match default {
                    Some(default) => {
                        let default = default.as_bytes().to_vec();
                        Ok(Outcome::Labelled(self.vault.keep(default, ruling.label_with(call.current), Shape::Text, &self.policy)))
                    }
                    None => {
                        let unset = self.vault.keep_failure(ruling.label_with(call.current), Shape::Text, &self.policy);
                        Ok(Outcome::Labelled(self.vault.as_whole(unset)))
                    }
                };
            }
            return Ok(Outcome::Unset);
        };
        self.ledger.effect(call, &ruling, None, Done::bytes(value.len()))?;
        if ruling.visibility() == Visibility::LocalOnly {
            self.redactor.learn(&value);
            let kept = self.vault.keep(value, ruling.label_with(call.current), Shape::Text, &self.policy);
            // With a default it is one of two values, whichever it is.
            return Ok(Outcome::Labelled(if default.is_none() { self.vault.as_whole(kept) } else { kept }));
        }
        String::from_utf8(value)
            .map(Outcome::Text)
            .map_err(|_| EffectError::new(ErrorCode::Io, format!("the value of {name} is not UTF-8")))
    }
}
