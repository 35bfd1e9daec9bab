//! A performer that plays the gate over maps, and runners of both kinds.
#![allow(dead_code)]

use std::collections::BTreeMap;

use aegis_effect::{
    Effect, EffectError, ErrorCode, ExecOutput, FileKind, Handle, HttpResponse, Label, Labelled, Outcome, Part, Payload, Perform, Request,
    Shape, Stat, Whole,
};
use aegis_policy::Capability;
use aegis_script::{Judge, LiteralCall, Objection, ProcessWorkers, RunOptions, RunReport, Runner, Source, Target};

#[derive(Default)]
pub struct World {
    pub files: BTreeMap<String, Vec<u8>>,
    pub asked: Vec<Request>,
}

pub fn secret(n: u64, name: &str) -> Labelled {
    let mut label = Label::public();
    label.insert(0);
    Labelled { handle: Handle(n), shape: Shape::Text, label, sources: vec![name.to_owned()] }
}

/// What the broker holds under a handle.
pub const TOKEN: &str = "tok-en 12";

/// A payload as text; labelled parts as `<handle>`, in JSON `<<handle>>`, inside a JSON string `<<<handle>>>`, and what the worker computed
/// as `{content}`.
pub fn shown(payload: &Payload) -> String {
    payload
        .parts()
        .iter()
        .map(|p| match p {
            Part::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
            Part::Labelled(h) => format!("<{}>", h.0),
            Part::LabelledJson(h) => format!("<<{}>>", h.0),
            Part::LabelledJsonText(h) => format!("<<<{}>>>", h.0),
            Part::Base64 { of, url } => {
                let inside: String = of
                    .iter()
                    .map(|whole| match whole {
                        Whole::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
                        Whole::Labelled(h) => format!("<{}>", h.0),
                    })
                    .collect();
                format!("{}({inside})", if *url { "b64url" } else { "b64" })
            }
            Part::Derived(derived) => {
                assert!(!derived.label.is_public());
                format!("{{{}}}", String::from_utf8_lossy(&derived.bytes))
            }
            Part::Failed(label) => {
                assert!(!label.is_public());
                "{failed}".to_owned()
            }
        })
        .collect()
}

impl Perform for World {
    fn perform(&mut self, request: &Request) -> Result<Outcome, EffectError> {
        self.asked.push(request.clone());
        let missing = |path: &str| EffectError::new(ErrorCode::NotFound, format!("no such file: {path}"));
        let denied = |path: &str| {
            Err(EffectError::new(ErrorCode::PolicyDenied, format!("denied: {path}")).by("aegis.toml:7").suggest("add it to the policy"))
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match &request.effect {
            Effect::FsRead { path } | Effect::FsStat { path } | Effect::FsWrite { path, .. } if path.starts_with("/denied") => denied(path),
            Effect::FsRead { path } if path == "limit" => Err(EffectError::new(ErrorCode::Limit, "too many calls")),
            Effect::FsRead { path } if path == "journal" => Err(EffectError::new(ErrorCode::Journal, "the journal is full")),
            Effect::FsRead { path } if path == "ask" => Err(EffectError::new(ErrorCode::ApprovalDenied, "not approved")),
            Effect::FsRead { path } if path == "token" => Ok(Outcome::Labelled(secret(7, "file:token"))),
            Effect::FsRead { path } => self.files.get(path).map(|b| Outcome::Text(text(b))).ok_or_else(|| missing(path)),
            Effect::Load { path } => self.files.get(path).map(|b| Outcome::Text(text(b))).ok_or_else(|| missing(path)),
            Effect::FsReadBytes { path } => self.files.get(path).map(|b| Outcome::Bytes(b.clone())).ok_or_else(|| missing(path)),
            Effect::FsReadRange { path, offset, limit } => {
                let bytes = self.files.get(path).ok_or_else(|| missing(path))?;
                let start = usize::try_from(*offset).unwrap().min(bytes.len());
                let end = (start + usize::try_from(*limit).unwrap()).min(bytes.len());
                Ok(Outcome::Text(text(&bytes[start..end])))
            }
            Effect::FsWrite { path, content } => {
                self.files.insert(path.clone(), shown(content).into_bytes());
                Ok(Outcome::Unit)
            }
            Effect::FsAppend { path, content } => {
                self.files.entry(path.clone()).or_default().extend(shown(content).bytes());
                Ok(Outcome::Unit)
            }
            Effect::FsReplace { path, old, new } => {
                let now = text(self.files.get(path).ok_or_else(|| missing(path))?);
                self.files.insert(path.clone(), now.replace(&shown(old), &shown(new)).into_bytes());
                Ok(Outcome::Unit)
            }
            Effect::FsDelete { path } => self.files.remove(path).map(|_| Outcome::Unit).ok_or_else(|| missing(path)),
            Effect::FsMkdir { .. } => Ok(Outcome::Unit),
            Effect::FsExists { path } => Ok(Outcome::Bool(self.files.contains_key(path))),
            Effect::FsStat { path } => {
                let size = self.files.get(path).ok_or_else(|| missing(path))?.len() as u64;
                Ok(Outcome::Stat(Stat { kind: FileKind::File, size, modified: 1.5, executable: false }))
            }
            Effect::FsListLocal { .. } => Ok(Outcome::Labelled(secret(9, "file:x"))),
            Effect::FsList { .. } | Effect::FsGlob { .. } => Ok(Outcome::Names(self.files.keys().cloned().collect())),
            Effect::Http(r) if r.url.contains("secret.example") => Ok(Outcome::LabelledFields(vec![
                ("status".into(), Labelled { shape: Shape::Int, ..secret(20, "host:secret.example") }),
                ("headers".into(), Labelled { shape: Shape::Headers, ..secret(21, "host:secret.example") }),
                ("body".into(), secret(22, "host:secret.example")),
            ])),
            Effect::Http(r) => Ok(Outcome::Response(HttpResponse {
                status: 200,
                headers: vec![("content-type".into(), "application/json".into())],
                body: format!("{{\"method\": \"{}\", \"n\": [1, 2.5, null]}}", r.method.name()),
            })),
            Effect::EnvRead { name, .. } if name == "TOKEN" => Ok(Outcome::Labelled(secret(1, "env:TOKEN"))),
            Effect::EnvRead { name, .. } if name == "UNSET" => Ok(Outcome::Unset),
            Effect::EnvRead { name, .. } if name == "GONE" => Ok(Outcome::Labelled(secret(2, "env:GONE"))),
            Effect::EnvRead { name, .. } => Ok(Outcome::Text(format!("value of {name}"))),
            Effect::Exec(child) => {
                let argv: Vec<String> = child.argv.iter().map(shown).collect();
                Ok(Outcome::Exec(ExecOutput {
                    exit_code: 3,
                    stdout: format!("{argv:?} {}", shown(&child.stdin)).into_bytes(),
                    stderr: b"err".to_vec(),
                }))
            }
            Effect::Declassify { value, reason } => Ok(match reason.as_str() {
                "int" => Outcome::Int("123456789012345678901234567890".into()),
                "bool" => Outcome::Bool(true),
                _ => Outcome::Text(shown(value)),
            }),
            Effect::Now => Ok(Outcome::Time(1_700_000_000.5)),
            Effect::Reveal { handle } => Ok(match handle.0 {
                1 | 7 => Outcome::Bytes(TOKEN.as_bytes().to_vec()),
                20 => Outcome::Bytes(b"200".to_vec()),
                21 => Outcome::Bytes(b"{\"etag\": \"x\"}".to_vec()),
                22 => Outcome::Bytes(b"{\"a\": [1, \"b\"]}".to_vec()),
                _ => Outcome::Unset,
            }),
        }
    }
}

/// Grants everything but deletion; denies paths below `/denied`.
pub struct Rules;

impl Judge for Rules {
    fn has_capability(&self, capability: Capability) -> bool {
        capability != Capability::FsDelete
    }

