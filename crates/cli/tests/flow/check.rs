//! Whether the worlds can be told apart by what a script shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::encodings::Forms;
use crate::stage::{Mode, Seen, Stage};
use crate::worlds::WORLDS;

/// What came of a script.
#[derive(Debug, Default)]
pub struct Verdict {
    /// How it ended in the first world: `ok`, or a kind of error with the exit code.
    pub end: String,
    /// Something was done at a place that is not public.
    pub private_effect: bool,
    /// It showed something that changes from run to run of the same world.
    pub random: bool,
    /// What shows a secret, or tells two worlds apart.
    pub difference: Option<String>,
    /// It is no proper test: it does not parse, or the binary broke.
    pub broken: Option<String>,
}

/// What the worlds are compared by: every world for each of the two ways to run.
const RUNS: [(Mode, usize); 6] =
    [(Mode::Plain, 0), (Mode::Plain, 1), (Mode::Plain, 2), (Mode::Json, 0), (Mode::Json, 1), (Mode::Json, 2)];

pub fn check(stage: &Stage, forms: &[Forms], script: &str, modes: &[Mode]) -> Verdict {
    let mut verdict = Verdict::default();
    for mode in modes {
        let mut first: Option<Seen> = None;
        for (_, world) in RUNS.iter().filter(|(of, _)| of == mode) {
            let seen = stage.run(script, *world, *mode);
            verdict.private_effect |= seen.acted_privately(WORLDS[*world].answer);
            if let Some(what) = seen.broke() {
                verdict.broken.get_or_insert(what);
            }
            if let Some((place, form)) = seen.shows(&forms[*world]) {
                verdict.difference.get_or_insert(format!("{mode:?}, world {world}: {place} shows {form:?}: {}", seen.told()));
            }
            if let Some(first) = &first {
                let found = told_apart(first, &seen, *mode, &mut verdict.random, || stage.run(script, 0, *mode));
                if let Some(what) = found {
                    verdict.difference.get_or_insert(format!("{mode:?}, world 0 and {world}: {what}"));
                }
            } else {
                verdict.end = seen.end(*mode);
                first = Some(seen);
            }
        }
    }
    if verdict.end.starts_with("syntax") {
        verdict.broken = Some("it does not parse".to_owned());
    }
    verdict
}

/// What tells two runs apart, lines aside that differ from run to run of one world too (a broken reference, which is random).
fn told_apart(one: &Seen, other: &Seen, mode: Mode, random: &mut bool, again: impl Fn() -> Seen) -> Option<String> {
    let (mut one, mut other) = (one.public(mode), other.public(mode));
    if one == other {
        return None;
    }
    // a letter of a random name is the same by chance in one of 36 runs
    let again: Vec<_> = (0..3).map(|_| again().public(mode)).collect();
    for (place, text) in &mut one {
        if again.iter().any(|run| run.get(place).is_none_or(|there| there != text)) {
            *random = true;
            for text in [Some(text), other.get_mut(place)].into_iter().flatten() {
                *text = format!("{} random letters", text.len());
            }
        }
    }
    let places: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    places.into_iter().find(|place| one.get(*place) != other.get(*place)).map(|place| {
        let show = |side: &BTreeMap<String, String>| side.get(place).map_or("nothing".to_owned(), |t| format!("{:?}", cut(t, 300)));
        format!("{place} is {} and {}", show(&one), show(&other))
    })
}

pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most).collect::<String>() + "..." }
}

