//! From a tool's name and input to what it would do.

use aegis_policy::PathOp;
use aegis_shell::Dialect;
use serde_json::{Map, Value};

use super::act::Act;
use super::fields::{MAX_VALUES, addresses, named};
use super::patch;

/// What a tool does with the fields that are named beside it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A shell reads the text of the first field that is there.
    Shell(Dialect),
    /// Each field is a file that is read.
    Read,
    /// Each field is files that are read: names, directories, or patterns of names.
    ReadMany,
    /// Each field is a file that is written.
    Write,
    /// Each field is a file that is read and written.
    Edit,
    /// Each field is a file that is removed.
    Delete,
    /// Each field is a directory whose names are listed; the working directory without one.
    List,
    /// The first field is a pattern of names, the others are directories.
    Glob,
    /// Each field is a file or directory that is searched; the working directory without one.
    Search,
    /// The first field that is there is a patch.
    Patch,
    /// Each field is an address.
    Fetch,
    /// The first field is a text that has the addresses in it.
    FetchInText,
    /// It touches nothing that a policy is about.
    Nothing,
}

/// Tools of a host that take the same fields.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) names: &'static [&'static str],
    pub(super) kind: Kind,
    pub(super) fields: &'static [&'static str],
}

/// Fields in which hosts name the directory of a command.
const CWD: &[&str] = &["workdir", "cwd", "Cwd", "directory", "dir_path"];

/// What a call would do. What its tool is not known for is named only.
pub(super) fn acts(tools: &[Tool], name: &str, input: &Value) -> Vec<Act> {
    let Some(tool) = tools.iter().find(|tool| tool.names.contains(&name)) else { return vec![named(input)] };
    let empty = Map::new();
    let object = match input {
        Value::Object(object) => object,
        Value::Null => &empty,
        _ => return vec![Act::Unclear("the tool's input is no object")],
    };
    let mut acts = of(tool, object).unwrap_or_else(|why| vec![Act::Unclear(why)]);
    if matches!(
        tool.kind,
        Kind::Read | Kind::ReadMany | Kind::Write | Kind::Edit | Kind::Delete | Kind::List | Kind::Search | Kind::Fetch | Kind::Glob
    ) {
        // another version of the tool may take its file from another field
        acts.extend(others(tool, object));
    }
    acts
}

fn of(tool: &Tool, input: &Map<String, Value>) -> Result<Vec<Act>, &'static str> {
    const MISSING: &str = "the tool's input does not have what the tool takes";
    let first = || tool.fields.iter().find_map(|field| input.get(*field).filter(|value| !value.is_null()));
    let all = || texts_of(tool.fields, input);
    let some = || all().and_then(|found| if found.is_empty() { Err(MISSING) } else { Ok(found) });
    let on = |ops: &[PathOp], paths: Vec<String>| -> Vec<Act> {
        paths.into_iter().flat_map(|path| ops.iter().map(move |op| Act::Path { op: *op, path: path.clone() })).collect()
    };
    Ok(match tool.kind {
        Kind::Shell(dialect) => {
            let text = shell_text(first().ok_or(MISSING)?)?;
            let cwd = match CWD.iter().find_map(|field| input.get(*field).filter(|value| !value.is_null())) {
                None => None,
                Some(Value::String(cwd)) => Some(cwd.clone()).filter(|cwd| !cwd.is_empty()),
                Some(_) => return Err("the directory of the command is no text"),
            };
            vec![Act::Shell { text, dialect, cwd }]
        }
        Kind::Read => on(&[PathOp::Read], some()?),
        Kind::ReadMany => some()?.iter().map(|path| Act::Search { path: Some(beginning(path)) }).collect(),
        Kind::Write => on(&[PathOp::Write], some()?),
        Kind::Edit => on(&[PathOp::Read, PathOp::Write], some()?),
        Kind::Delete => on(&[PathOp::Delete], some()?),
        Kind::List => or_here(all()?, |path| Act::List { path }),
        Kind::Search => or_here(all()?, |path| Act::Search { path }),
        Kind::Glob => glob(tool, input)?,
        Kind::Patch => patch::acts(first().and_then(Value::as_str).ok_or(MISSING)?),
        Kind::Fetch => some()?.into_iter().map(|url| Act::Fetch { url }).collect(),
        Kind::FetchInText => addresses(first().and_then(Value::as_str).ok_or(MISSING)?),
        Kind::Nothing => vec![Act::Nothing],
    })
}

