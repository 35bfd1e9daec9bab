//! Embeds `policies/`: presets, starters and grammars as texts, and what every start needs of them as tables, so that no start parses TOML.
//!
//! A preset is compiled by its shape alone (lists, tables of lists, plain values, flows, tests). What the keys mean is decided where
//! the tables are read, by the same table of keys that files go through, and a test holds the result against the schema's own reader.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use sha2::{Digest as _, Sha256};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let policies = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("policies");
    let texts = RefCell::new(Texts::default());
    let mut code = String::new();
    writeln!(code, "static PRESETS: &[Preset] = &[")?;
    for (name, path) in toml_files(&policies.join("presets"))? {
        let text = fs::read_to_string(&path)?;
        let hash: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        let compiled = preset(&name, &text, &texts).map_err(|e| format!("{path}: {e}"))?;
        writeln!(code, "Preset {{ name: {name:?}, text: include_str!({path:?}), sha256: Some({hash:?}), compiled: Some(&{compiled}) }},")?;
    }
    writeln!(code, "];\nstatic STARTERS: &[(&str, &str)] = &[")?;
    for (name, path) in toml_files(&policies.join("starters"))? {
        writeln!(code, "({name:?}, include_str!({path:?})),")?;
    }
    writeln!(code, "];")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), code)?;

    let mut code = String::new();
    built_in(&mut code, &policies.join("control.toml"), &["sealed", "guarded"], &texts)?;
    built_in(&mut code, &policies.join("reserved.toml"), &["reserved"], &texts)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("built_in.rs"), code)?;
    let texts = format!("static TEXTS: &str = {:?};", texts.borrow().all);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("texts.rs"), texts)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("families.rs"), families(&policies.join("commands"))?)?;
    Ok(())
}

/// The grammars of commands as texts, and their names in order: most commands that a policy names have none.
fn families(folder: &Path) -> Result<String, Failure> {
    let mut families = String::new();
    let mut all = Vec::new();
    let mut beginnings = Vec::new();
    let files = toml_files(folder)?;
    let count = files.len();
    for (at, (file, path)) in files.into_iter().enumerate() {
        let text = fs::read_to_string(&path)?;
        let first =
            text.lines().next().and_then(|line| line.strip_prefix("names = ")).ok_or_else(|| format!("{path}: names come first"))?;
        let names: Vec<&str> = first.split('"').skip(1).step_by(2).collect();
        for name in &names {
            match name.strip_suffix('*') {
                Some(beginning) => beginnings.push((beginning.to_owned(), at)),
                None => all.push(((*name).to_owned(), at)),
            }
        }
        let family = format!("file: {file:?}, text: include_str!({path:?}), names: &{names:?}, grammar: OnceLock::new()");
        writeln!(families, "Family {{ {family} }},")?;
    }
    all.sort();
    if let Some(((name, _), _)) = all.iter().zip(all.iter().skip(1)).find(|((one, _), (next, _))| one == next) {
        return Err(format!("two grammars are of {name}").into());
    }
    Ok(format!(
        "static FAMILIES: [Family; {count}] = [{families}];\nstatic NAMES: &[(&str, usize)] = &{all:?};\nstatic BEGINNINGS: &[(&str, usize)] = &{beginnings:?};"
    ))
}

/// Names without extension, with paths, in the order of names; a folder that is not there has none.
fn toml_files(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let name = path.file_stem().and_then(|s| s.to_str()).ok_or("a preset's name is not UTF-8")?;
            // `x.cases.toml` and the like lie beside a preset but are none.
            if name.contains('.') {
                continue;
            }
            let path = path.to_str().ok_or("the path of the sources is not UTF-8")?;
            println!("cargo::rerun-if-changed={path}");
            files.push((name.to_owned(), path.to_owned()));
        }
    }
    files.sort();
    Ok(files)
}