impl Seen {
    /// Everything public, line by line, by its place.
    pub fn public(&self, mode: Mode) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut lines = |place: &str, text: &str| {
            for (n, line) in text.split('\n').enumerate() {
                all.insert(format!("{place}:{:04}", n + 1), line.to_owned());
            }
        };
        lines("1 exit code", &format!("{:?}", self.code));
        lines("2 standard error", &self.err);
        match serde_json::from_str::<serde_json::Value>(&self.out) {
            Ok(mut json) if mode == Mode::Json => {
                let output = json["output"].take();
                lines("3 output in JSON", output.as_str().unwrap_or_default());
                without_durations(&mut json);
                lines("4 JSON", &serde_json::to_string_pretty(&json).unwrap());
            }
            _ => lines("3 standard output", &self.out),
        }
        for (name, content) in &self.files {
            lines(&format!("5 file public/{name}"), &String::from_utf8_lossy(content));
        }
        for (n, request) in self.sent.iter().enumerate() {
            lines(&format!("6 request {n} at the public host"), request);
        }
        all
    }

    /// Where a secret shows, and in which form.
    fn shows(&self, forms: &Forms) -> Option<(String, String)> {
        let mut places = vec![("standard output".to_owned(), self.out.clone()), ("standard error".to_owned(), self.err.clone())];
        places.extend(self.files.iter().map(|(name, c)| (format!("file public/{name}"), format!("{name}\n{}", String::from_utf8_lossy(c)))));
        places.extend(self.sent.iter().map(|r| ("a request at the public host".to_owned(), r.clone())));
        places.push(("the journal".to_owned(), self.journal.clone()));
        places.into_iter().find_map(|(place, text)| Some((place, forms.shown_in(&text)?)))
    }

    fn told(&self) -> String {
        format!("out {:?}, err {:?}, sent {:?}, files {:?}", cut(&self.out, 400), cut(&self.err, 400), self.sent, self.files.keys())
    }

    pub fn acted_privately(&self, old: &str) -> bool {
        let untouched = self.vault.len() == 1 && self.vault.get("old.txt").is_some_and(|c| c == old.as_bytes());
        !self.private.is_empty() || !self.vouched.is_empty() || !untouched
    }

    /// What no script may bring about.
    fn broke(&self) -> Option<String> {
        let odd = !matches!(self.code, Some(0..=4 | 6 | 7)) || self.err.contains("panicked");
        odd.then(|| format!("exit {:?}: {}", self.code, self.told()))
    }

    fn end(&self, mode: Mode) -> String {
        if self.code == Some(0) {
            return "ok".to_owned();
        }
        let code = self.code.map_or("a signal".to_owned(), |code| format!("exit {code}"));
        if mode == Mode::Json {
            let json: serde_json::Value = serde_json::from_str(&self.out).unwrap_or_default();
            return format!("{} ({code})", json["error"]["kind"].as_str().unwrap_or("no kind"));
        }
        let parse = self.err.contains("[syntax]") || self.err.contains("Parse error") || self.err.contains("parse error");
        format!("{} ({code})", if parse { "syntax" } else { "error" })
    }
}

fn without_durations(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(map) => {
            map.retain(|name, _| !["ms", "seconds", "duration", "duration_ms", "elapsed_ms", "wall_ms"].contains(&name.as_str()));
            map.values_mut().for_each(without_durations);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_durations),
        _ => {}
    }
}

/// Does something with each item, on two threads that have a stage each.
pub fn on_two_stages<T: Sync, R: Send>(items: &[T], prepare: impl Fn(&Stage) + Sync, work: impl Fn(&Stage, &T) -> R + Sync) -> Vec<R> {
    // one test at a time: the machine is as busy with one
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let stage = Stage::new();
                prepare(&stage);
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let Some(item) = items.get(at) else { break };
                    let result = work(&stage, item);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// One line about many scripts: how they ended.
pub fn summary<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> String {
    let (mut ends, mut private, mut random, mut all) = (BTreeMap::new(), 0, 0, 0);
    for verdict in verdicts {
        *ends.entry(verdict.end.as_str()).or_insert(0) += 1;
        private += usize::from(verdict.private_effect);
        random += usize::from(verdict.random);
        all += 1;
    }
    let mut text = format!("{all} scripts");
    for (end, count) in ends {
        let _ = write!(text, ", {count} {end}");
    }
    text + &format!("; {private} did something at a local-only place, {random} showed something random")
}

pub fn forms() -> Vec<Forms> {
    WORLDS.iter().map(|world| Forms::of(&world.secrets())).collect()
}