fn or_here(paths: Vec<String>, act: impl Fn(Option<String>) -> Act) -> Vec<Act> {
    if paths.is_empty() { vec![act(None)] } else { paths.into_iter().map(|path| act(Some(path))).collect() }
}

/// The directories that a pattern of names starts from.
fn glob(tool: &Tool, input: &Map<String, Value>) -> Result<Vec<Act>, &'static str> {
    let (pattern, directories) = tool.fields.split_first().ok_or("the tool takes no pattern")?;
    let found = texts_of(directories, input)?;
    let patterns = texts_of(&[*pattern], input)?;
    // the last name may be a file
    let literal = |pattern: &str| match beginning(pattern).as_str() {
        "/" => "/".to_owned(),
        names => {
            names.rsplit_once('/').map(|(directory, _)| if directory.is_empty() { "/" } else { directory }).unwrap_or_default().to_owned()
        }
    };
    let mut acts = or_here(found.clone(), |path| Act::List { path });
    for start in patterns.iter().map(|pattern| literal(pattern)).filter(|start| !start.is_empty()) {
        let absolute = start.starts_with(['/', '~']);
        let bases: Vec<String> =
            if absolute || found.is_empty() { vec![start] } else { found.iter().map(|base| format!("{base}/{start}")).collect() };
        acts.extend(bases.into_iter().map(|path| Act::List { path: Some(path) }));
    }
    Ok(acts)
}

/// The names in front of the first wildcard.
fn literal_part(pattern: &str) -> &str {
    let wild = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
    if wild == pattern.len() {
        return pattern;
    }
    let end = pattern.get(..wild).and_then(|front| front.rfind('/')).map_or(0, |slash| slash + 1);
    pattern.get(..end).unwrap_or_default()
}

/// The file that a pattern of names is, or the directory below which all that it matches lies.
fn beginning(pattern: &str) -> String {
    let names = literal_part(pattern);
    let rest = pattern.get(names.len()..).unwrap_or_default();
    if rest.contains("..") || rest.contains('{') && rest.contains('/') {
        "/".to_owned()
    } else if names.is_empty() {
        ".".to_owned()
    } else {
        names.to_owned()
    }
}

/// Fields by which a model asks that a command run outside of the agent's own sandbox.
pub(super) fn leaves_the_sandbox(input: &Value) -> bool {
    let is = |key: &str, value: &Value| input.get(key) == Some(value);
    is("dangerouslyDisableSandbox", &Value::Bool(true))
        || is("with_escalated_permissions", &Value::Bool(true))
        || is("sandbox_permissions", &Value::String("require_escalated".to_owned()))
}

/// The texts of those fields that are there.
fn texts_of(fields: &[&str], input: &Map<String, Value>) -> Result<Vec<String>, &'static str> {
    let mut found = Vec::new();
    for value in fields.iter().filter_map(|field| input.get(*field)).filter(|value| !value.is_null()) {
        texts(value, &mut found)?;
    }
    Ok(found)
}

/// A text, or the texts of a list.
fn texts(value: &Value, to: &mut Vec<String>) -> Result<(), &'static str> {
    match value {
        Value::String(text) => to.push(text.clone()),
        Value::Array(items) => {
            for item in items.iter().take(MAX_VALUES) {
                texts(item, to)?;
            }
            if items.len() > MAX_VALUES {
                return Err("the tool's input has too many values");
            }
        }
        _ => return Err("a field of the tool's input is no text"),
    }
    Ok(())
}

/// A command as text; one that is a list of words is quoted.
fn shell_text(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Array(_) => {
            let mut words = Vec::new();
            texts(value, &mut words)?;
            Ok(words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect::<Vec<_>>().join(" "))
        }
        _ => Err("the command is no text"),
    }
}

