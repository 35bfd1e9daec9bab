//! The server that is installed: how it is started, and how an entry of ours is known again.

use std::path::Path;

/// The name of our entry.
pub(crate) const NAME: &str = "aegis";

/// How an agent starts `aegis mcp` on stdio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Absolute path of the binary.
    pub program: String,
    /// Absolute path of the policy.
    pub policy: String,
}

/// What an entry in a file starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) program: String,
    pub(crate) args: Vec<String>,
}

impl Server {
    pub(crate) fn started(&self) -> Started {
        Started { program: self.program.clone(), args: ["mcp", "--policy", &self.policy].map(str::to_owned).into() }
    }

    /// This server in the place of an older one of ours. What its owner added to the command line stays.
    pub(crate) fn in_place_of(&self, old: &Started) -> Started {
        let mut args = old.args.clone();
        if base(&old.program) != NAME {
            args.insert(0, "mcp".to_owned());
        }
        let mut named = false;
        let mut next = false;
        for arg in &mut args {
            if next {
                arg.clone_from(&self.policy);
                next = false;
            } else if arg == "--policy" {
                (named, next) = (true, true);
            } else if arg.starts_with("--policy=") {
                *arg = format!("--policy={}", self.policy);
                named = true;
            }
        }
        if next {
            args.push(self.policy.clone());
        }
        if !named {
            args.splice(1..1, ["--policy".to_owned(), self.policy.clone()]);
        }
        Started { program: self.program.clone(), args }
    }
}

impl Started {
    /// Whether Aegis wrote this: `aegis mcp`, or the program `aegis-mcp`.
    pub(crate) fn is_ours(&self) -> bool {
        match base(&self.program) {
            NAME => self.args.first().is_some_and(|first| first == "mcp"),
            name => name == "aegis-mcp",
        }
    }

    /// The server that would be written like this.
    pub(crate) fn server(&self) -> Option<Server> {
        let policy = match self.args.as_slice() {
            [_, flag, policy] if flag == "--policy" => policy.clone(),
            _ => return None,
        };
        let server = Server { program: self.program.clone(), policy };
        (server.started() == *self).then_some(server)
    }
}

/// The name of a program without its directory.
pub(crate) fn base(program: &str) -> &str {
    Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(program: &str, args: &[&str]) -> Started {
        Started { program: program.to_owned(), args: args.iter().map(|&a| a.to_owned()).collect() }
    }

    #[test]
    fn ours() {
        for (program, args, is_ours) in [
            ("/usr/bin/aegis", &["mcp", "--policy", "/p"][..], true),
            ("aegis", &["mcp"], true),
            ("/old/aegis-mcp", &[], true),
            ("/usr/bin/aegis", &["run", "x.star"], false),
            ("/usr/bin/aegis", &[], false),
            ("npx", &["mcp"], false),
            ("/opt/aegis/server", &["mcp"], false),
            ("", &["mcp"], false),
        ] {
            assert_eq!(started(program, args).is_ours(), is_ours, "{program} {args:?}");
        }
    }

    #[test]
    fn an_older_one_keeps_what_was_added() {
        let server = Server { program: "/new/aegis".to_owned(), policy: "/new/p".to_owned() };
        for (program, old, new) in [
            ("/old/aegis", &["mcp"][..], &["mcp", "--policy", "/new/p"][..]),
            ("/old/aegis", &["mcp", "--policy", "/p"], &["mcp", "--policy", "/new/p"]),
            ("/old/aegis", &["mcp", "--approvals", "deny", "--policy=/p"], &["mcp", "--approvals", "deny", "--policy=/new/p"]),
            ("/old/aegis", &["mcp", "--no-audit"], &["mcp", "--policy", "/new/p", "--no-audit"]),
            ("/old/aegis", &["mcp", "--policy"], &["mcp", "--policy", "/new/p"]),
            ("/old/aegis-mcp", &["--policy", "/p"], &["mcp", "--policy", "/new/p"]),
        ] {
            let merged = server.in_place_of(&started(program, old));
            assert_eq!(merged, started("/new/aegis", new), "{old:?}");
            assert_eq!(server.in_place_of(&merged), merged, "again");
        }
    }
}
