//! The look at a script's text before the parser sees it.

use crate::error::ScriptError;
use crate::limits::Limits;
use crate::source::Source;

pub(crate) fn check(_source: &Source, _limits: &Limits) -> Result<(), ScriptError> {
    Ok(())
}