    fn literal(&self, call: &LiteralCall) -> Option<Objection> {
        match &call.target {
            Target::Path { path, .. } if path.starts_with("/denied") => {
                Some(Objection { message: format!("denied: {} {path}", call.name), suggestion: Some("add a rule".into()), certain: true })
            }
            Target::Env { name } if name == "AWS_SECRET" => {
                Some(Objection { message: format!("denied: env.read {name}"), suggestion: None, certain: true })
            }
            Target::Argv { argv } if argv[0] == "rm" => Some(Objection { message: "denied: rm".into(), suggestion: None, certain: true }),
            Target::Url { url, .. } if url.contains("evil") => {
                Some(Objection { message: format!("denied: {url}"), suggestion: None, certain: true })
            }
            _ => None,
        }
    }
}

/// Grants everything.
pub struct Anything;

impl Judge for Anything {
    fn has_capability(&self, _: Capability) -> bool {
        true
    }

    fn literal(&self, _: &LiteralCall) -> Option<Objection> {
        None
    }
}

/// Runners of both kinds.
pub fn runners() -> [(&'static str, Runner); 2] {
    [("process", process()), ("in process", Runner::in_process())]
}

pub fn process() -> Runner {
    let mut program = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    program.push("examples/worker_host");
    assert!(program.exists(), "{} is built by cargo test", program.display());
    Runner::process(ProcessWorkers::new(program, std::iter::empty::<&str>()))
}

pub struct Ran {
    pub report: RunReport,
    pub output: String,
    pub world: World,
}

impl Ran {
    pub fn error(&self) -> String {
        self.report.error.as_ref().map(|e| format!("{}: {}", e.kind, e.message)).unwrap_or_default()
    }

    pub fn hint(&self) -> String {
        self.report.error.as_ref().and_then(|e| e.suggestion.clone()).unwrap_or_default()
    }
}

pub fn run_with(runner: &mut Runner, text: &str, options: &RunOptions, judge: &dyn Judge) -> Ran {
    let mut world = World::default();
    world.files.insert("a.txt".into(), b"hello\n".to_vec());
    run_in(runner, text, options, judge, world)
}

pub fn run_in(runner: &mut Runner, text: &str, options: &RunOptions, judge: &dyn Judge, mut world: World) -> Ran {
    let mut output = String::new();
    let report = runner.run(&Source::new("t.star", text), options, &mut world, &mut output, judge);
    Ran { report, output, world }
}

/// Runs on both runners, demands the same of both, and gives the process's.
pub fn run(text: &str) -> Ran {
    run_options(text, &RunOptions { local_only: true, ..RunOptions::default() })
}

pub fn run_options(text: &str, options: &RunOptions) -> Ran {
    let [(_, mut a), (_, mut b)] = runners();
    let by_process = run_with(&mut a, text, options, &Anything);
    let in_process = run_with(&mut b, text, options, &Anything);
    assert_eq!(by_process.report, in_process.report, "{text}");
    assert_eq!(by_process.output, in_process.output, "{text}");
    assert_eq!(by_process.world.asked, in_process.world.asked, "{text}");
    assert_eq!(by_process.world.files, in_process.world.files, "{text}");
    by_process
}
