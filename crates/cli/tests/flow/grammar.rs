//! A script made of bytes: texts, numbers, yes-or-no, lists, and what to do with them.

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

    fn source(&mut self) -> String {
        self.one(&[
            "fs.read(\"private/lines.txt\")",
            "fs.read(\"private/count.txt\")",
            "fs.read(\"private/maybe.txt\")",
            "fs.read(\"vault/old.txt\")",
            "env.read(\"MAYBE_KEY\", default = \"none\")",
            "net.http_get(private + \"/status\")",
            "net.http_get(private + \"/bit\")",
            "net.request(\"GET\", private + \"/x\").headers[\"x-secret\"]",
            "str(net.request(\"GET\", private + \"/status\").status)",
            "subprocess.exec([\"/bin/sh\", \"tool.sh\"])",
            "str(subprocess.run([\"/bin/sh\", \"tool.sh\"]).exit_code)",
            "json.decode(fs.read(\"private/config.json\"))[\"key\"]",
            "fs.read(\"public/seed.txt\")",
            "str(fs.stat(\"private/maybe.txt\").size)",
            "str(time.now() > 100)",
        ])
        .to_owned()
    }

    fn text(&mut self) -> String {
        self.depth += 1;
        let choice = if self.depth > 3 { self.pick(4) } else { self.pick(26) };
        let made = match choice {
            0..=2 => {
                let at = self.pick(self.texts.len().max(1));
                self.texts.get(at).cloned().unwrap_or_else(|| "\"t\"".to_owned())
            }
            3 => self.one(&["\"a\"", "\"x-\"", "\"\"", "\"Q7\"", "\"aQ7-xVb29_mZkT4-wLp8+Rn1\""]).to_owned(),
            4 if !self.inside => self.source(),
            4 | 5 => format!("({} + {})", self.text(), self.text()),
            6 => format!("\"k=%s\" % {}", self.text()),
            7 => format!("\"{{}}-{{}}\".format({}, {})", self.text(), self.text()),
            8 => format!("{}[{}:{}]", self.text(), self.pick(4), self.pick(9)),
            9 => format!("{}[{}]", self.text(), self.one(&["0", "1", "-1", "30"])),
            10 => format!("{}.{}()", self.text(), self.one(&["upper", "lower", "strip", "title"])),
            11 => format!("{}.replace({}, \"+\")", self.text(), self.one(&["\"a\"", "\"-\""])),
            12 => format!("{}.split(\"-\")[{}]", self.text(), self.pick(3)),
            13 => format!("\"-\".join({})", self.list()),
            14 => format!("str({})", self.number()),
            15 => format!("({} if {} else {})", self.text(), self.condition(), self.text()),
            16 => format!("base64.encode({})", self.text()),
            17 => format!("hash.sha256({})", self.text()),
            18 => format!("json.{}({})", self.one(&["encode", "decode"]), self.text()),
            19 => format!("re.sub(\"[a-m]\", \"x\", {})", self.text()),
            20 if !self.old => format!("{}.select({}, {})", self.condition(), self.text(), self.text()),
            21 if !self.old => format!("{}.open()", self.text()),
            22 => format!("{{\"a\": {}, \"b\": {}}}[\"{}\"]", self.text(), self.text(), self.one(&["a", "b", "c"])),
            23 => format!("(lambda v: v + {})({})", self.one(&["\"x\"", "v", "v[::-1]"]), self.text()),
            24 => {
                let list = self.list();
                format!("{list}[{}]", self.pick(3))
            }
            _ => self.computed(),
        };
        self.depth -= 1;
        made
    }

    fn computed(&mut self) -> String {
        let text = self.text();
        if self.old {
            return if self.functions == 0 { text } else { format!("f{}({text})", self.pick(self.functions)) };
        }
        if self.functions == 0 {
            return format!("compute({}, {text})", self.one(&["str", "repr", "len", "type"]));
        }
        let name = format!("f{}", self.pick(self.functions));
        if self.pick(3) == 0 { format!("{name}({text})") } else { format!("compute({name}, {text})") }
    }

    fn number(&mut self) -> String {
        self.depth += 1;
        let choice = if self.depth > 3 { 0 } else { self.pick(8) };
        let made = match choice {
            0 => self.one(&["0", "1", "3", "24"]).to_owned(),
            1 => format!("len({})", self.text()),
            2 => format!("{}.find(\"Q\")", self.text()),
            3 => format!("({} + {})", self.number(), self.number()),
            4 => format!("{}.count(\"-\")", self.text()),
            5 => format!("int({})", self.text()),
            6 => format!("({} // {})", self.number(), self.number()),
            _ if self.old => format!("ord({}[0])", self.text()),
            _ => format!("{}.len()", self.text()),
        };
        self.depth -= 1;
        made
    }

    fn condition(&mut self) -> String {
        self.depth += 1;
        let choice = if self.depth > 3 { self.pick(3) } else { self.pick(14) };
        let made = match choice {
            0 => format!("({} == {})", self.text(), self.text()),
            1 => format!("({} < {})", self.text(), self.one(&["\"b\"", "\"\"", "\"m\""])),
            2 => format!("({} in {})", self.one(&["\"a\"", "\"Q7\"", "\"z\""]), self.text()),
            3 => format!("{}.startswith(\"a\")", self.text()),
            4 => format!("({} != {})", self.text(), self.text()),
            5 => format!("(not {})", self.condition()),
            6 => format!("({} {} {})", self.condition(), self.one(&["and", "or"]), self.condition()),
            7 => format!("({} > {})", self.number(), self.number()),
            8 => format!("bool({})", self.text()),
            9 => format!("any([v == \"a\" for v in {}])", self.list()),
            10 if !self.old => format!("{}.eq({})", self.text(), self.text()),
            11 if !self.inside => format!("{}.ok", self.attempt()),
            12 if !self.inside => "fs.exists(\"private/maybe.txt\")".to_owned(),
            _ if self.old => format!("(\"7\" in {})", self.text()),
            _ => format!("{}.contains(\"7\")", self.text()),
        };
        self.depth -= 1;
        made
    }

    fn list(&mut self) -> String {
        self.depth += 1;
        let choice = if self.depth > 3 { self.pick(2) } else { self.pick(10) };
        let made = match choice {
            0 => format!("[{}, {}]", self.text(), self.text()),
            1 => self.lists.last().cloned().unwrap_or_else(|| "[\"p\", \"q\"]".to_owned()),
            2 => format!("{}.split(\"-\")", self.text()),
            3 => format!("{}.elems()", self.text()),
            4 => format!("[v + {} for v in {}]", self.text(), self.list()),
            5 => format!("sorted({})", self.list()),
            6 => format!("{}.splitlines()", self.text()),
            7 => format!("re.findall(\"[0-9]\", {})", self.text()),
            8 => format!("[v for v in {} if {}]", self.list(), self.condition()),
            _ => format!("list(map(lambda v: v * 2, {}))", self.list()),
        };
        self.depth -= 1;
        made
    }
}