/// `[[table]]` entries of `match`, `reason` and `itself`, as a static of that name in capitals.
fn built_in(code: &mut String, path: &Path, tables: &[&str], texts: &RefCell<Texts>) -> Result<(), Failure> {
    println!("cargo::rerun-if-changed={}", path.display());
    let parsed: toml::Table = toml::from_str(&fs::read_to_string(path)?)?;
    for table in tables {
        writeln!(code, "pub(crate) static {}: &[BuiltIn] = &[", table.to_uppercase())?;
        for entry in parsed.get(*table).and_then(toml::Value::as_array).ok_or("a table of built-in entries is missing")? {
            let text = |key: &str| entry.get(key).and_then(toml::Value::as_str);
            let itself = entry.get("itself").and_then(toml::Value::as_bool).unwrap_or_default();
            let pattern = text("match").ok_or("an entry without match")?;
            let rule = texts.borrow_mut().rule("built-in", 0, "control files", pattern, false, text("reason"));
            writeln!(code, "BuiltIn {{ rule: {rule}, itself: {itself} }},")?;
        }
        writeln!(code, "];")?;
    }
    Ok(())
}

/// The texts of rules, each once.
#[derive(Default)]
struct Texts {
    all: String,
    known: HashMap<String, String>,
}

impl Texts {
    /// The code that stands for a text.
    fn code(&mut self, text: &str) -> String {
        let Texts { all, known } = self;
        let code = known.entry(text.to_owned()).or_insert_with(|| {
            let code = format!("Text::Embedded({}, {})", all.len(), text.len());
            all.push_str(text);
            code
        });
        code.clone()
    }

    fn rule(&mut self, file: &str, line: usize, list: &str, pattern: &str, preset: bool, why: Option<&str>) -> String {
        let why = why.map_or_else(|| "None".to_owned(), |why| format!("Some({})", self.code(why)));
        let (file, list, pattern) = (self.code(file), self.code(list), self.code(pattern));
        format!("Rule {{ file: {file}, line: {line}, list: {list}, pattern: {pattern}, preset: {preset}, why: {why} }}")
    }
}

/// The tables of one preset.
#[derive(Default)]
struct Tables {
    inherits: String,
    lists: String,
    arguments: String,
    settings: String,
    flows: String,
    tests: String,
}

/// A preset being compiled.
struct Source<'t> {
    file: String,
    text: &'t str,
    texts: &'t RefCell<Texts>,
}

fn preset(name: &str, text: &str, texts: &RefCell<Texts>) -> Result<String, Failure> {
    let source = Source { file: format!("preset {name}"), text, texts };
    let table = DeTable::parse(text)?;
    let mut tables = Tables::default();
    for (key, value) in in_order(table.get_ref()) {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("version", _) => {}
            ("inherits", _) => {
                for (name, at) in source.names(value)? {
                    let (line, column) = source.place(at);
                    write!(tables.inherits, "({name:?}, Position {{ line: {line}, column: {column} }}), ")?;
                }
            }
            ("flow" | "test", DeValue::Array(items)) => {
                for item in items.iter() {
                    source.repeated(key.get_ref(), item, &mut tables)?;
                }
            }
            (section, DeValue::Table(keys)) => {
                for (key, value) in in_order(keys) {
                    source.key(section, key, value, &mut tables)?;
                }
            }
            _ => source.key("", key, value, &mut tables)?,
        }
    }
    let Tables { inherits, lists, arguments, settings, flows, tests } = tables;
    Ok(format!(
        "Compiled {{ inherits: &[{inherits}], lists: &[{lists}], arguments: &[{arguments}], settings: &[{settings}], flows: &[{flows}], \
         tests: &[{tests}] }}"
    ))
}

type Items<'t, 'i> = Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>)>;

/// The items of a table in the order of the file.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Items<'t, 'i> {
    let mut items: Vec<_> = table.iter().collect();
    items.sort_by_key(|(name, _)| name.span().start);
    items
}

