//! An access as people write it: `fs.write src/x.rs`, `exec git push -f`, `net.http_get https://example.org/`.

use std::path::{Component, Path, PathBuf};

use crate::access::{Access, Capability, Method, PathOp};
use crate::command::ExecRequest;
use crate::pattern::RequestUrl;

/// A question in words that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QuestionError(String);

/// An access that owns its target.
#[derive(Debug, Clone)]
pub enum Question {
    /// On a file.
    Path {
        /// What is done.
        op: PathOp,
        /// Absolute, lexically normalised.
        path: PathBuf,
    },
    /// On a host.
    Http {
        /// The method.
        method: Method,
        /// The target.
        url: RequestUrl,
    },
    /// A tunnel of a confined child.
    Connect {
        /// The host and port.
        url: RequestUrl,
    },
    /// A variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A program.
    Exec(Box<ExecRequest>),
    /// A tool of an agent.
    Tool {
        /// Its name.
        name: String,
    },
    /// Making something public that depends on a source.
    Declassify {
        /// Its name.
        source: String,
        /// What the script says for it.
        reason: String,
    },
}

impl Question {
    /// Reads words such as `fs.read PATH`, `net.http_get URL`, `env.read NAME`, `exec ARGV...`, `tool NAME`. Relative paths
    /// start at `root`. Nothing is looked up.
    ///
    /// # Errors
    /// Says what the words should be.
    pub fn parse(words: &[String], root: &Path) -> Result<Question, QuestionError> {
        let (kind, rest) = words.split_first().ok_or_else(|| QuestionError(FORMS.to_owned()))?;
        let one = || match rest {
            [only] => Ok(only.as_str()),
            _ => Err(QuestionError(format!("`{kind}` takes one target"))),
        };
        let op = match kind.as_str() {
            "fs.read" | "fs.exists" | "fs.stat" | "fs.list" | "fs.read_bytes" | "fs.read_range" | "read" => Some(PathOp::Read),
            "fs.write" | "fs.append" | "fs.replace" | "fs.mkdir" | "write" => Some(PathOp::Write),
            "fs.delete" | "delete" => Some(PathOp::Delete),
            _ => None,
        };
        if let Some(op) = op {
            return Ok(Question::Path { op, path: normalise(root, one()?) });
        }
        if let Some(verb) = kind.strip_prefix("net.http_") {
            let method = Method::from_name(verb)
                .ok_or_else(|| QuestionError(format!("`{kind}` is no request; use net.http_get, _post, _put, _patch, _delete")))?;
            let url = RequestUrl::parse(one()?).map_err(|e| QuestionError(format!("`{}`: {e}", one().unwrap_or_default())))?;
            return Ok(Question::Http { method, url });
        }
        match kind.as_str() {
            "connect" => Ok(Question::Connect { url: host_and_port(one()?)? }),
            "env.read" | "env" => Ok(Question::Env { name: one()?.to_owned() }),
            "exec" | "subprocess.exec" | "subprocess.run" if rest.is_empty() => {
                Err(QuestionError(format!("`{kind}` takes a command line")))
            }
            "exec" | "subprocess.exec" | "subprocess.run" => Ok(Question::Exec(Box::new(ExecRequest::parse(rest, root)))),
            "tool" => Ok(Question::Tool { name: one()?.to_owned() }),
            "declassify" => match rest {
                [source, reason] => Ok(Question::Declassify { source: source.clone(), reason: reason.clone() }),
                _ => Err(QuestionError("`declassify` takes a source and a reason".to_owned())),
            },
            _ => Err(QuestionError(format!("unknown access `{kind}`; {FORMS}"))),
        }
    }

    /// Reads the same from one line, split as a shell splits it: at blanks, but for what is in quotes or behind a backslash.
    ///
    /// # Errors
    /// As [`Question::parse`]; an unclosed quote.
    pub fn read(line: &str, root: &Path) -> Result<Question, QuestionError> {
        Question::parse(&words(line)?, root)
    }

    /// The access it asks about.
    #[must_use]
    pub fn access(&self) -> Access<'_> {
        match self {
            Question::Path { op, path } => Access::Path { op: *op, path },
            Question::Http { method, url } => Access::Http { method: *method, url },
            Question::Connect { url } => Access::Connect { url },
            Question::Env { name } => Access::Env { name },
            Question::Exec(request) => Access::Exec(request),
            Question::Tool { name } => Access::Tool { name },
            Question::Declassify { source, reason } => Access::Declassify { source, reason },
        }
    }

    /// The capability it is about; none for tools and tunnels.
    #[must_use]
    pub const fn capability(&self) -> Option<Capability> {
        match self {
            Question::Path { op, .. } => Some(op.capability()),
            Question::Http { method, .. } => Some(method.capability()),
            Question::Env { .. } => Some(Capability::EnvRead),
            Question::Exec(_) => Some(Capability::SubprocessExec),
            Question::Declassify { .. } => Some(Capability::Declassify),
            Question::Tool { .. } | Question::Connect { .. } => None,
        }
    }
}

/// `host:port`, with nothing in front of it or behind it.
fn host_and_port(target: &str) -> Result<RequestUrl, QuestionError> {
    let has_port = target.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let url = RequestUrl::parse(&format!("https://{target}/")).ok().filter(|url| has_port && url.path == "/" && url.query.is_none());
    url.ok_or_else(|| QuestionError(format!("`{target}` is not HOST:PORT")))
}

const FORMS: &str = "write fs.read|fs.write|fs.delete PATH, net.http_get|post|put|patch|delete URL, connect HOST:PORT, env.read NAME, exec COMMAND..., tool NAME, or declassify SOURCE REASON";

/// The words of a line. Nothing is expanded.
fn words(line: &str) -> Result<Vec<String>, QuestionError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let next = chars.next().ok_or_else(|| QuestionError("a backslash at the end stands for nothing".to_owned()))?;
                word.get_or_insert_default().push(next);
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(QuestionError("a quote is not closed".to_owned()));
    }
    words.extend(word);
    Ok(words)
}

/// `text` from `root`, with `.` and `..` taken away by name. Only for questions: the gate asks the kernel.
fn normalise(root: &Path, text: &str) -> PathBuf {
    let mut path = PathBuf::from("/");
    let joined = match text.strip_prefix("~/").and_then(|rest| crate::load::home_dir().map(|home| home.join(rest))) {
        Some(path) => path,
        None => root.join(text),
    };
    for component in joined.components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => {
                path.pop();
            }
            _ => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        for (line, expected) in [
            ("a  b\tc", &["a", "b", "c"][..]),
            ("fs.read '/a b/c'", &["fs.read", "/a b/c"]),
            (r#"a "b 'c" d\ e"#, &["a", "b 'c", "d e"]),
            (r#"'' "" x''y"#, &["", "", "xy"]),
            (r#"'a\' "b\"" \;"#, &["a\\", "b\"", ";"]),
            ("", &[]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
        assert!(words("a 'b").is_err() && words("a\\").is_err());
    }
}
