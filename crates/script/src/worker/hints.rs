//! What to write instead, for the Python habits that Starlark does not have.

/// Words that start a statement or an expression in Python and not here.
const SYNTAX: &[(&str, &str)] = &[
    (
        "import",
        "no import: fs, net, env, subprocess, json, re, hash, base64, time and log are there; your own files: load(\"//lib.star\", \"name\")",
    ),
    (
        "from",
        "no import: fs, net, env, subprocess, json, re, hash, base64, time and log are there; your own files: load(\"//lib.star\", \"name\")",
    ),
    ("while", "no while: write for _ in range(1000): with break"),
    ("try", "no try: write r = try_(fs.read, \"path\") and look at r.ok, r.value, r.error"),
    ("except", "no except: write r = try_(fs.read, \"path\") and look at r.ok, r.value, r.error"),
    ("finally", "no finally: write r = try_(fs.read, \"path\"), then go on"),
    ("raise", "no raise: write fail(\"message\")"),
    ("class", "no class: write struct(name=value), or a function that returns one"),
    ("with", "no with: write text = fs.read(\"path\") or fs.write(\"path\", text)"),
    ("assert", "no assert: write if not condition: fail(\"message\")"),
    ("del", "no del: write d.pop(key)"),
    ("global", "no global: return the value, or change a dict or list of the module"),
    ("nonlocal", "no nonlocal: return the value, or change a dict or list"),
    ("yield", "no yield: build a list and return it"),
    ("async", "no async: calls wait until they are done"),
    ("await", "no await: calls wait until they are done"),
    ("is", "no is: write == (x == None)"),
    ("match", "no match: write if and elif"),
    ("@", "no decorators: call the function yourself"),
    ("**", "no **: multiply, or shift with <<"),
    (":=", "no :=: assign on a line of its own"),
];

const ASSIGNMENT: &str = "no = inside an expression: one assignment on a line, a, b = 0, 0 for two names; compare with ==";

/// Names that Python has and Starlark does not.
const NAMES: &[(&str, &str)] = &[
    ("open", "no open: write fs.read(path), fs.write(path, text) or fs.append(path, text)"),
    ("os", "no os: write fs.list, fs.exists, fs.mkdir, fs.delete, env.read or subprocess.exec"),
    ("sys", "no sys: arguments are in args, output is print, an error is fail"),
    ("pathlib", "no pathlib: paths are strings for fs.*"),
    ("Path", "no Path: paths are strings for fs.*"),
    ("glob", "no glob module: write fs.glob(\"src/**/*.py\")"),
    ("shutil", "no shutil: write fs.read and fs.write, or fs.delete"),
    ("requests", "no requests: write net.http_get(url) or net.request(\"GET\", url)"),
    ("httpx", "no httpx: write net.http_get(url) or net.request(\"GET\", url)"),
    ("urllib", "no urllib: write net.http_get(url, params={})"),
    ("http", "no http: write net.http_get(url) or net.request(\"GET\", url)"),
    ("datetime", "no datetime: write time.now(), seconds since 1970"),
    ("hashlib", "no hashlib: write hash.sha256(data)"),
    ("logging", "no logging: write log.info(text) or log.warn(text)"),
    ("random", "no random: a script does the same each time"),
    ("math", "no math: write //, %, min, max, abs"),
    ("input", "no input: values come from args"),
    ("exit", "no exit: return from a function, or fail(\"message\")"),
    ("quit", "no quit: return from a function, or fail(\"message\")"),
    ("eval", "no eval"),
    ("exec", "no exec; a program: subprocess.exec([\"git\", \"status\"])"),
    ("isinstance", "no isinstance: write type(x) == \"string\", \"int\", \"list\" or \"dict\""),
    ("sum", "no sum: add in a for loop"),
    ("round", "no round: write int(x + 0.5)"),
    ("pow", "no pow: multiply"),
    ("next", "no next: write a for loop with break"),
    ("iter", "no iter: write a for loop"),
    ("object", "no object: write struct(name=value)"),
    ("super", "no classes: write struct(name=value) and functions"),
    ("Exception", "no exceptions: write fail(\"message\"), and try_(fs.read, path) for effects"),
    ("ValueError", "no exceptions: write fail(\"message\")"),
    ("globals", "no globals()"),
    ("locals", "no locals()"),
    ("frozenset", "no frozenset: write set(x)"),
    ("bytearray", "no bytearray: write bytes(x)"),
    ("format", "no format: write \"{}\".format(x) or f\"{x}\""),
    ("Popen", "no Popen: write subprocess.run([\"git\", \"status\"])"),
];

