//! A script made of bytes: texts, numbers, yes-or-no, lists, and what to do with them.

mod expressions;

use std::fmt::Write as _;

/// A well-formed script; the values of the prelude are there.
pub fn script(bytes: &[u8]) -> String {
    let mut grammar =
        Grammar { bytes, out: String::new(), texts: Vec::new(), lists: Vec::new(), functions: 0, depth: 0, inside: false, old: false };
    grammar.old = grammar.pick(2) == 1;
    grammar.texts.extend(["token", "key"].map(str::to_owned));
    for _ in 0..grammar.pick(4) {
        grammar.function();
    }
    let statements = 3 + grammar.pick(8);
    for _ in 0..statements {
        grammar.statement(0);
    }
    grammar.out
}

struct Grammar<'a> {
    bytes: &'a [u8],
    out: String,
    /// Names of variables that hold texts, and lists.
    texts: Vec<String>,
    lists: Vec<String>,
    functions: usize,
    /// Of the expression that is being made.
    depth: usize,
    /// Within a function that `compute` may get: nothing but computing.
    inside: bool,
    /// Without what only labelled values have: one script in two.
    old: bool,
}

impl Grammar<'_> {
    fn pick(&mut self, below: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % below
    }

    fn one<'b>(&mut self, of: &[&'b str]) -> &'b str {
        of[self.pick(of.len())]
    }

    fn line(&mut self, level: usize, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "    ".repeat(level));
    }

    /// A function of one text that computes only.
    fn function(&mut self) {
        let name = format!("f{}", self.functions);
        self.line(0, &format!("def {name}(x):"));
        let (texts, lists) = (std::mem::replace(&mut self.texts, vec!["x".to_owned()]), std::mem::take(&mut self.lists));
        self.inside = true;
        for _ in 0..self.pick(3) {
            self.statement(1);
        }
        let value = if self.pick(4) == 0 { self.number() } else { self.text() };
        self.line(1, &format!("return {value}"));
        self.inside = false;
        (self.texts, self.lists) = (texts, lists);
        self.functions += 1;
    }

    fn block(&mut self, level: usize) {
        let (texts, lists) = (self.texts.len(), self.lists.len());
        for _ in 0..=self.pick(2) {
            self.statement(level);
        }
        // what was named in a block may not be there after it
        self.texts.truncate(texts);
        self.lists.truncate(lists);
    }

    fn statement(&mut self, level: usize) {
        let choice = if level > 2 { self.pick(4) } else { self.pick(12) };
        match choice {
            0 | 1 => {
                let value = self.text();
                let name = format!("t{}", self.texts.len());
                self.line(level, &format!("{name} = {value}"));
                self.texts.push(name);
            }
            2 => {
                let value = self.list();
                let name = format!("l{}", self.lists.len());
                self.line(level, &format!("{name} = {value}"));
                self.lists.push(name);
            }
            3 => self.change(level),
            4 | 5 => {
                let condition = self.condition();
                self.line(level, &format!("if {condition}:"));
                self.block(level + 1);
                if self.pick(2) == 0 {
                    self.line(level, "else:");
                    self.block(level + 1);
                }
            }
            6 => {
                let list = self.list();
                self.line(level, &format!("for e{level} in {list}:"));
                self.texts.push(format!("e{level}"));
                self.block(level + 1);
                if self.pick(3) == 0 {
                    let condition = self.condition();
                    self.line(level + 1, &format!("if {condition}:"));
                    self.line(level + 2, "break");
                }
                let variable = format!("e{level}");
                self.texts.retain(|name| *name != variable);
            }
            _ if self.inside => self.change(level),
            _ => {
                let effect = self.effect();
                self.line(level, &effect);
            }
        }
    }

    fn change(&mut self, level: usize) {
        let text = self.text();
        match (self.pick(3), self.lists.last().cloned(), self.texts.last().cloned()) {
            (0, Some(list), _) => self.line(level, &format!("{list}.append({text})")),
            (1, Some(list), _) => self.line(level, &format!("{list} += [{text}]")),
            (_, _, Some(name)) if !name.starts_with('e') => self.line(level, &format!("{name} = {text}")),
            _ => self.line(level, "pass"),
        }
    }

    /// Something that reaches outside.
    fn effect(&mut self) -> String {
        let choice = self.pick(24);
        let text = self.text();
        let header = self.one(&["Authorization", "X-Bit", "X-Api-Key", "Cookie"]);
        match choice {
            0 | 1 => format!("print({text})"),
            2 => format!("print(\"at\", {})", self.number()),
            3 => format!("log.{}({text})", self.one(&["info", "warn"])),
            4 => format!("fs.write(\"public/a\", {text})"),
            5 => format!("fs.append(\"public/{}\", \"x\")", self.one(&["b", "seed.txt"])),
            6 | 7 => format!("fs.write(\"vault/{}\", {text})", self.one(&["a", "b"])),
            8 => format!("fs.append(\"vault/old.txt\", {text})"),
            9 => format!("net.http_get(url + \"/\" + {text})"),
            10 => format!("net.http_post(url, body = {text})"),
            11 => format!("net.http_get(url, headers = {{\"{header}\": {text}}})"),
            12 => format!("net.http_post(private + \"/echo\", body = {text})"),
            13 => format!("net.http_post(private, json = {{\"k\": [{text}], \"n\": {}}})", self.number()),
            14 => format!("net.http_get(private + \"/ok\", headers = {{\"{header}\": {text}}})"),
            15 | 16 => format!("print(net.http_get(vouched + \"/oracle\", headers = {{\"{header}\": {text}}}))"),
            17 => format!("print(net.http_post(vouched + \"/oracle\", body = {text}))"),
            18 => format!("subprocess.run([\"/bin/sh\", \"record.sh\", {text}])"),
            19 => format!("subprocess.run([\"/bin/sh\", \"tool.sh\"], stdin = {text})"),
            20 => format!("result = {{\"r\": {text}, \"b\": {}}}", self.condition()),
            21 => {
                let attempt = self.attempt();
                format!("print({attempt}{})", self.one(&[".ok", "", ".error"]))
            }
            22 if !self.old => format!("print(declassify({text}, \"why not\"))"),
            _ => format!("fail({text})"),
        }
    }

    fn attempt(&mut self) -> String {
        let text = self.text();
        match self.pick(7) {
            0 => "try_(fs.read, \"private/maybe.txt\")".to_owned(),
            1 => "try_(env.read, \"MAYBE_KEY\")".to_owned(),
            2 => format!("try_(net.http_get, private + \"{}\")", self.one(&["/status", "/drop", "/away", "/raw", "/json"])),
            3 => format!("try_(net.http_post, private + \"/echo\", body = {text})"),
            4 => format!("try_(fs.write, \"{}/a\", {text})", self.one(&["vault", "public"])),
            5 => "try_(subprocess.exec, [\"/bin/sh\", \"tool.sh\"])".to_owned(),
            _ => format!("try_(net.http_get, vouched + \"/oracle\", headers = {{\"X-Bit\": {text}}})"),
        }
    }
}