impl Source<'_> {
    /// Line and column, from 1; columns in characters.
    fn place(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    fn key(
        &self,
        section: &str,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        tables: &mut Tables,
    ) -> Result<(), Failure> {
        let name = key.get_ref();
        let place = if section.is_empty() { name.to_string() } else { format!("[{section}].{name}") };
        let (line, column) = self.place(key.span().start);
        let mut setting =
            |value: String| write!(tables.settings, "({section:?}, {name:?}, Position {{ line: {line}, column: {column} }}, {value}), ");
        match value.get_ref() {
            DeValue::Array(items) => {
                let rules = items.iter().map(|item| self.entry(&place, item)).collect::<Result<Vec<_>, _>>()?;
                write!(tables.lists, "({section:?}, {name:?}, &[{}]), ", rules.join(", "))?;
            }
            DeValue::Table(commands) => {
                for (command, items) in in_order(commands) {
                    let DeValue::Array(items) = items.get_ref() else { return Err(format!("{place} is of a shape of its own").into()) };
                    let rules = items.iter().map(|item| self.entry(&place, item)).collect::<Result<Vec<_>, _>>()?;
                    write!(tables.arguments, "({section:?}, {name:?}, {:?}, &[{}]), ", command.get_ref(), rules.join(", "))?;
                }
            }
            DeValue::String(text) => setting(format!("Plain::Text({text:?})"))?,
            DeValue::Integer(number) => setting(format!("Plain::Number({})", u64::from_str_radix(number.as_str(), number.radix())?))?,
            DeValue::Boolean(flag) => setting(format!("Plain::Flag({flag})"))?,
            _ => return Err(format!("{place} is of a shape of its own").into()),
        }
        Ok(())
    }

    /// One entry of a list: a string, or a table of `match` and `reason`.
    fn entry(&self, place: &str, item: &Spanned<DeValue<'_>>) -> Result<String, Failure> {
        let line = self.place(item.span().start).0;
        let (pattern, why) = match item.get_ref() {
            DeValue::String(text) => (text.to_string(), None),
            DeValue::Table(table) => {
                let text = |key: &str| table.get(key).and_then(|v| v.get_ref().as_str()).map(str::to_owned);
                (text("match").ok_or("an entry without match")?, text("reason"))
            }
            _ => return Err(format!("an entry of {place} is neither text nor table").into()),
        };
        if pattern.starts_with('!') {
            return Err(format!("{place} has {pattern:?}: a preset that takes something away is not compiled").into());
        }
        Ok(self.texts.borrow_mut().rule(&self.file, line, place, &pattern, true, why.as_deref()))
    }

    /// `[[flow]]` or `[[test]]`.
    fn repeated(&self, kind: &str, item: &Spanned<DeValue<'_>>, tables: &mut Tables) -> Result<(), Failure> {
        let DeValue::Table(table) = item.get_ref() else { return Err("a flow or test is no table".into()) };
        let value = |key: &str| table.get(key).ok_or_else(|| format!("[[{kind}]] without {key}"));
        if kind == "test" {
            let (access, expect) = (value("access")?, value("expect")?);
            let (Some(text), Some(expect)) = (access.get_ref().as_str(), expect.get_ref().as_str()) else {
                return Err("a test of another shape".into());
            };
            let verdict = match expect {
                "allow" => "Allow",
                "ask" => "Ask",
                "deny" => "Deny",
                _ => return Err("a test that expects something else".into()),
            };
            let rule = self.texts.borrow_mut().rule(&self.file, self.place(access.span().start).0, "[test].access", text, true, None);
            write!(tables.tests, "({rule}, Verdict::{verdict}), ")?;
            return Ok(());
        }
        let to: Vec<String> = self.names(value("to")?)?.into_iter().map(|(name, _)| name).collect();
        for (from, at) in self.names(value("from")?)? {
            let rule = self.texts.borrow_mut().rule(&self.file, self.place(at).0, "[flow].from", &from, true, None);
            write!(tables.flows, "({rule}, &{to:?}), ")?;
        }
        Ok(())
    }

    /// A string or a list of strings, with offsets.
    fn names(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<(String, usize)>, Failure> {
        let one = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::String(text) => Ok((text.to_string(), value.span().start)),
            _ => Err(Failure::from("a name that is no text")),
        };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(one).collect(),
            _ => Ok(vec![one(value)?]),
        }
    }
}
