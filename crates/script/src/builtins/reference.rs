//! The reference of all builtins, from the types and doc strings that the interpreter itself uses.

use starlark::docs::{DocItem, DocMember, DocModule, DocParam, DocParams, DocString};

use super::Builtins;

/// The reference of all builtins in Markdown: one heading for each call, its signature, what it does.
#[must_use]
pub fn builtin_reference() -> String {
    let documentation = Builtins::new().globals().documentation();
    let mut out = String::new();
    let ours =
        ["args", "base64", "compute", "declassify", "env", "fs", "hash", "json", "log", "net", "print", "re", "subprocess", "time", "try_"];
    for name in ours {
        match documentation.members.get(name) {
            Some(DocItem::Module(module)) => namespace(&mut out, name, module),
            Some(item) => member(&mut out, name, item),
            None => {}
        }
    }
    out
}

fn namespace(out: &mut String, name: &str, module: &DocModule) {
    for (called, item) in &module.members {
        member(out, &format!("{name}.{called}"), item);
    }
}

fn member(out: &mut String, name: &str, item: &DocItem) {
    let (signature, docs) = match item {
        DocItem::Member(DocMember::Function(function)) => {
            let params = parameters(&function.params);
            (format!("{name}({params}) -> {}", function.ret.typ), &function.docs)
        }
        DocItem::Member(DocMember::Property(property)) => (format!("{name}: {}", property.typ), &property.docs),
        _ => return,
    };
    out.push_str(&format!("### `{name}`\n\n```python\n{signature}\n```\n\n{}\n\n", text(docs.as_ref())));
}

fn parameters(params: &DocParams) -> String {
    let one = |p: &DocParam| match &p.default_value {
        Some(default) => format!("{}: {} = {default}", p.name, p.typ),
        None => format!("{}: {}", p.name, p.typ),
    };
    let mut all: Vec<String> = params.pos_only.iter().map(one).collect();
    if !all.is_empty() {
        all.push("/".to_owned());
    }
    all.extend(params.pos_or_named.iter().map(one));
    match &params.args {
        Some(args) => all.push(format!("*{}", args.name)),
        None if !params.named_only.is_empty() => all.push("*".to_owned()),
        None => {}
    }
    all.extend(params.named_only.iter().map(one));
    all.extend(params.kwargs.iter().map(|kwargs| format!("**{}", kwargs.name)));
    all.join(", ")
}

fn text(docs: Option<&DocString>) -> String {
    docs.map(|d| match &d.details {
        Some(details) => format!("{}\n\n{details}", d.summary),
        None => d.summary.clone(),
    })
    .unwrap_or_default()
}
