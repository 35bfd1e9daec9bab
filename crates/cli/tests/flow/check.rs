//! Whether the worlds can be told apart by what a script shows.

use std::collections::{BTreeMap, BTreeSet};
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

pub fn check(stage: &Stage, forms: &[Forms], script: &str, modes: &[Mode]) -> Verdict {
    let mut verdict = Verdict::default();
    for mode in modes {
        let runs: Vec<Seen> = (0..WORLDS.len()).map(|world| stage.run(script, world, *mode)).collect();
        if *mode == Mode::Json {
            verdict.end = runs[0].end();
        }
        for (world, seen) in runs.iter().enumerate() {
            verdict.private_effect |= seen.acted_privately(WORLDS[world].answer);
            if let Some(what) = seen.broke() {
                verdict.broken.get_or_insert(what);
            }
            // what another world shows too comes from the script: it guesses
            let elsewhere = runs[(world + 1) % runs.len()].texts().concat().to_lowercase();
            let shown = seen.texts().iter().find_map(|text| forms[world].shown_in(text, &elsewhere));
            if let Some(form) = shown {
                verdict.difference.get_or_insert(format!("{mode:?}, world {world} shows {form:?}: {}", seen.told()));
            }
        }
        for (world, seen) in runs.iter().enumerate().skip(1) {
            if verdict.difference.is_some() {
                // one is enough, and each takes many runs
                break;
            }
            let found = told_apart([&runs[0], seen], [0, world], *mode, &mut verdict.random, |world| stage.run(script, world, *mode));
            if let Some(what) = found {
                verdict.difference.get_or_insert(format!("{mode:?}, world 0 and {world}: {what}"));
            }
        }
    }
    if !modes.contains(&Mode::Json) {
        // the kind of an error stands there only
        verdict.end = stage.run(script, 0, Mode::Json).end();
    }
    if verdict.end.starts_with("syntax") {
        verdict.broken = Some("it does not parse".to_owned());
    }
    verdict
}

/// As often is a world's run done again before it counts as told apart. What hangs on a random name can be the same many times, but hardly
/// always the one in one world and the other in the other.
const AGAIN: usize = 6;

/// What tells two worlds apart, places aside that differ from run to run of one world too: a reference that a script broke is random.
fn told_apart(runs: [&Seen; 2], worlds: [usize; 2], mode: Mode, random: &mut bool, again: impl Fn(usize) -> Seen) -> Option<String> {
    let [one, other] = runs.map(|run| run.public(mode));
    let mut places: BTreeSet<&String> = one.keys().chain(other.keys()).filter(|place| one.get(*place) != other.get(*place)).collect();
    for turn in 0..AGAIN * 2 {
        if places.is_empty() {
            return None;
        }
        let (before, world) = if turn % 2 == 0 { (&one, worlds[0]) } else { (&other, worlds[1]) };
        let now = again(world).public(mode);
        let count = places.len();
        places.retain(|place| before.get(*place) == now.get(*place));
        *random |= places.len() < count;
    }
    places.first().map(|place| {
        let show = |side: &BTreeMap<String, String>| side.get(*place).map_or("nothing".to_owned(), |t| format!("{:?}", cut(t, 300)));
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

    /// Where no secret may stand, in any form.
    fn texts(&self) -> Vec<String> {
        let mut texts = vec![self.out.clone(), self.err.clone(), self.journal.clone()];
        texts.extend(self.files.iter().map(|(name, content)| format!("{name}\n{}\n", String::from_utf8_lossy(content))));
        texts.extend(self.sent.iter().cloned());
        texts
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

    fn end(&self) -> String {
        if self.code == Some(0) {
            return "ok".to_owned();
        }
        let code = self.code.map_or("a signal".to_owned(), |code| format!("exit {code}"));
        let json: serde_json::Value = serde_json::from_str(&self.out).unwrap_or_default();
        let kind = json["error"]["kind"].as_str().unwrap_or("no kind");
        format!("{kind} ({code})")
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

/// Under which labels hold.
pub const POLICY: &str = include_str!("policy.toml.in");

/// Does something with each item, on a few threads that have a stage each.
pub fn on_stages<T: Sync, R: Send>(policy: &str, items: &[T], work: impl Fn(&Stage, &T) -> R + Sync) -> Vec<R> {
    on_each(|| Stage::under(policy), items, work)
}

/// The same on stages of any kind.
pub fn on_each<T: Sync, R: Send>(stage: impl Fn() -> Stage + Sync, items: &[T], work: impl Fn(&Stage, &T) -> R + Sync) -> Vec<R> {
    static ONE: Mutex<()> = Mutex::new(());
    // one test at a time: the machine is as busy with one
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        // a run is three processes that wait for each other
        for _ in 0..2 * std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let stage = stage();
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
