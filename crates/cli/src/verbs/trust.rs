//! `aegis trust`.

use std::process::ExitCode;

use aegis_policy::{Policy, TrustStore};

use crate::cli::Trust;
use crate::exit;
use crate::home::Start;

/// Records the hash of a policy file and all it inherits, or takes that back.
pub(crate) fn trust(args: &Trust, start: &Start) -> ExitCode {
    let path = start.cwd.join(&args.file);
    let shown = args.file.display();
    if args.revoke {
        let real = std::fs::canonicalize(&path).unwrap_or(path);
        let revoked = start
            .trust_dir()
            .and_then(|dir| TrustStore::open(&dir).map_err(|e| e.to_string()))
            .and_then(|store| store.revoke(&real).map_err(|e| e.to_string()));
        return match revoked {
            Ok(true) => {
                say!("{shown} is no longer trusted");
                ExitCode::SUCCESS
            }
            Ok(false) => exit::failure(&format!("{shown} was not trusted")),
            Err(error) => exit::failure(&error),
        };
    }
    let policy = match Policy::load(&path, &start.finder(), &start.surroundings()) {
        Ok(policy) => policy,
        Err(error) => return exit::failure(&start.load_failure(&error)),
    };
    match super::init::record(&path, &policy, start) {
        Ok(()) => {
            say!("trusted: {shown} as it is now");
            for file in policy.files() {
                say!("  {} {}", file.sha256.get(..16).unwrap_or_default(), file.name);
            }
            for weakened in policy.weakened() {
                say!("  weakened: {} ({})", weakened.what, weakened.by);
            }
            ExitCode::SUCCESS
        }
        Err(error) => exit::failure(&error),
    }
}
