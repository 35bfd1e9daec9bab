//! What the policy means for programs that the kernel holds: a plan of what they see, and the judge of what they change. There is one
//! decision, [`Policy::decide`](aegis_policy::Policy::decide); here it is asked ahead for every name that is there, and at each change.

mod changes;
mod clearance;
mod held;
mod plan;
mod system;
mod turns;
mod variables;
mod walk;

pub use changes::{Denials, Denied, PolicyChanges};
pub use clearance::Clearance;
pub use held::{EarlyLauncher, StartLauncher, in_words, serve_proxy};
pub(crate) use held::{Held, HeldParts, NoLauncher};
pub use plan::{PlanError, PlanFor, Planned, plan, system_plan};
pub(crate) use turns::{Kind as TurnKind, TURNS, Turn};
pub use variables::tell_place;