/// Fields of a known tool that look like files and are none of those it is known to take.
fn others(tool: &Tool, input: &Map<String, Value>) -> Vec<Act> {
    let rest: Map<String, Value> =
        input.iter().filter(|(key, _)| !tool.fields.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect();
    match named(&Value::Object(rest)) {
        Act::Named { paths, urls, texts } if paths.is_empty() && urls.is_empty() && texts.is_empty() => Vec::new(),
        // these are judged by what denies them; the tool itself is known
        Act::Named { paths, urls, .. } => vec![Act::Named { paths, urls, texts: Vec::new() }],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOOLS: &[Tool] = &[
        Tool { names: &["sh"], kind: Kind::Shell(Dialect::User), fields: &["command"] },
        Tool { names: &["read"], kind: Kind::Read, fields: &["file_path"] },
        Tool { names: &["many"], kind: Kind::ReadMany, fields: &["paths"] },
        Tool { names: &["grep"], kind: Kind::Search, fields: &["path"] },
        Tool { names: &["glob"], kind: Kind::Glob, fields: &["pattern", "path"] },
        Tool { names: &["fetch"], kind: Kind::FetchInText, fields: &["prompt"] },
    ];

    fn shown(name: &str, input: Value) -> Vec<String> {
        acts(TOOLS, name, &input).iter().map(|act| format!("{act:?}")).collect()
    }

    #[test]
    fn each_kind() {
        assert_eq!(shown("sh", json!({"command": "ls", "cwd": "/x"})), [r#"Shell { text: "ls", dialect: User, cwd: Some("/x") }"#]);
        assert_eq!(
            shown("sh", json!({"command": ["bash", "-lc", "a 'b'"]})),
            [r#"Shell { text: "'bash' '-lc' 'a '\\''b'\\'''", dialect: User, cwd: None }"#]
        );
        assert_eq!(shown("read", json!({"file_path": "/a"})), [r#"Path { op: Read, path: "/a" }"#]);
        assert_eq!(shown("grep", json!({"pattern": "x"})), ["Search { path: None }"]);
        assert_eq!(
            shown("glob", json!({"pattern": "/etc/*/x", "path": "src"})),
            [r#"List { path: Some("src") }"#, r#"List { path: Some("/etc") }"#]
        );
        assert_eq!(shown("glob", json!({"pattern": "../*"})), ["List { path: None }", r#"List { path: Some("..") }"#]);
        assert_eq!(shown("glob", json!({"pattern": "**/*.rs"})), ["List { path: None }"]);
        for pattern in ["{/etc,src}/*", "*/../../x"] {
            assert_eq!(shown("glob", json!({"pattern": pattern})), ["List { path: None }", r#"List { path: Some("/") }"#], "{pattern}");
        }
        assert_eq!(
            shown("many", json!({"paths": ["a", "src/*.rs", "**/*", "src/{a,b}/*"]})),
            [
                r#"Search { path: Some("a") }"#,
                r#"Search { path: Some("src/") }"#,
                r#"Search { path: Some(".") }"#,
                r#"Search { path: Some("/") }"#
            ]
        );
    }

    #[test]
    fn a_field_that_is_missing_or_of_another_kind_is_unclear() {
        for (name, input) in [
            ("sh", json!({})),
            ("sh", json!({"command": 5})),
            ("sh", json!({"command": "ls", "cwd": 5})),
            ("read", json!({"file": 5})),
            ("read", json!({"file_path": {"x": "y"}})),
            ("read", json!([])),
            ("fetch", json!({"prompt": "no address here"})),
        ] {
            assert!(shown(name, input.clone()).iter().any(|act| act.starts_with("Unclear")), "{name} {input}");
        }
    }

    #[test]
    fn other_fields_that_name_files_count_too() {
        assert_eq!(shown("read", json!({"file_path": "/a", "AbsolutePath": "/b"}))[1], r#"Named { paths: ["/b"], urls: [], texts: [] }"#);
        assert_eq!(
            shown("mcp__x", json!({"a": {"file_path": ["/b"]}, "url": "https://x.org", "command": "rm x", "title": "/c"})),
            [r#"Named { paths: ["/b"], urls: ["https://x.org"], texts: ["rm x"] }"#]
        );
    }

    #[test]
    fn addresses_in_a_text() {
        let found = acts(TOOLS, "fetch", &json!({"prompt": "see HTTPS://a.org/x, (http://b.org) and http"}));
        let urls: Vec<&str> = found.iter().filter_map(|act| if let Act::Fetch { url } = act { Some(url.as_str()) } else { None }).collect();
        assert_eq!(urls, ["HTTPS://a.org/x", "http://b.org"]);
    }
}
