//! Texts of harmless words, with everything that the grammar of bash has.

/// xorshift64*: the same texts on every machine.
pub struct Random(u64);

const NAMES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "omega"];
const WORDS: [&str; 10] = ["one", "two", "-x", "--long", "a=b", "x.y", "-", "three", "if", "done"];

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    pub fn text(&mut self) -> String {
        self.list(3)
    }

    fn list(&mut self, depth: usize) -> String {
        let mut out = self.command(depth);
        for _ in 0..self.below(3) {
            let operator = self.one(&["; ", " && ", " || ", " | ", "\n", ";\n", " |& ", " &\n", "  # note '\n", " \\\n && "]);
            out = format!("{out}{operator}{}", self.command(depth));
        }
        out
    }

    fn command(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.simple(0);
        }
        let d = depth - 1;
        match self.below(30) {
            0 => format!("( {} )", self.list(d)),
            1 => format!("{{ {}\n}}", self.list(d)),
            2 => format!("if {}\nthen {}\nelse {}\nfi", self.list(d), self.list(d), self.list(d)),
            3 => format!("for v in {} {}; do {}\ndone", self.word(d), self.word(d), self.list(d)),
            4 => format!(
                "case {} in {}) {}\n;; *) {}\n;; esac",
                self.word(d),
                self.one(&["one", "(two", "a|b", "*"]),
                self.list(d),
                self.list(d)
            ),
            5 => format!("fn() {{ {}\n}}; fn {}", self.list(d), self.word(d)),
            6 => format!("eval '{}'", self.list(d).replace('\'', "'\\''")),
            7 => format!("eval {}", self.simple(0).replace('\'', "\\'")),
            8 => format!("command {}", self.plain()),
            9 => format!("(exec {})", self.plain()),
            10 => format!("trap '{}' EXIT", self.list(d).replace('\'', "'\\''")),
            11 => format!("! {}", self.simple(d)),
            12 => format!("time -p {}", self.simple(d)),
            13 => format!("{} <<EOF\n{}\nEOF\n", self.plain(), self.document(d)),
            14 => format!("{} <<'EOF' && {}\n{}\nEOF\n", self.plain(), self.plain(), self.document(d)),
            15 => format!("{} <<-EOF {} | {}\n\tx $(beta)\n\tEOF\n", self.plain(), self.word(0), self.plain()),
            16 => format!("[[ {} == {} && -n {} ]]", self.word(d), self.word(0), self.word(d)),
            17 => format!("(( 1 + $({} >&2; echo 2) ))", self.list(d)),
            18 => format!("v={} w={}", self.word(d), self.word(d)),
            19 => format!("arr=({} {}); {}", self.word(d), self.word(d), self.plain()),
            20 => format!("until {}; do {}\ndone", self.plain(), self.list(d)),
            21 => format!("[ {} ] {}", self.word(d), self.one(&["&& alpha", "|| beta", "; gamma", ""])),
            22 => format!("cd sub && {}", self.simple(d)),
            23 => format!("export v={}", self.word(d)),
            24 => format!("{{ {}\n}} > {}", self.list(d), self.file()),
            25 => format!("builtin command -- {}", self.plain()),
            _ => self.simple(d),
        }
    }

    fn document(&mut self, depth: usize) -> String {
        let line = format!("text {} 'q' \"r\" \\$(gamma) ${{v:-$(delta in)}}", self.word(depth));
        if self.below(4) == 0 { format!("{line}\\\nEOF") } else { line }
    }

    fn file(&mut self) -> String {
        let name = self.one(&["out", "'out two'", "o\\ut", "\"out\"", "sub/out", "out$v"]);
        name.to_owned()
    }

    fn plain(&mut self) -> String {
        format!("{} {}", self.one(&NAMES), self.one(&WORDS))
    }

    fn simple(&mut self, depth: usize) -> String {
        let mut out = String::new();
        if self.below(6) == 0 {
            out += &format!("V={} ", self.word(depth));
        }
        if self.below(12) == 0 {
            out += "2>&1 ";
        }
        out += &self.name();
        for _ in 0..self.below(4) {
            out += self.one(&[" ", " ", "\t", " \\\n"]);
            out += &self.word(depth);
        }
        match self.below(14) {
            0 => out += &format!(" > {}", self.file()),
            1 => out += &format!(" >> {} one", self.file()),
            2 => out += &format!(" >| {}", self.file()),
            3 => out += &format!(" &> {}", self.file()),
            4 => out += &format!(" >& {}", self.file()),
            5 => out += &format!(" <> {}", self.file()),
            6 => out += &format!(" <<< {}", self.word(depth)),
            7 => out += &format!(" 3> {} 2>&3", self.file()),
            8 => out += &format!(" {{fd}}> {}", self.file()),
            9 => out += " 2>&- < /dev/null",
            _ => {}
        }
        out
    }

    /// The name of a stub in some spelling.
    fn name(&mut self) -> String {
        let name = self.one(&NAMES);
        let (front, back) = name.split_at(2);
        match self.below(16) {
            0 => format!("'{name}'"),
            1 => format!("\"{name}\""),
            2 => format!("{front}\\{back}"),
            3 => format!("{front}''{back}"),
            4 => format!("{front}\"{back}\""),
            5 => format!("{front}\\\n{back}"),
            6 => format!("$'{}'", name.bytes().map(|b| format!("\\x{b:02x}")).collect::<String>()),
            7 => format!("{front}$'\\{:03o}'{}", back.as_bytes()[0], &back[1..]),
            8 => format!("{{{name},one}}"),
            9 => format!("$'{name}\\0x'"),
            _ => name.to_owned(),
        }
    }

    fn word(&mut self, depth: usize) -> String {
        let word = self.one(&WORDS);
        if depth == 0 {
            return word.to_owned();
        }
        let d = depth - 1;
        match self.below(28) {
            0 => format!("'{word} {word}'"),
            1 => format!("\"{word} \\\" {word}\""),
            2 => format!("{word}\\ {word}"),
            3 => format!("{{{word},x}}{word}"),
            4 => format!("{word}{{1..3}}"),
            5 => format!("$({})", self.list(d)),
            6 => format!("\"$({})\"", self.list(d)),
            7 => format!("`{}`", self.plain()),
            8 => format!("\"a`{}`b\"", self.plain()),
            9 => format!("${{v:-{word}$({})}}", self.list(d)),
            10 => format!("\"${{v:-$({})}}\"", self.list(d)),
            11 => "$v".to_owned(),
            12 => "\"$v\"x".to_owned(),
            13 => "$((1 + 2))".to_owned(),
            14 => format!("$(( $({}; echo 1) ))", self.list(d)),
            15 => format!("<({})", self.list(d)),
            16 => format!("{word}#no"),
            17 => format!("$'{word}\\t\\'{word}'"),
            18 => "s*".to_owned(),
            19 => format!("{word}'{}'", self.list(0).replace('\'', "")),
            20 => format!("\"${{w[$({}; echo 0)]}}\"", self.list(d)),
            21 => format!("${{#v}}{word}"),
            22 => format!("${{v/o/$({})}}", self.plain()),
            23 => format!("\"$(case x in x) {};; esac)\"", self.plain()),
            24 => format!("$({} # )\n)", self.plain()),
            25 => format!("$({} <<E\nx )\nE\n)", self.plain()),
            _ => word.to_owned(),
        }
    }
}
