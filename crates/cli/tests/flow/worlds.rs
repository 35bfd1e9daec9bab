//! Three worlds that differ in local-only data only: content, length, encoding, existence, and how things end.

/// What is local-only in a world.
pub struct World {
    /// `token.txt`
    pub token: &'static str,
    /// the variable `API_KEY`
    pub key: &'static str,
    /// the variable `MAYBE_KEY`
    pub maybe_key: Option<&'static str>,
    /// what the local-only host says, in body and header
    pub answer: &'static str,
    /// `key` in `private/config.json`
    pub config: &'static str,
    /// `private/lines.txt`
    pub lines: &'static [&'static str],
    /// `private/count.txt`
    pub count: &'static str,
    /// a file in `private/names`
    pub name: &'static str,
    /// `private/maybe.txt`
    pub maybe: Option<&'static str>,
    /// `private/odd.bin`
    pub odd: &'static [u8],
    /// `private/path.txt`, a name below `public` that leads to what is public, local-only, or denied
    pub path: &'static str,
    /// how many bytes `private/large.bin` has
    pub large: u64,
    /// what the local-only command says
    pub tool: &'static str,
    pub tool_exit: u8,
    /// of `/status` at the local-only host
    pub status: u16,
    /// of local-only files, in seconds since 1970
    pub modified: u64,
}

pub const WORLDS: [World; 3] = [
    // the plain one, in which ordinary programs work
    World {
        token: "aQ7-xVb29_mZkT4-wLp8+Rn1",
        key: "KJ5z/uYd0eHq-3CgWs6x",
        maybe_key: Some("Mb4-wTq8.LpZ0vXe"),
        answer: "An5w:pLq7_TzW0-vXkd",
        config: "cF9-Gq2w_Zt7LmXo",
        lines: &["Ln1-hT6b_Wq0Zp", "second line", "third"],
        count: "3",
        name: "nM2-alphaRgT5wq",
        maybe: Some("here-Yd8w_Kq3Lm"),
        odd: b"plain text, for once",
        path: "seed.txt",
        large: 100,
        tool: "tL8-said_Bq4Wn0z",
        tool_exit: 0,
        status: 200,
        modified: 1_500_000_000,
    },
    // other lengths; what was there is missing; what went well fails
    World {
        token: "zx81.PlomKuatch-04-Vynd#TrebleHook",
        key: "jUmb0-fErro~9912-cAstile-WOV",
        maybe_key: None,
        answer: "grOmmet~44-blorQuist.Fen-0072",
        config: "wEx_77+Phlogi-Stonemarch~",
        lines: &["oNe-VastRibbon~31-Quell"],
        count: "12",
        name: "zeta_QuomRd81-vellum",
        maybe: None,
        odd: b"\xff\xfe\x00not text",
        path: "../aegis.toml",
        large: 100 << 20,
        tool: "uTtered-91~Brax_Hollow.Q",
        tool_exit: 3,
        status: 503,
        modified: 1_600_000_000,
    },
    // as long as the first, one letter apart where it matters, and full of what has to be escaped
    World {
        token: "bQ7-xVb\"9\\mZk'4-%s{0}+Rn",
        key: "KJ5z/u\n d0eHq\"3C&=?#6y",
        maybe_key: Some(""),
        answer: "Bn5w:p\"q7\\TzW0-%sXk{}",
        config: "cF9-\"q2w\\Zt7\tm</>",
        lines: &["Ln1-hT6c_\"q0Zp", "", "\u{e9}\u{4e16}\u{754c} line", "fourth\\n"],
        count: "x",
        name: "nM2-betaaRgT5wq",
        maybe: Some(""),
        odd: b"with a \x00 in it",
        path: "../token.txt",
        large: 101,
        tool: "tL8-\"aid\\Bq4Wn0%d",
        tool_exit: 1,
        status: 404,
        modified: 1_500_000_001,
    },
];

impl World {
    /// What may stand nowhere public.
    pub fn secrets(&self) -> Vec<&'static str> {
        let mut all = vec![self.token, self.key, self.answer, self.config, self.name, self.tool];
        all.extend(self.maybe_key.into_iter().chain(self.maybe));
        all.extend(self.lines.first());
        all
    }

    /// The value of a placeholder in an expectation: `API_KEY`, or `user:API_KEY|base64`, or `TOKEN|upper`.
    pub fn value(&self, placeholder: &str) -> String {
        let mut parts = placeholder.split('|');
        let mut value = parts.next().unwrap_or_default().to_owned();
        let names = [
            ("API_KEY", self.key),
            ("TOKEN", self.token),
            ("ANSWER", self.answer),
            ("CONFIG", self.config),
            ("LINE", self.lines[0]),
            ("TOOL", self.tool),
            ("NAME", self.name),
        ];
        for (name, content) in names {
            value = value.replace(name, content);
        }
        for filter in parts {
            value = match filter {
                "base64" => crate::base64::base64(value.as_bytes(), true),
                "hex" => value.bytes().map(|b| format!("{b:02x}")).collect(),
                "sha256" => crate::encodings::sha256(&value),
                "upper" => value.to_uppercase(),
                "reverse" => value.chars().rev().collect(),
                "url" => crate::encodings::url(&value),
                "plus" => value.replace('-', "+"),
                "len" => value.len().to_string(),
                "first3" => value[..3].to_owned(),
                "last3" => value[value.len() - 3..].to_owned(),
                "beforedash" => value.split('-').next().unwrap_or_default().to_owned(),
                other => panic!("no such filter: {other}"),
            };
        }
        value
    }

    /// A text with its placeholders filled in.
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((inside, after)) = after.split_once('>') else { break };
            out += before;
            out += &self.value(inside);
            rest = after;
        }
        out + rest
    }
}