/// Members that Python's modules of the same name have.
const MEMBERS: &[(&str, &str)] = &[
    ("subprocess.Popen", "write subprocess.run(argv): it waits and gives exit_code, stdout, stderr"),
    ("subprocess.call", "write subprocess.run(argv).exit_code"),
    ("subprocess.check_output", "write subprocess.exec(argv)"),
    ("subprocess.check_call", "write subprocess.exec(argv)"),
    ("json.dumps", "write json.encode(x)"),
    ("json.loads", "write json.decode(text)"),
    ("json.load", "write json.decode(fs.read(path))"),
    ("json.dump", "write fs.write(path, json.encode(x))"),
    ("re.search", "write re.match(\".*?pattern\", text) or re.findall(pattern, text)"),
    ("re.compile", "pass the pattern itself: re.findall(pattern, text)"),
    ("re.finditer", "write re.findall(pattern, text)"),
    ("time.time", "write time.now()"),
    ("time.sleep", "no sleep"),
    ("base64.b64encode", "write base64.encode(data)"),
    ("base64.b64decode", "write base64.decode(text)"),
    ("log.error", "write log.warn(text), or fail(text)"),
    ("log.debug", "write log.info(text)"),
    ("env.get", "write env.read(name, default=\"\")"),
    ("fs.open", "write fs.read(path) or fs.write(path, text)"),
    ("fs.remove", "write fs.delete(path)"),
    ("fs.listdir", "write fs.list(path)"),
    ("fs.makedirs", "write fs.mkdir(path)"),
    ("net.get", "write net.http_get(url)"),
    ("net.post", "write net.http_post(url, body=text) or json=value"),
];

/// What to write instead of the syntax at a place.
pub(crate) fn syntax_hint(source: &str, line: u32, column: u32) -> Option<&'static str> {
    let line = source.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let start = usize::try_from(column).ok()?.saturating_sub(1);
    let at: String = line.chars().skip(start).collect();
    let before: String = line.chars().take(start).collect();
    // The token itself, then the statement's first word, then the word before: parsers complain one token late.
    let words = [first_word(&at), first_word(line.trim_start()), before.split_whitespace().last().unwrap_or_default()];
    words
        .iter()
        .find_map(|word| SYNTAX.iter().find(|(habit, _)| habit == word))
        .or_else(|| {
            SYNTAX.iter().find(|(habit, _)| !habit.starts_with(char::is_alphabetic) && (at.starts_with(habit) || before.ends_with(habit)))
        })
        .map(|(_, hint)| *hint)
        .or_else(|| at.starts_with('=').then_some(ASSIGNMENT))
}

/// What to do about an error of the interpreter's own, by its words; `code` is the text that it is about.
pub(crate) fn error_hint(message: &str, code: &str) -> Option<String> {
    const TOO_BIG: &str = "sizes, counts and indexes go up to 2147483647; numbers that are only computed with may be larger";
    if message.contains("too big to fit in i32") || message.starts_with("Error unpacking value for parameter") && message.contains("`int") {
        return Some(TOO_BIG.to_owned());
    }
    if message.contains("doesn't match, expected `str`, actual `local_only") {
        return Some("put it into text first: str(x)".to_owned());
    }
    let missing = message.strip_prefix("Object of type `struct` has no attribute `")?.strip_suffix('`')?;
    code.contains(&format!("args.{missing}")).then(|| format!("give it on the command line: --arg {missing}=VALUE"))
}

/// What to write instead of a name that does not exist.
pub(crate) fn name_hint(name: &str) -> Option<&'static str> {
    NAMES.iter().chain(MEMBERS).find(|(habit, _)| *habit == name).map(|(_, hint)| *hint)
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_interpreter_have_a_way_out() {
        let hint = |message: &str, code: &str| error_hint(message, code).unwrap_or_default();
        assert!(hint("Integer value is too big to fit in i32: 9999999999", "").contains("2147483647"));
        assert!(hint("Error unpacking value for parameter `a1` of type `int", "range(9999999999)").contains("2147483647"));
        assert_eq!(
            hint("Object of type `struct` has no attribute `since`", "args.since"),
            "give it on the command line: --arg since=VALUE"
        );
        assert_eq!(hint("Object of type `struct` has no attribute `since`", "other.since"), "");
        assert_eq!(hint("Key `\"k\"` was not found", "{}[\"k\"]"), "");
    }

    #[test]
    fn assignments_inside_expressions() {
        assert!(syntax_hint("x = y = 1", 1, 7).is_some_and(|hint| hint.starts_with("no = inside")));
        assert!(syntax_hint("if x := 1:", 1, 6).is_some_and(|hint| hint.starts_with("no :=")));
        assert_eq!(syntax_hint("x = )", 1, 5), None);
    }
}
