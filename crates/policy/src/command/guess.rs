//! Which files the arguments of a command without a grammar could name.

use super::request::Certainty;

/// What one piece of an argument could be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Guess<'a> {
    Path(&'a str, Certainty),
    Url(&'a str),
}

/// At most this many separators of one argument are looked at; more make the request malformed.
pub(super) const MAX_SEPARATORS: usize = 64;

/// Calls `found` with everything in `arg` that could name a file or a host: the argument itself, what follows `=`, `@`, `:` or `,`, what
/// stands between two of them, and what is glued to a short option. Returns false if the argument has too many parts.
pub(super) fn argument<'a>(arg: &'a str, found: &mut impl FnMut(Guess<'a>)) -> bool {
    if arg.starts_with("--") {
        return match arg.split_once('=') {
            Some((_, value)) => text(value, found),
            None => true,
        };
    }
    if let Some(rest) = arg.strip_prefix('-') {
        let mut chars = rest.chars();
        if chars.next().is_none() {
            return true;
        }
        let glued = chars.as_str();
        return glued.is_empty() || text(glued, found);
    }
    text(arg, found)
}

/// The same for text that is not an option.
pub(super) fn text<'a>(text: &'a str, found: &mut impl FnMut(Guess<'a>)) -> bool {
    if text.is_empty() || text == "-" {
        return true;
    }
    let url_start = text.find("://").map(|colon| text.get(..colon).and_then(|s| s.rfind(['=', '@', ','])).map_or(0, |at| at + 1));
    if let Some(url) = url_start.and_then(|start| text.get(start..)) {
        match file_url(url) {
            Some(path) => found(Guess::Path(path, Certainty::Likely)),
            None => found(Guess::Url(url)),
        }
        // A directory may be called `https:`.
        found(Guess::Path(text, Certainty::Possible));
        return true;
    }
    found(Guess::Path(text, certainty(text)));
    let separators: Vec<usize> = text.match_indices(['=', '@', ':', ',']).map(|(at, _)| at).collect();
    if separators.len() > MAX_SEPARATORS {
        return false;
    }
    let mut start = 0;
    for (n, &at) in separators.iter().enumerate() {
        if let Some(piece) = text.get(start..at).filter(|p| !p.is_empty()) {
            found(Guess::Path(piece, certainty(piece)));
        }
        start = at + 1;
        let is_last = n + 1 == separators.len();
        // The suffix behind every separator; behind the last one it is the last piece too.
        if let Some(suffix) = text.get(start..).filter(|s| !s.is_empty() && (is_last || s.contains('/'))) {
            found(Guess::Path(suffix, certainty(suffix)));
        }
    }
    true
}

/// The path of a `file:` URL.
pub(super) fn file_url(url: &str) -> Option<&str> {
    let url = url.trim_start();
    let rest = url.get(..5).filter(|s| s.eq_ignore_ascii_case("file:")).and(url.get(5..))?;
    match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').and_then(|at| rest.get(at..)),
        None => Some(rest),
    }
}

/// A word that is written like a path is likely one.
pub(super) fn certainty(word: &str) -> Certainty {
    if word.contains('/') || word.starts_with(['.', '~']) { Certainty::Likely } else { Certainty::Possible }
}
