//! Options and words to files and hazards.

use std::path::{Path, PathBuf};

use super::grammar::{Arity, Effects, Value, Words};
use super::guess::{self, Guess};
use super::language;
use super::parse::{self, MAX_FILES, hazard, lexical};
use super::read::{Known, Reading};
use super::request::{Certainty, ExecRequest, FileArgument, OptionArgument, Role};
use super::word;
use crate::access::PathOp;

/// The files and words of a command without a grammar.
pub(super) fn without_grammar(request: &mut ExecRequest, args: &[String]) {
    let base = request.cwd.clone();
    let mut after_option = false;
    for arg in args {
        guessed(request, arg, &base, true);
        if arg.len() > 1 && arg.starts_with('-') {
            let (name, value) = if arg.starts_with("--") {
                arg.split_once('=').map_or((arg.as_str(), None), |(n, v)| (n, Some(v)))
            } else {
                (arg.as_str(), None)
            };
            after_option = value.is_none() && arg != "--";
            request.options.push(OptionArgument { name: name.to_owned(), value: value.map(str::to_owned), command: Vec::new(), depth: 0 });
            request.specs.push(None);
        } else {
            request.words.push(arg.clone());
            request.may_be_values.push(std::mem::take(&mut after_option));
        }
    }
}

/// Everything an argument of unknown meaning could name.
fn guessed(request: &mut ExecRequest, arg: &str, base: &Path, is_argument: bool) {
    let mut urls = Vec::new();
    let mut paths = Vec::new();
    let mut found = |guess: Guess<'_>| match guess {
        Guess::Url(url) => urls.push(url.to_owned()),
        Guess::Path(path, certainty) => paths.push((path.to_owned(), certainty)),
    };
    let complete = if is_argument { guess::argument(arg, &mut found) } else { guess::text(arg, &mut found) };
    for url in urls {
        hazard(request, url, Role::Net, Vec::new());
    }
    for (path, certainty) in paths {
        file(request, PathOp::Read, arg, &path, base, certainty);
    }
    if !complete {
        request.malformed = Some("an argument of too many parts");
    }
}

fn file(request: &mut ExecRequest, op: PathOp, raw: &str, path: &str, base: &Path, certainty: Certainty) {
    // The child's own standard streams, and nothing.
    if path.is_empty() || matches!(path, "/dev/null" | "/dev/stdin" | "/dev/stdout" | "/dev/stderr") {
        return;
    }
    if request.files.len() >= MAX_FILES {
        request.malformed = Some("too many files");
        return;
    }
    let asked = base.join(path);
    request.files.push(FileArgument { op, raw: raw.to_owned(), path: lexical(&asked), asked, certainty });
}

/// Longer paths than the system takes are not worth their memory.
const MAX_PATH: usize = 4096;

fn push_directory(request: &mut ExecRequest, base: &mut PathBuf, value: &str) {
    if base.as_os_str().len() + value.len() > MAX_PATH {
        request.malformed = Some("a directory of too many bytes");
    } else {
        base.push(value);
    }
}

/// What is collected while roles are assigned.
struct Roles<'r> {
    request: &'r mut ExecRequest,
    /// Where relative paths of options start.
    base: PathBuf,
    /// Where relative words start.
    word_base: PathBuf,
    effects: Effects,
    depth: usize,
    words_before_dashes: usize,
    /// How many words name paths to read.
    path_words: usize,
    /// Files that are copied or moved, and where to.
    sources: Vec<String>,
    targets: Vec<(String, PathBuf)>,
    sed: Vec<String>,
    awk: Vec<String>,
}

