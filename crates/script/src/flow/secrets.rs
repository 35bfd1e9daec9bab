//! All labelled values of a run, what its going on depends on, and the way to the broker. Every labelled value points here, because the
//! interpreter asks a value without saying who asks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aegis_effect::{EffectError, ErrorCode, Handle, Label, Labelled};
use memchr::memmem::Finder;

use super::data::Data;
use super::plain::Join;
use super::reference::{DEEPEST, Form, NONCE, REDACTED, Reference, Stretch, stretches};
use super::sealed::{Content, Sealed};

/// Whom a labelled value asks.
pub(crate) trait Broker: fmt::Debug + Send + Sync {
    /// The content of a value; none for a delayed error.
    ///
    /// # Errors
    /// The policy does not let the worker see it, or the broker is gone.
    fn reveal(&self, handle: Handle) -> Result<Option<Vec<u8>>, EffectError>;
    /// The script goes on depending on these from here, and was public until now. The line is that of the last call.
    fn raised(&self, sources: &[String], line: u32);
}

/// The labelled values of a run.
#[derive(Debug)]
pub(crate) struct Secrets {
    nonce: OnceLock<Nonce>,
    /// What was put into text, by the number of its references.
    values: Mutex<Vec<Arc<Sealed>>>,
    exist: AtomicBool,
    /// The labels of all that effects gave. What is computed from it has no others.
    everything: Mutex<Label>,
    /// The names of those sources, by their index in labels.
    names: Mutex<BTreeMap<usize, String>>,
    /// What the run's going on depends on.
    current: Mutex<Label>,
    is_raised: AtomicBool,
    /// A failure where the interpreter takes none; the run ends with it at its next step.
    pending: Mutex<Option<EffectError>>,
    is_pending: AtomicBool,
    /// Open `compute` calls, and other evaluations in which nothing may act.
    quiet: Mutex<Vec<Quiet>>,
    quiets: AtomicBool,
    /// The line of the script's last call: values are asked without being told where.
    line: AtomicU32,
    broker: Arc<dyn Broker>,
}

/// The run's own word, which every reference begins with.
#[derive(Debug)]
struct Nonce {
    word: String,
    /// Looks for it. Text is searched often, and most of it holds none.
    finder: Finder<'static>,
}

