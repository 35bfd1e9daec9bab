//! Text without what looks like a secret, for journals. A help for readers, no promise: what is secret is not known from how it looks.

/// What stands in the place of a value.
const MARK: &str = "[REDACTED]";

/// Parts of names whose values are secrets.
const NAMES: &[&str] =
    &["token", "secret", "passw", "pwd", "apikey", "api_key", "api-key", "access_key", "access-key", "private_key", "credential", "auth"];

/// How values begin that are secrets wherever they stand.
const BEGINNINGS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxs-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "eyJ",
    "npm_",
    "pypi-",
    "hf_",
    "dop_v1_",
    "SG.",
];

/// A command line or address for a journal.
#[must_use]
pub fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut next = false;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let (blank, bare) = (piece.get(word.len()..).unwrap_or_default(), word.trim_matches(['\'', '"']));
        if word.is_empty() {
            out.push_str(piece);
            continue;
        }
        let scheme = ["bearer", "basic", "token"].iter().any(|scheme| bare.eq_ignore_ascii_case(scheme));
        if std::mem::take(&mut next) {
            // `Authorization: Bearer VALUE`
            next = scheme;
            out.push_str(if scheme { word } else { MARK });
        } else {
            out.push_str(&of_word(word));
            next = names_a_secret_for_the_next(bare);
        }
        out.push_str(blank);
    }
    out
}

fn names_a_secret_for_the_next(word: &str) -> bool {
    let header = word.ends_with(':') && is_secret_name(word);
    let option = word.starts_with('-') && !word.contains('=') && is_secret_name(word);
    header || option || ["Bearer", "bearer"].contains(&word)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part)) && !name.contains("author") || name.contains("authorization")
}

fn of_word(word: &str) -> String {
    let inner = word.trim_start_matches(['\'', '"', '(', '{', '[', '=']);
    let is_long = |beginning: &str| inner.len() >= beginning.len() + 12;
    // most words are shorter than the shortest
    if inner.len() > 12 && BEGINNINGS.iter().any(|beginning| inner.starts_with(beginning) && is_long(beginning)) {
        return MARK.to_owned();
    }
    if let Some((scheme, rest)) = word.split_once("://")
        && let Some((user, host)) = rest.split_once('@')
        && !user.contains('/')
    {
        return format!("{scheme}://{MARK}@{}", of_word(host));
    }
    for separator in ['=', ':'] {
        if let Some((name, value)) = word.split_once(separator)
            && !value.is_empty()
            && !value.starts_with("//")
        {
            if is_secret_name(name) {
                return format!("{name}{separator}{MARK}");
            }
            if separator == '=' {
                return format!("{name}={}", of_word(value));
            }
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out() {
        for (text, expected) in [
            ("git status -s", "git status -s"),
            ("GITHUB_TOKEN=abc gh pr list", "GITHUB_TOKEN=[REDACTED] gh pr list"),
            ("curl -H 'Authorization: Bearer abc.def' https://x.org", "curl -H 'Authorization: Bearer [REDACTED] https://x.org"),
            ("curl -u a https://mia:pw@x.org/y?z=1", "curl -u a https://[REDACTED]@x.org/y?z=1"),
            ("mysql --password=hunter2 db", "mysql --password=[REDACTED] db"),
            ("tool --api-key hunter2 x", "tool --api-key [REDACTED] x"),
            ("echo ghp_abcdefghijklmnopqrst", "echo [REDACTED]"),
            ("git log --author=mia", "git log --author=mia"),
            ("git commit -m \"fix: token parsing\"", "git commit -m \"fix: token parsing\""),
            ("X=sk-abcdefghijklmnop y", "X=[REDACTED] y"),
        ] {
            assert_eq!(redacted(text), expected);
        }
    }
}
