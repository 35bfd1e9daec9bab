//! Whose programs they are: what they may read, change and reach beside what the policy allows anyone.

use std::path::Path;

use aegis_effect::Label;
use aegis_policy::{Access, Decision, PathOp, Policy, Verdict, Visibility};

/// What the output of a program may depend on, and so what the program itself may. Fixed before it starts.
///
/// Programs of the public clearance meet nothing local-only. Others meet what their label's sources give, and change and reach only what
/// may receive all of that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clearance(Label);

impl Clearance {
    /// For programs whose output is public.
    #[must_use]
    pub const fn public() -> Clearance {
        Clearance(Label::public())
    }

    /// For programs whose output has this label.
    #[must_use]
    pub const fn of(label: Label) -> Clearance {
        Clearance(label)
    }

    /// Whether what its programs do may be known to everybody.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.0.is_public()
    }

    /// Whether its programs may learn what the object of this decision holds.
    pub(crate) fn may_learn(&self, decision: &Decision) -> bool {
        decision.visibility() == Visibility::Public || {
            let mut of_object = Label::public();
            decision.atoms().iter().chain(decision.read_atoms()).for_each(|atom| of_object.insert(atom.index()));
            of_object.is_subset(&self.0)
        }
    }

    /// Whether the object of this decision may receive what its programs know.
    pub(crate) fn may_tell(&self, policy: &Policy, decision: &Decision) -> bool {
        self.is_public() || policy.may_flow(self.0.indexes(), decision).is_ok()
    }

    /// Whether a file may be read without asking anybody.
    pub(crate) fn may_read(&self, policy: &Policy, path: &Path) -> bool {
        let decision = policy.decide(&Access::Path { op: PathOp::Read, path });
        decision.verdict() == Verdict::Allow && self.may_learn(&decision)
    }
}