/// Gives every option and word of a reading its role.
pub(super) fn assign(request: &mut ExecRequest, reading: Reading<'static>, depth: usize) {
    let level = reading.level();
    let mut effects = Effects::default();
    let mut base = request.cwd.clone();
    let mut override_words = None;
    for option in &reading.options {
        let Some(spec) = option.spec else { continue };
        effects.in_place |= spec.effects.in_place;
        effects.deletes |= spec.effects.deletes;
        effects.rest |= spec.effects.rest;
        effects.info |= spec.effects.info;
        effects.writes |= spec.effects.writes;
        effects.here |= spec.effects.here;
        effects.writes_here |= spec.effects.writes_here;
        override_words = spec.words.as_deref().or(override_words);
        if let (Arity::Required(Value::Chdir) | Arity::Optional(Value::Chdir), Some(value)) = (spec.arity, &option.value) {
            push_directory(request, &mut base, value);
        }
    }
    request.subcommand = reading.subcommand.clone();
    request.words = reading.words.iter().map(|w| w.text.clone()).collect();
    let word_base = base.clone();
    let words_before_dashes = reading.words.iter().filter(|w| !w.after).count();
    let mut roles = Roles {
        request,
        base,
        word_base,
        effects,
        depth,
        words_before_dashes,
        path_words: 0,
        sources: Vec::new(),
        targets: Vec::new(),
        sed: Vec::new(),
        awk: Vec::new(),
    };

    let mut path = String::new();
    for (level, name) in reading.levels.iter().skip(1).zip(&reading.subcommand) {
        path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        if let Some(role) = level.role {
            hazard(roles.request, path.clone(), role, Vec::new());
        }
    }
    if let Some(word) = &reading.unknown_subcommand {
        hazard(roles.request, word.clone(), Role::Exec, Vec::new());
    }

    let words = override_words.or(level.words.as_ref());
    let any = Words { head: Vec::new(), star: Some(Value::Any), tail: Vec::new() };
    let words = words.filter(|_| reading.unknown_subcommand.is_none()).unwrap_or(&any);
    let roots = find_roots(&reading);
    let mut next_word = 0;
    for (index, option) in reading.options.into_iter().enumerate() {
        // Words in front of this option start from the directory that holds there (`tar -C`).
        while reading.words.get(next_word).is_some_and(|w| w.options_before <= index) {
            let took_all = roles.word(words, level.after.as_ref(), &reading.words, next_word);
            next_word = if took_all { reading.words.len() } else { next_word + 1 };
        }
        roles.option(&option, &roots);
        roles.request.options.push(OptionArgument { name: option.name, value: option.value, command: option.command, depth: option.depth });
        roles.request.specs.push(option.spec);
    }
    while next_word < reading.words.len() {
        if roles.word(words, level.after.as_ref(), &reading.words, next_word) {
            break;
        }
        next_word += 1;
    }
    if (effects.here || level.here) && roles.path_words == 0 && !effects.info {
        let here = roles.word_base.clone();
        roles.path_in(".", &here, true);
    }
    if effects.writes_here {
        let here = roles.word_base.clone();
        file(roles.request, PathOp::Write, ".", ".", &here, Certainty::Certain);
    }
    if let Some(role) = level.bare.filter(|_| reading.words.is_empty() && override_words.is_none() && !effects.rest && !effects.info) {
        hazard(roles.request, "-", role, Vec::new());
    }
    roles.languages();
    roles.below_targets();
}

/// The directories a `find` starts from.
fn find_roots(reading: &Reading<'_>) -> Vec<String> {
    let roots: Vec<String> =
        reading.words.iter().map(|w| w.text.clone()).filter(|w| !matches!(w.as_str(), "(" | ")" | "!" | ",")).collect();
    if roots.is_empty() { vec![".".to_owned()] } else { roots }
}

