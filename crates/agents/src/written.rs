//! Generated JSON files in every style, for the properties of edits.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::Value;

/// How a generated JSON file is written.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) indent: &'static str,
    pub(crate) newline: &'static str,
    pub(crate) is_one_line: bool,
    pub(crate) trailing_commas: bool,
    pub(crate) comments: bool,
    pub(crate) mark: bool,
    pub(crate) end: bool,
}

pub(crate) fn style() -> impl Strategy<Value = Style> {
    let indents = prop::sample::select(vec!["  ", "    ", "\t", " "]);
    (indents, prop::sample::select(vec!["\n", "\r\n"]), any::<[bool; 5]>()).prop_map(
        |(indent, newline, [one, trailing, comments, mark, end])| Style {
            indent,
            newline,
            is_one_line: one,
            trailing_commas: trailing && !one,
            comments: comments && !one,
            mark,
            end,
        },
    )
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z{}\\[\\],:/* \\\\\"é]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z/*\" ]{1,6}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

pub(crate) fn written(value: &Value, style: &Style) -> String {
    let mut text = String::new();
    if style.mark {
        text.push('\u{feff}');
    }
    if style.comments {
        text += &format!("// {{ settings }}{}", style.newline);
    }
    write(value, style, 0, &mut text);
    if style.end {
        text += style.newline;
    }
    text
}

fn write(value: &Value, style: &Style, depth: usize, out: &mut String) {
    let (open, close, items): (_, _, Vec<(Option<&String>, &Value)>) = match value {
        Value::Object(map) if !map.is_empty() => ('{', '}', map.iter().map(|(k, v)| (Some(k), v)).collect()),
        Value::Array(list) if !list.is_empty() => ('[', ']', list.iter().map(|v| (None, v)).collect()),
        plain => {
            *out += &plain.to_string();
            return;
        }
    };
    let line = |depth: usize| if style.is_one_line { String::new() } else { format!("{}{}", style.newline, style.indent.repeat(depth)) };
    out.push(open);
    let last = items.len() - 1;
    for (at, (key, item)) in items.into_iter().enumerate() {
        if style.comments && at == 0 {
            *out += &format!("{}/* a, {{ */", line(depth + 1));
        }
        *out += &line(depth + 1);
        if let Some(key) = key {
            *out += &format!("{}: ", Value::from(key.as_str()));
        }
        write(item, style, depth + 1, out);
        if at < last || style.trailing_commas {
            out.push(',');
        }
        if style.comments && at == last {
            *out += " // \"last\", }";
        }
    }
    *out += &line(depth);
    out.push(close);
}

pub(crate) fn parsed(text: &str) -> Value {
    let body = text.trim_start_matches('\u{feff}');
    let root = jsonc_parser::cst::CstRootNode::parse(body, &jsonc_parser::ParseOptions::default());
    root.unwrap_or_else(|e| panic!("{e} in {text}")).to_serde_value().unwrap()
}
