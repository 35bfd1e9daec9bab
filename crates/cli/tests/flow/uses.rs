//! Ordinary programs, which have to work as written.
//!
//! | `# expect ...` | |
//! |---|---|
//! | `exit: 2` | the exit code, else 0 |
//! | `stdout: text` | a line that is printed; these are all |
//! | `stderr: text` | stands in standard error |
//! | `private: text`, `vouched: text`, `public: text` | stands in a request that the host was sent |
//! | `never public: text` | stands in no request that the public host was sent |
//! | `file vault/x: text` | the whole content; `\n` is a new line |
//! | `line vault/x: text` | one line of it |
//! | `result: JSON` | of `--json` |
//!
//! `<API_KEY>`, `<user:API_KEY|base64>` and the like stand for what is local-only: see `World::value`.

use crate::check::{POLICY, cut, on_stages};
use crate::corpus::{Script, is_whole, scripts};
use crate::stage::{Mode, Seen, Stage};
use crate::worlds::WORLDS;

/// Do not work yet: a secret that looks like a path is judged as one where it is an argument. One that works has to go from the list.
const NOT_YET: &[&str] = &["local/argument"];

/// What the uses may beside what attacks may.
const MORE_POLICY: &str = r#"
[[declassify]]
from = "file:private/**"
reason = "how many there are is no secret"
max_bytes = 64
shape = "int"
"#;

#[test]
fn ordinary_programs_work() {
    let all = scripts("uses");
    let outcomes = on_stages(&(POLICY.to_owned() + MORE_POLICY), &all, works);
    let mut wrong = Vec::new();
    let mut works = 0;
    for (script, outcome) in all.iter().zip(&outcomes) {
        works += usize::from(outcome.is_ok());
        match (outcome, NOT_YET.contains(&script.name.as_str())) {
            (Ok(()), true) => wrong.push(format!("{} works now: it goes from the list", script.name)),
            (Err(why), false) => wrong.push(format!("{}: {why}", script.name)),
            _ => {}
        }
    }
    crate::say(&format!("uses: {works} of {} work", all.len()));
    if is_whole() {
        let unknown = NOT_YET.iter().filter(|name| all.iter().all(|s| s.name != **name));
        wrong.extend(unknown.map(|name| format!("there is no {name}")));
        assert!(all.len() >= 45, "{} uses", all.len());
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

fn works(stage: &Stage, script: &Script) -> Result<(), String> {
    let mode = if script.expects.iter().any(|(key, _)| key == "result") { Mode::Json } else { Mode::Plain };
    let seen = stage.run(&script.text, 0, mode);
    let mut printed = String::new();
    let mut code = 0;
    for (key, value) in &script.expects {
        let wanted = WORLDS[0].fill(value).replace("\\n", "\n");
        match key.as_str() {
            "exit" => code = wanted.trim().parse().unwrap(),
            "stdout" => printed += &(wanted + "\n"),
            _ if holds(&seen, key, &wanted) => {}
            _ => return Err(format!("no {key}: {wanted:?} in {}", short(&seen))),
        }
    }
    if seen.code != Some(code) {
        return Err(format!("not exit {code}: {}", short(&seen)));
    }
    if mode == Mode::Plain && seen.out != printed {
        return Err(format!("not printed {printed:?}: {}", short(&seen)));
    }
    Ok(())
}

fn holds(seen: &Seen, key: &str, wanted: &str) -> bool {
    let sent = |requests: &[String]| requests.iter().any(|request| of_request(request, wanted));
    let file = |path: &str| {
        let (top, name) = path.split_once('/').unwrap();
        let content = if top == "vault" { seen.vault.get(name) } else { seen.files.get(name) };
        content.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    match key {
        "stderr" => seen.err.contains(wanted),
        "private" => sent(&seen.private),
        "vouched" => sent(&seen.vouched),
        "public" => sent(&seen.sent),
        "never public" => !sent(&seen.sent),
        "result" => {
            let json: serde_json::Value = serde_json::from_str(&seen.out).unwrap_or_default();
            json["result"] == serde_json::from_str::<serde_json::Value>(wanted).unwrap()
        }
        _ => match (key.strip_prefix("file "), key.strip_prefix("line ")) {
            (Some(path), _) => file(path).is_some_and(|content| content == wanted),
            (_, Some(path)) => file(path).is_some_and(|content| content.lines().any(|line| line == wanted)),
            _ => panic!("no such expectation: {key}"),
        },
    }
}

/// A request has a text; the name of a header in any case.
fn of_request(request: &str, wanted: &str) -> bool {
    let header = |line: &str| {
        line.split_once(": ")
            .zip(wanted.split_once(": "))
            .is_some_and(|(is, wanted)| is.0.eq_ignore_ascii_case(wanted.0) && is.1 == wanted.1)
    };
    request.contains(wanted) || request.lines().any(header)
}

fn short(seen: &Seen) -> String {
    let Seen { code, out, err, private, vouched, vault, .. } = seen;
    let vault: Vec<_> = vault.iter().map(|(name, content)| (name, String::from_utf8_lossy(content))).collect();
    cut(&format!("code {code:?}, out {out:?}, err {err:?}, private {private:?}, vouched {vouched:?}, vault {vault:?}"), 900)
}
