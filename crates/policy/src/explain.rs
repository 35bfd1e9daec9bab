//! Decisions in words: what was asked, which rule decided, and the smallest line that would allow it.

use std::fmt;
use std::path::Path;

use crate::access::{Access, PathOp};
use crate::command::smallest_pattern;
use crate::decide::layer::list_for;
use crate::decision::{Decision, Reason, Verdict};
use crate::policy::Policy;

/// A decision in words. Never holds labelled content, nor where a link leads.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// `denied`, `needs approval` or `allowed`.
    pub verdict: Verdict,
    /// What was asked: `fs.write src/gen/out.rs`.
    pub asked: String,
    /// Why: `no rule in [filesystem].write_allow matches`.
    pub cause: String,
    /// The rule that decided, as `file:line`.
    pub rule: Option<String>,
    /// What to change: `add "src/gen/**" to [filesystem].write_allow in aegis.toml (line 9)`.
    pub suggestion: Option<String>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.verdict.in_words();
        write!(f, "{head}: {}\n  {}", self.asked, self.cause)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "\n  to allow: {suggestion}")?;
        }
        Ok(())
    }
}

impl Explanation {
    /// The same on one line, without the suggestion.
    #[must_use]
    pub fn one_line(&self) -> String {
        let head = self.verdict.in_words();
        format!("{head}: {}: {}", self.asked, self.cause)
    }
}

impl Policy {
    /// Puts a decision into words. `asked` is the access as it was asked (`fs.write src/gen/out.rs`).
    #[must_use]
    pub fn explain(&self, access: &Access<'_>, asked: &str, decision: &Decision) -> Explanation {
        Explanation {
            verdict: decision.verdict(),
            asked: asked.to_owned(),
            cause: cause(decision),
            rule: decision.rule().map(|r| r.place()),
            suggestion: self.suggestion(access, decision),
        }
    }

    fn suggestion(&self, access: &Access<'_>, decision: &Decision) -> Option<String> {
        match (decision.verdict(), decision.reason()) {
            (Verdict::Allow, _) => None,
            (Verdict::Ask, _) => Some("approve it at the terminal, or run with --yes".to_owned()),
            (Verdict::Deny, Reason::NoRule { .. }) if matches!(access, Access::Declassify { .. }) => self.declassify_for(access),
            (Verdict::Deny, Reason::NoRule { list }) => Some(self.add(&self.pattern_for(access), list)),
            (Verdict::Deny, Reason::ClosedAddress { .. }) => {
                let Access::Address { ip } = access else { return None };
                Some(self.add(&ip.to_string(), "[network].allow_ips"))
            }
            (Verdict::Deny, Reason::DenyRule) => {
                let rule = decision.rule()?;
                Some(if rule.is_preset() {
                    format!("add \"!{}\" to {} in {} (weakens {})", rule.pattern(), rule.list(), self.own_file(), rule.file())
                } else {
                    format!("remove \"{}\" from {} in {}", rule.pattern(), rule.list(), rule.place())
                })
            }
            (Verdict::Deny, Reason::ControlFile) => {
                let rule = decision.rule()?;
                (rule.list() == "control files"
                    && !matches!(access, Access::Path { op: PathOp::Read, .. } | Access::PathName { op: PathOp::Read, .. }))
                .then(|| format!("name the one file in [filesystem].allow_control_files in {}", self.own_file()))
            }
            (Verdict::Deny, Reason::ReservedName) => match access {
                Access::ChildEnv { name } if !name.starts_with("AEGIS_") => Some(self.add(name, "[environment].allow_reserved")),
                _ => None,
            },
            (Verdict::Deny, Reason::DangerousOption { .. }) => Some(self.add(&self.pattern_for(access), "[subprocess].allow_commands")),
            (Verdict::Deny, Reason::FileArgument { argument, op }) => {
                decision.rule().is_none().then(|| self.add(argument.trim_start_matches("./"), list_for(op.capability())))
            }
            (Verdict::Deny, Reason::LocalOnlyArgument { .. }) => {
                let Access::Exec(request) = access else { return None };
                let program = request.argv().first().map(String::as_str).unwrap_or_default();
                Some(self.add(program, "[subprocess].local_only_commands"))
            }
            _ => None,
        }
    }

