//! Expressions, each of a kind, so that most of what is made has the right types.

use super::Grammar;

impl Grammar<'_> {
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

    pub fn text(&mut self) -> String {
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

    pub fn number(&mut self) -> String {
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

    pub fn condition(&mut self) -> String {
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

    pub fn list(&mut self) -> String {
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
