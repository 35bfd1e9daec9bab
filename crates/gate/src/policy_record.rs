//! What the first record of a run or session says of its policy.

use aegis_audit::{PolicyFile, Sha256Digest, Text};
use aegis_policy::Policy;

/// A policy in the words of the journal.
#[derive(Debug, Clone)]
pub struct PolicyRecord {
    /// Of the policy in force, all files merged.
    pub sha256: Sha256Digest,
    files: Vec<(String, Sha256Digest)>,
    weakened: Vec<String>,
}

impl PolicyRecord {
    /// Of a loaded policy.
    #[must_use]
    pub fn of(policy: &Policy) -> PolicyRecord {
        let digest = |hex: &str| Sha256Digest::from_hex(hex).unwrap_or_else(|| Sha256Digest::of(hex.as_bytes()));
        PolicyRecord {
            sha256: digest(policy.trust_hash()),
            files: policy.files().iter().map(|file| (file.name.to_string(), digest(&file.sha256))).collect(),
            weakened: policy.weakened().iter().map(|weakened| format!("{} ({})", weakened.what, weakened.by)).collect(),
        }
    }

    /// Every file that went into it.
    #[must_use]
    pub fn files(&self) -> Vec<PolicyFile<'_>> {
        self.files.iter().map(|(name, sha256)| PolicyFile { name: Text::from(name.as_str()), sha256: *sha256 }).collect()
    }

    /// Preset rules that it takes back.
    #[must_use]
    pub fn weakened(&self) -> Vec<&str> {
        self.weakened.iter().map(String::as_str).collect()
    }
}