    fn declassify_for(&self, access: &Access<'_>) -> Option<String> {
        let Access::Declassify { source, reason } = access else { return None };
        let reasons: Vec<String> = self.reasons(source).map(|known| format!("{known:?}")).collect();
        Some(match reasons.as_slice() {
            [] => format!("add a [[declassify]] with from = {source:?} and reason = {reason:?} to {}", self.own_file()),
            _ => format!("give the reason as the policy has it: {}", reasons.join(" or ")),
        })
    }

    fn own_file(&self) -> &str {
        self.files().first().map_or("the policy", |f| &f.name)
    }

    fn add(&self, pattern: &str, list: &str) -> String {
        let place = self.line_of_list(list).map(|l| format!(" (line {l})")).unwrap_or_default();
        format!("add \"{}\" to {list} in {}{place}", pattern.escape_debug(), self.own_file())
    }

    /// The smallest pattern worth writing for an access.
    fn pattern_for(&self, access: &Access<'_>) -> String {
        match access {
            Access::Path { path, .. } | Access::PathName { path, .. } => self.relative(path),
            Access::Http { url, .. } | Access::Connect { url } => url.host_pattern(),
            Access::Address { ip } => ip.to_string(),
            Access::Env { name } | Access::ChildEnv { name } | Access::Tool { name } => (*name).to_owned(),
            Access::Exec(request) => smallest_pattern(request),
            Access::Declassify { source, .. } => (*source).to_owned(),
        }
    }

    fn relative(&self, path: &Path) -> String {
        let shown = path.strip_prefix(self.root()).unwrap_or(path);
        if shown.as_os_str().is_empty() {
            return ".".to_owned();
        }
        match (shown.parent(), shown.extension()) {
            (Some(parent), Some(_)) if !parent.as_os_str().is_empty() && parent != Path::new("/") => format!("{}/**", parent.display()),
            _ => shown.display().to_string(),
        }
    }
}

fn cause(decision: &Decision) -> String {
    let by = decision.rule().map(|r| match r.why() {
        Some(why) => format!("{r}: {why}"),
        None => r.to_string(),
    });
    match decision.reason() {
        Reason::Allowed => by.unwrap_or_else(|| "allowed".to_owned()),
        Reason::AskRule => format!("{} asks for approval", by.unwrap_or_default()),
        Reason::DenyRule => format!("denied by {}", by.unwrap_or_default()),
        Reason::ControlFile => {
            let why = decision.rule().and_then(|r| r.why()).filter(|w| !w.is_empty());
            match (why, decision.rule()) {
                (Some(why), _) => format!("a control file: {why}"),
                (None, Some(rule)) if rule.list() == "control files" => "a control file of Aegis, of an agent or of the system".to_owned(),
                _ => "agents and scripts may not do this with Aegis itself".to_owned(),
            }
        }
        Reason::ReservedName => "a reserved variable name".to_owned(),
        Reason::NoRule { list } => format!("no rule in {list} matches"),
        Reason::ClosedAddress { class } => format!("the address is {class}, and [network].allow_ips does not open it"),
        Reason::DangerousOption { option, role } => {
            let what = if *role == "exec" { "runs other programs" } else { "changes what the command does" };
            format!("`{option}` {what}, and no rule names it")
        }
        Reason::FileArgument { argument, op } => {
            let what = if *op == PathOp::Read { "read" } else { "written" };
            let by = by.map(|b| format!(" ({b})")).unwrap_or_default();
            format!("its argument {argument:?} may not be {what}{by}")
        }
        Reason::LocalOnlyArgument { argument } => {
            format!("its argument {argument:?} is local-only, and the command is not in [subprocess].local_only_commands")
        }
        Reason::Malformed { what } => (*what).to_owned(),
    }
}
