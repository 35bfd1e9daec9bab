//! Capabilities go, for good: those of a user namespace still own what the mapped user owns.

use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities, set_capabilities_secure_bits,
};

use crate::error::{Calling, SandboxError};

/// Drops every capability of this process, and the way to any: no program, no user id gives one back.
pub(super) fn drop_all() -> Result<(), SandboxError> {
    use CapabilitiesSecureBits as Bits;
    let bits = Bits::NO_ROOT
        | Bits::NO_ROOT_LOCKED
        | Bits::NO_SETUID_FIXUP
        | Bits::NO_SETUID_FIXUP_LOCKED
        | Bits::NO_CAP_AMBIENT_RAISE
        | Bits::NO_CAP_AMBIENT_RAISE_LOCKED;
    set_capabilities_secure_bits(bits).calling("prctl(PR_SET_SECUREBITS)")?;
    for number in 0..64 {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) => {}
            // behind the last one that this kernel knows
            Err(rustix::io::Errno::INVAL) => break,
            Err(errno) => return Err(errno).calling("prctl(PR_CAPBSET_DROP)"),
        }
    }
    clear_ambient_capability_set().calling("prctl(PR_CAP_AMBIENT)")?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none }).calling("capset")
}