/// A part of a run in which nothing may act or print.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    /// What it may depend on.
    pub(super) label: Label,
    /// It observed something beyond that.
    pub(super) beyond: bool,
    /// How many values there were before it.
    pub(super) values: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Secrets {
    pub(crate) fn new(broker: Arc<dyn Broker>) -> Arc<Secrets> {
        Arc::new(Secrets {
            nonce: OnceLock::new(),
            values: Mutex::default(),
            exist: AtomicBool::new(false),
            everything: Mutex::default(),
            names: Mutex::default(),
            current: Mutex::default(),
            is_raised: AtomicBool::new(false),
            pending: Mutex::default(),
            is_pending: AtomicBool::new(false),
            quiet: Mutex::default(),
            quiets: AtomicBool::new(false),
            line: AtomicU32::new(0),
            broker,
        })
    }

    /// Notes what an effect gave.
    pub(super) fn seen(&self, labelled: &Labelled) {
        self.exist.store(true, Ordering::Relaxed);
        lock(&self.everything).join(&labelled.label);
        let mut names = lock(&self.names);
        for (index, name) in labelled.label.indexes().zip(&labelled.sources) {
            names.entry(index).or_insert_with(|| name.clone());
        }
    }

    /// The names of the sources in a label.
    pub(super) fn names(&self, label: &Label) -> Vec<String> {
        let names = lock(&self.names);
        label.indexes().filter_map(|index| names.get(&index).cloned()).collect()
    }

    /// Does something with the number of a value's references and the one in text. Only what is put into text gets one.
    pub(super) fn with_reference<T>(&self, value: &Arc<Sealed>, then: impl FnOnce(usize, &str) -> T) -> T {
        let new = || {
            let mut values = lock(&self.values);
            values.push(value.clone());
            let index = values.len() - 1;
            (index, self.reference(index, Form::TEXT))
        };
        let (index, text) = match value.reference.get() {
            Some((index, text)) => (*index, text),
            // Numbers given where nothing may act are taken back at its end.
            None if self.is_quiet() => {
                let (index, text) = new();
                return then(index, &text);
            }
            None => {
                let (index, text) = value.reference.get_or_init(new);
                (*index, text)
            }
        };
        then(index, text)
    }

    /// Whether the run holds anything labelled.
    pub(crate) fn exist(&self) -> bool {
        self.exist.load(Ordering::Relaxed)
    }

    /// Everything that the run read so far.
    pub(crate) fn everything(&self) -> Join {
        Join { label: lock(&self.everything).clone(), failed: false }
    }

    pub(super) fn get(&self, index: usize) -> Option<Arc<Sealed>> {
        lock(&self.values).get(index).cloned()
    }

    pub(super) fn reference(&self, index: usize, form: Form) -> String {
        Reference { index, form }.text(self.nonce())
    }

    /// Whether a reference, or what is left of one, stands in some bytes.
    pub(crate) fn stand_in(&self, bytes: &[u8]) -> bool {
        if bytes.len() < NONCE || !self.exist() {
            return false;
        }
        self.nonce.get().is_some_and(|nonce| nonce.finder.find(bytes).is_some())
    }

    /// The names of the sources of all references in some bytes.
    pub(crate) fn sources_in(&self, bytes: &[u8]) -> Vec<String> {
        let mut label = Label::public();
        for stretch in self.take_apart(&String::from_utf8_lossy(bytes)) {
            if let Stretch::Reference(reference) = stretch
                && let Some(sealed) = self.get(reference.index)
            {
                label.join(&sealed.label);
            }
        }
        self.names(&label)
    }

    /// Text that becomes part of a JSON string: its references are escaped once more. None if that was too often.
    pub(crate) fn one_deeper(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        for stretch in self.take_apart(text) {
            match stretch {
                Stretch::Text(text) => out.push_str(text),
                Stretch::Damaged(rest) => {
                    out.push_str(self.nonce());
                    out.push_str(rest);
                }
                Stretch::Reference(Reference { index, form }) => {
                    let nesting = (form.nesting < DEEPEST).then_some(form.nesting + 1)?;
                    out.push_str(&self.reference(index, Form { nesting, ..form }));
                }
            }
        }
        Some(out)
    }

    pub(super) fn take_apart<'t>(&self, text: &'t str) -> Vec<Stretch<'t>> {
        match self.nonce.get() {
            Some(nonce) => stretches(text, &nonce.word),
            None => vec![Stretch::Text(text)],
        }
    }

    /// The text as people may see it: every reference is `[REDACTED]`.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.stand_in(text.as_bytes()) {
            return Cow::Borrowed(text);
        }
        let shown = self.take_apart(text).into_iter().map(|stretch| match stretch {
            Stretch::Text(text) => text,
            Stretch::Reference(_) | Stretch::Damaged(_) => REDACTED,
        });
        Cow::Owned(shown.collect())
    }

    /// The content of a value; none if it is a delayed error.
    ///
    /// # Errors
    /// The policy does not let the worker see it.
    pub(super) fn data<'s>(&self, sealed: &'s Sealed) -> starlark::Result<Option<Cow<'s, Data>>> {
        match &sealed.content {
            Content::Known(data) => Ok(Some(Cow::Borrowed(data))),
            Content::Failed => Ok(None),
            Content::Held { handle, shape, known } => {
                if let Some(data) = known.get() {
                    return Ok(data.as_ref().map(Cow::Borrowed));
                }
                let content = self.broker.reveal(*handle).map_err(crate::worker::fail)?;
                let data = content.and_then(|bytes| Data::of_shape(*shape, bytes));
                Ok(known.get_or_init(|| data).as_ref().map(Cow::Borrowed))
            }
            Content::Rope(pieces) => Ok(self.text_of_rope(pieces)?.map(|text| Cow::Owned(Data::Str(text)))),
        }
    }

    /// The script observes values: from here on it depends on them. Only the first time is told, since later ones may depend on secrets.
    pub(crate) fn raise(&self, label: &Label) {
        if self.is_quiet()
            && let Some(quiet) = lock(&self.quiet).last_mut()
        {
            // Nothing leaves it but the result, whose label is fixed.
            quiet.beyond |= !label.is_subset(&quiet.label);
            return;
        }
        let mut current = lock(&self.current);
        if label.is_subset(&current) {
            return;
        }
        let first = current.is_public();
        current.join(label);
        self.is_raised.store(true, Ordering::Relaxed);
        if first {
            drop(current);
            let sources = self.names(label);
            self.broker.raised(&sources, self.line.load(Ordering::Relaxed));
        }
    }

    /// Remembers where the script is.
    pub(crate) fn at_line(&self, line: u32) {
        self.line.store(line, Ordering::Relaxed);
    }

    /// Whether the run has observed anything labelled.
    pub(crate) fn is_raised(&self) -> bool {
        self.is_raised.load(Ordering::Relaxed)
    }

    /// What the run's going on depends on.
    pub(crate) fn current(&self) -> Label {
        if self.is_raised() { lock(&self.current).clone() } else { Label::public() }
    }

    /// Remembers a failure that could not be returned where it happened.
    pub(crate) fn fail_later(&self, error: EffectError) {
        lock(&self.pending).get_or_insert(error);
        self.is_pending.store(true, Ordering::Relaxed);
    }

    /// What [`Secrets::fail_later`] remembered.
    pub(crate) fn pending(&self) -> Option<EffectError> {
        if self.is_pending.load(Ordering::Relaxed) { lock(&self.pending).clone() } else { None }
    }

    /// Whether nothing may act or print.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiets.load(Ordering::Relaxed)
    }

    pub(super) fn quiet_depth(&self) -> usize {
        lock(&self.quiet).len()
    }

    pub(super) fn begin_quiet(&self, label: Label) {
        let values = lock(&self.values).len();
        lock(&self.quiet).push(Quiet { label, beyond: false, values });
        self.quiets.store(true, Ordering::Relaxed);
    }

    /// Ends it, with what it learnt: values made inside are forgotten, so that no number tells how many they were.
    pub(super) fn end_quiet(&self) -> Option<Quiet> {
        let mut open = lock(&self.quiet);
        let quiet = open.pop()?;
        self.quiets.store(!open.is_empty(), Ordering::Relaxed);
        drop(open);
        lock(&self.values).truncate(quiet.values);
        *lock(&self.pending) = None;
        self.is_pending.store(false, Ordering::Relaxed);
        Some(quiet)
    }

    /// Does something in which nothing may act.
    pub(crate) fn quiet<T>(&self, then: impl FnOnce() -> T) -> T {
        self.begin_quiet(Label::public());
        let done = then();
        self.end_quiet();
        done
    }

    fn nonce(&self) -> &str {
        let nonce = self.nonce.get_or_init(|| {
            let mut nonce = String::with_capacity(NONCE);
            while nonce.len() < NONCE {
                // The keys of a fresh `RandomState` come from the operating system.
                let mut n = RandomState::new().build_hasher().finish();
                for _ in 0..6 {
                    let letter = u8::try_from(n % 26).unwrap_or(0);
                    nonce.push(char::from(b'a' + letter));
                    n /= 26;
                }
            }
            Nonce { finder: Finder::new(&nonce).into_owned(), word: nonce }
        });
        &nonce.word
    }
}

/// A local-only value where only public ones can be: a path, a name, a URL.
pub(crate) fn not_here(sources: &[String]) -> EffectError {
    let named = if sources.is_empty() { String::new() } else { format!(" ({})", sources.join(", ")) };
    EffectError::new(
        ErrorCode::FlowDenied,
        format!("denied: a local-only value{named} cannot be part of a path, a name or a URL: these are public"),
    )
    .suggest("pass it in a header, body, stdin, child env or local-only file")
}
