//! Where connections are written down.

use aegis_audit::{ConnectionDenied, ConnectionEnd, ConnectionOpen, Journal};
use aegis_effect::{EffectError, ErrorCode};

/// Takes the records of children's connections, from many threads. What cannot be recorded does not happen.
pub trait RecordConnections: Send + Sync {
    /// A host is about to be connected to.
    ///
    /// # Errors
    /// If it cannot be written; then nothing is connected to.
    fn open(&self, record: &ConnectionOpen<'_>) -> Result<(), EffectError>;
    /// What became of it.
    ///
    /// # Errors
    /// If it cannot be written.
    fn end(&self, record: &ConnectionEnd<'_>) -> Result<(), EffectError>;
    /// A connection that is not made.
    ///
    /// # Errors
    /// If it cannot be written.
    fn denied(&self, record: &ConnectionDenied<'_>) -> Result<(), EffectError>;
}

/// Nowhere; only where the operator said `--no-audit`.
pub(crate) struct Unrecorded;

impl RecordConnections for Unrecorded {
    fn open(&self, _: &ConnectionOpen<'_>) -> Result<(), EffectError> {
        Ok(())
    }
    fn end(&self, _: &ConnectionEnd<'_>) -> Result<(), EffectError> {
        Ok(())
    }
    fn denied(&self, _: &ConnectionDenied<'_>) -> Result<(), EffectError> {
        Ok(())
    }
}

impl RecordConnections for Journal {
    fn open(&self, record: &ConnectionOpen<'_>) -> Result<(), EffectError> {
        self.append(record).map(drop).map_err(|e| EffectError::new(ErrorCode::Journal, format!("nothing was sent: {e}")))
    }
    fn end(&self, record: &ConnectionEnd<'_>) -> Result<(), EffectError> {
        self.append(record).map(drop).map_err(|e| EffectError::new(ErrorCode::Journal, format!("its end could not be journalled: {e}")))
    }
    fn denied(&self, record: &ConnectionDenied<'_>) -> Result<(), EffectError> {
        self.append(record).map(drop).map_err(|e| EffectError::new(ErrorCode::Journal, format!("a refusal could not be journalled: {e}")))
    }
}