impl Roles<'_> {
    fn option(&mut self, option: &super::read::SeenOption<'static>, roots: &[String]) {
        let value_words = || option.value.iter().cloned().collect::<Vec<_>>();
        match option.known {
            Known::Denied | Known::Ambiguous => hazard(self.request, option.name.clone(), Role::Config, value_words()),
            Known::Yes | Known::Judged => {}
        }
        let Some(spec) = option.spec else {
            if let (Some(value), true) = (&option.value, option.known != Known::Yes) {
                let base = self.base.clone();
                guessed(self.request, value, &base, false);
            }
            return;
        };
        if let Some(role) = spec.own {
            let words = if spec.arity == Arity::UntilSemicolon { option.command.clone() } else { value_words() };
            hazard(self.request, option.name.clone(), role, words);
        }
        match (spec.arity, &option.value) {
            (Arity::UntilSemicolon, _) if roots.len() * option.command.len() > MAX_FILES => {
                self.request.malformed = Some("too many words");
            }
            (Arity::UntilSemicolon, _) => {
                let command: Vec<String> = option
                    .command
                    .iter()
                    .flat_map(|word| if word == "{}" { roots.to_vec() } else { vec![word.replace("{}", roots.first().map_or(".", |r| r))] })
                    .collect();
                self.inner(&command);
            }
            (Arity::Required(role) | Arity::Optional(role), Some(value)) => {
                let base = self.base.clone();
                self.value(role, value, &option.name, &base, false);
            }
            // A flag with `=value` is refused by most tools; its text is judged all the same.
            (Arity::None, Some(value)) => {
                let base = self.base.clone();
                guessed(self.request, value, &base, false);
            }
            _ => {}
        }
    }

    /// Gives one word its role. Returns whether it took all words behind it too.
    fn word(&mut self, words: &Words, after: Option<&Words>, all: &[super::read::SeenWord], index: usize) -> bool {
        let Some(word) = all.get(index) else { return true };
        let dashes = self.words_before_dashes;
        let role = match after.filter(|_| word.after) {
            Some(after) => after.role(index - dashes.min(index), all.len() - dashes),
            None if after.is_some() => words.role(index, dashes),
            None => words.role(index, all.len()),
        };
        if role == Value::Command || role == Value::ShellWords {
            let rest: Vec<String> = all.iter().skip(index).map(|w| w.text.clone()).collect();
            if role == Value::ShellWords {
                let text = rest.join(" ");
                hazard(self.request, word.text.clone(), Role::Exec, rest);
                self.command_line(&text);
                self.request.texts.push(text);
            } else {
                self.command(&rest);
            }
            return true;
        }
        if matches!(role, Value::PathIn | Value::PathBoth | Value::PathMove) {
            self.sources.push(word.text.clone());
        }
        let base = self.word_base.clone();
        self.value(role, &word.text, &word.text, &base, true);
        false
    }

    fn command(&mut self, words: &[String]) {
        let start = words.iter().position(|w| !is_assignment(w)).unwrap_or(words.len());
        let (assignments, command) = words.split_at(start);
        for word in assignments {
            let base = self.word_base.clone();
            self.value(Value::Assignment, word, word, &base, true);
        }
        if let Some(first) = command.first() {
            hazard(self.request, first.clone(), Role::Exec, command.to_vec());
            self.inner(command);
        }
    }

    /// A command in one string.
    fn command_line(&mut self, text: &str) {
        if let Ok(words) = word::split(text) {
            let words: Vec<String> = words.iter().map(|w| w.replace(word::STAR, "*")).collect();
            let start = words.iter().position(|w| !is_assignment(w)).unwrap_or(words.len());
            self.inner(words.get(start..).unwrap_or_default());
        }
    }

    fn inner(&mut self, command: &[String]) {
        if command.is_empty() {
            return;
        }
        let base = self.word_base.clone();
        let inner = parse::parse_inner(command, &base, self.depth + 1, self.request.partly);
        let request = &mut *self.request;
        request.malformed = request.malformed.or(inner.malformed);
        request.built_in_deny = request.built_in_deny.take().or_else(|| inner.built_in_deny.clone());
        if request.files.len() + inner.files.len() > MAX_FILES {
            request.malformed = Some("too many files");
        } else {
            request.files.extend(inner.files.iter().cloned());
        }
        request.hazards.extend(inner.hazards.iter().cloned());
        request.inner.push(inner);
    }

    fn read(&mut self, raw: &str, path: &str, base: &Path) {
        if path != "-" {
            file(self.request, PathOp::Read, raw, path, base, Certainty::Certain);
        }
    }

    fn write(&mut self, raw: &str, path: &str, base: &Path) {
        if path != "-" {
            file(self.request, PathOp::Write, raw, path, base, Certainty::Certain);
        }
    }

    /// Judges one value. `option` is the name a hazard gets; `is_word` says that it is a positional word.
    fn value(&mut self, role: Value, value: &str, option: &str, base: &Path, is_word: bool) {
        let own_words = || if is_word { Vec::new() } else { vec![value.to_owned()] };
        match role {
            Value::Plain => {}
            Value::Maybe => self.maybe(value, base),
            Value::Any => guessed(self.request, value, base, is_word),
            Value::PathIn => {
                self.path_words += usize::from(is_word);
                self.path_in(value, base, is_word);
            }
            Value::PathMove => {
                self.read(value, value, base);
                file(self.request, PathOp::Delete, value, value, base, Certainty::Certain);
            }
            Value::PathInto => {
                self.write(value, value, base);
                self.targets.push((value.to_owned(), base.to_owned()));
            }
            Value::GoPackage => {
                let path = value.strip_suffix("...").unwrap_or(value);
                if value.ends_with(".go") {
                    self.read(value, value, base);
                } else if path.starts_with(['/', '.']) {
                    file(self.request, PathOp::Read, value, path, base, Certainty::Likely);
                }
            }
            Value::Package => {
                // `@scope/name`, then `@version` or `@source`.
                match value.strip_prefix('@') {
                    Some(scoped) => {
                        if let Some((_, source)) = scoped.split_once('@') {
                            guessed(self.request, source, base, false);
                        }
                    }
                    None => guessed(self.request, value, base, is_word),
                }
            }
            Value::WriteOut => {
                if let Some(path) = value.strip_prefix('@') {
                    self.read(value, path, base);
                }
                if value.starts_with('@') || value.contains("%output") {
                    hazard(self.request, option, Role::Config, own_words());
                }
            }
            Value::ShellWords => {}
            Value::CommandLine | Value::Shell => {
                if role == Value::Shell {
                    self.request.texts.push(value.to_owned());
                }
                // As a word it belongs to the option in front of it, which is the hazard.
                if !is_word {
                    hazard(self.request, option, Role::Exec, own_words());
                }
                self.command_line(value);
            }
            Value::PathOut => self.write(value, value, base),
            Value::PathBoth => {
                self.read(value, value, base);
                self.write(value, value, base);
            }
            Value::PathDelete => file(self.request, PathOp::Delete, value, value, base, Certainty::Certain),
            // The directory itself was already joined to `base`.
            Value::Chdir => file(self.request, PathOp::Read, value, ".", base, Certainty::Certain),
            Value::ChdirNext => {
                push_directory(self.request, &mut self.word_base, value);
                let here = self.word_base.clone();
                file(self.request, PathOp::Read, value, ".", &here, Certainty::Certain);
            }
            Value::Exec => hazard(self.request, option, Role::Exec, own_words()),
            Value::Config => hazard(self.request, option, Role::Config, own_words()),
            Value::Net => hazard(self.request, option, Role::Net, own_words()),
            Value::Url => self.url(value, option, base, own_words()),
            Value::GitRemote => self.git_remote(value, option, base, own_words()),
            Value::AtPath => {
                if let Some(path) = value.strip_prefix('@') {
                    self.read(value, path, base);
                }
            }
            // `{a,b}` and `[1-3]` are expanded by the tool itself.
            Value::Upload if value.contains(['{', '[']) => hazard(self.request, option, Role::Config, own_words()),
            Value::Upload => self.read(value, value, base),
            Value::Form => {
                let content = value.split_once('=').map_or(value, |(_, content)| content);
                if let Some(path) = content.strip_prefix(['@', '<']) {
                    let files = path.split(';').next().unwrap_or(path);
                    for one in files.split(',') {
                        self.read(value, one.trim_matches('"'), base);
                    }
                    // All of it may be one name in quotes.
                    file(self.request, PathOp::Read, value, path.trim_matches('"'), base, Certainty::Possible);
                }
            }
            // `host:archive` is fetched by another program.
            Value::Archive if value.find(':').is_some_and(|at| !value.get(..at).unwrap_or("").contains('/')) => {
                hazard(self.request, option, Role::Exec, own_words());
            }
            Value::Archive if self.effects.writes => self.write(value, value, base),
            Value::Archive => self.read(value, value, base),
            Value::Script if value == "-" || value == "/dev/stdin" => hazard(self.request, "-", Role::Exec, Vec::new()),
            Value::Script => self.read(value, value, base),
            Value::Sed => self.sed.push(value.to_owned()),
            Value::Awk => self.awk.push(value.to_owned()),
            Value::Jq => {
                if is_word {
                    self.maybe(value, base);
                }
                if language::jq_reaches_out(value) {
                    hazard(self.request, value, Role::Exec, Vec::new());
                }
            }
            Value::Assignment => {
                if let Some((name, text)) = value.split_once('=') {
                    hazard(self.request, format!("{name}="), Role::Config, vec![text.to_owned()]);
                }
            }
            Value::Command => self.command(&[value.to_owned()]),
        }
    }

    fn path_in(&mut self, value: &str, base: &Path, is_word: bool) {
        // what another command prints, as `<( )` has it; a program or settings from there are no such words
        if is_word && value.strip_prefix("/dev/fd/").is_some_and(|fd| !fd.is_empty() && fd.bytes().all(|b| b.is_ascii_digit())) {
            return;
        }
        self.read(value, value, base);
        // Behind `-o=x` some tools see `x`, others `=x`.
        if let Some(rest) = value.strip_prefix('=').filter(|_| !is_word) {
            self.read(value, rest, base);
        }
        if is_word && self.effects.in_place {
            self.write(value, value, base);
        }
        if is_word && self.effects.deletes {
            file(self.request, PathOp::Delete, value, value, base, Certainty::Certain);
        }
    }

    /// A git revision, `rev:path`, or a path.
    fn maybe(&mut self, value: &str, base: &Path) {
        let looks = value.starts_with(['/', '~']) || value.starts_with("./") || value.starts_with("../") || value == "..";
        let certainty = if looks { Certainty::Likely } else { Certainty::Possible };
        file(self.request, PathOp::Read, value, value, base, certainty);
        if let Some((_, path)) = value.split_once(':') {
            file(self.request, PathOp::Read, value, path, base, Certainty::Possible);
        }
    }

    fn url(&mut self, value: &str, option: &str, base: &Path, words: Vec<String>) {
        let authority = value
            .split_once("://")
            .map_or(value, |(scheme, rest)| value.get(..scheme.len() + 3 + rest.find('/').unwrap_or(rest.len())).unwrap_or(value));
        let path = guess::file_url(value);
        // `{file,http}://` and `[a-z]` are expanded by the tool itself.
        if authority.contains(['{', '[']) || path.is_some_and(|p| p.contains(['{', '['])) {
            hazard(self.request, option, Role::Config, words);
            return;
        }
        match path {
            Some(path) => self.read(value, &percent_decoded(path), base),
            None => hazard(self.request, option, Role::Net, words),
        }
    }

    fn git_remote(&mut self, value: &str, option: &str, base: &Path, words: Vec<String>) {
        if let Some((helper, _)) = value.split_once("::") {
            hazard(self.request, format!("{helper}::"), Role::Exec, vec![value.to_owned()]);
        } else if let Some(path) = guess::file_url(value) {
            self.read(value, path, base);
        } else if value.starts_with(['/', '.', '~']) {
            self.read(value, value, base);
        } else if value.contains("://") || value.find(':').is_some_and(|colon| !value.get(..colon).unwrap_or("").contains('/')) {
            hazard(self.request, option, Role::Net, words);
        } else {
            self.maybe(value, base);
        }
    }

    /// What the collected scripts read, write and run.
    fn languages(&mut self) {
        let base = self.word_base.clone();
        if !self.sed.is_empty() {
            let script = self.sed.join("\n");
            let effects = language::sed(&script);
            self.script(&script, effects, &base);
        }
        if !self.awk.is_empty() {
            let program = self.awk.join("\n");
            let effects = language::awk(&program);
            self.script(&program, effects, &base);
        }
    }

    /// A target that is a directory gets a file of each source's name.
    fn below_targets(&mut self) {
        let sources = std::mem::take(&mut self.sources);
        for (target, base) in std::mem::take(&mut self.targets) {
            for source in sources.iter().filter(|s| **s != target) {
                if self.request.malformed.is_some() {
                    return;
                }
                let name = parse::base_name(source.trim_end_matches('/'));
                file(self.request, PathOp::Write, source, &format!("{target}/{name}"), &base, Certainty::Possible);
            }
        }
    }

    fn script(&mut self, text: &str, effects: language::ScriptEffects, base: &Path) {
        for path in &effects.reads {
            self.read(path, path, base);
        }
        for path in &effects.writes {
            self.write(path, path, base);
        }
        if effects.runs {
            // The script itself is what a policy would have to name.
            hazard(self.request, text, Role::Exec, Vec::new());
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.find('=').is_some_and(|at| at > 0) && !word.starts_with('-')
}

fn percent_decoded(path: &str) -> String {
    let mut out = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let hex = (byte == b'%').then(|| Some((digit(ahead.next()?)?, digit(ahead.next()?)?))).flatten();
        match hex {
            Some((high, low)) => {
                out.push(high << 4 | low);
                bytes = ahead;
            }
            None => out.push(byte),
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| path.to_owned())
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
