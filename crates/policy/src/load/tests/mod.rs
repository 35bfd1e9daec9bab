mod bad;
mod files;
mod merging;
mod reading;
mod refusals;
mod untrusted;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::merged::Entry;

/// Presets of the tests: a base, and one that builds on it.
const PRESETS: &[(&str, &str)] =
    &[("base-rules", BASE), ("team-rules", "inherits = \"base-rules\"\n[subprocess]\ndeny_commands = [\"!sudo\", \"dd\"]\n")];

const BASE: &str = r#"name = "base"
requires_approval = ["fs.delete"]
[filesystem]
deny = ["**/.env*", "~/.ssh"]
local_only_read = ["~/.token"]
[network]
http_get_allow = ["api.example.com"]
timeout_seconds = 10
[subprocess]
deny_commands = ["rm", "sudo"]
deny_args = { git = ["push --force", "reset --hard"] }
confine = "auto"
network = "deny"
[runtime]
max_seconds = 30
max_calls_per_capability = { "net.http_post" = 20, "fs.read" = 100 }
timing = "padded"
[audit]
durability = "fsync"
[agents]
unlisted = "ask"
[[flow]]
from = ["env:TOKEN", "file:~/.token"]
to = []
[[test]]
access = "exec rm -rf /"
expect = "deny"
"#;

fn finder() -> Finder {
    Finder::of_this_user().with_home(Path::new("/home/mia")).with_presets(PRESETS)
}

/// Loads a text that stands in `/`.
fn load(text: &str) -> Result<Merged, LoadError> {
    load_text("policy.toml", text, Path::new("/"), &finder())
}

fn message(text: &str) -> String {
    match load(text) {
        Ok(_) => "loads".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn patterns(list: &[Entry]) -> Vec<&str> {
    list.iter().map(|entry| entry.rule.pattern()).collect()
}

/// A directory of policy files, mode 0644.
struct Dir(tempfile::TempDir);

impl Dir {
    fn with(files: &[(&str, &str)]) -> Dir {
        let dir = Dir(tempfile::tempdir().unwrap());
        for (name, text) in files {
            dir.write(name, text);
        }
        dir
    }
    fn path(&self) -> PathBuf {
        fs::canonicalize(self.0.path()).unwrap()
    }
    fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    fn load(&self, name: &str) -> Result<Merged, LoadError> {
        load_file(&self.path().join(name), &finder())
    }
    /// The message, with the directory as `DIR`.
    fn message(&self, name: &str) -> String {
        self.load(name).unwrap_err().to_string().replace(&*self.path().to_string_lossy(), "DIR")
    }
}
