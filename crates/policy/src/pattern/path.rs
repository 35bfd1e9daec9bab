//! Path patterns, by component.

use std::os::unix::ffi::OsStrExt;
use std::path::{Component as PathComponent, Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use super::PatternError;
use super::component::Component;

/// One step of a path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// One component.
    One(Component),
    /// `**`: any number of components.
    Deep,
}

/// An absolute path pattern: what a list entry means once its base directory is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern {
    pub(crate) segments: Vec<Segment>,
}

/// At most this many patterns come out of the braces of one.
const MAX_ALTERNATIVES: usize = 256;
/// At most this many components in one pattern.
const MAX_SEGMENTS: usize = 128;

/// How a list reads its patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// A pattern starts at its base and covers only what it matches.
    Exact,
    /// A pattern without `/` is a name at any depth below its base.
    AnyDepth,
    /// Built-in control files: any pattern that is neither absolute nor `~/` stands at any depth.
    Floating,
}

impl PathPattern {
    /// The patterns that `text` stands for, absolute. `base` is canonical and is never read as a pattern itself.
    ///
    /// Where the literal beginning of an absolute or `~/` pattern leads through symlinks, the pattern of the real place
    /// comes beside it. The part of a relative pattern below its base is never looked up: an agent may be able to put a
    /// link there, and would choose what the operator's pattern means.
    pub(crate) fn parse(text: &str, base: &Path, home: Option<&Path>, anchor: Anchor) -> Result<Vec<PathPattern>, PatternError> {
        let mut all = Vec::new();
        for text in alternatives(text)? {
            all.extend(Self::parse_one(&text, base, home, anchor)?);
        }
        Ok(all)
    }

    fn parse_one(text: &str, base: &Path, home: Option<&Path>, anchor: Anchor) -> Result<Vec<PathPattern>, PatternError> {
        let (start, rest, absolute) = if let Some(rest) = text.strip_prefix("~/") {
            (home.ok_or(PatternError::new("`~/` has no home directory to start from"))?, rest, true)
        } else if text == "~" {
            (home.ok_or(PatternError::new("`~` has no home directory to stand for"))?, "", true)
        } else if text.starts_with('~') {
            return Err(PatternError::new("`~user` is not read: write the path in full, or `\\~` for a name that begins so"));
        } else if let Some(rest) = text.strip_prefix('/') {
            (Path::new("/"), rest, true)
        } else {
            (base, text, false)
        };
        let mut body = Vec::new();
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => return Err(PatternError::new("`..` in a pattern: write the path it means")),
                "**" => {
                    if body.last() != Some(&Segment::Deep) {
                        body.push(Segment::Deep);
                    }
                }
                part if part.contains("**") => return Err(PatternError::new("`**` stands only for whole components: write `a/**/b`")),
                part => body.push(Segment::One(Component::parse(part)?)),
            }
        }
        let floats = !absolute && (anchor == Anchor::Floating || anchor == Anchor::AnyDepth && !rest.contains('/'));
        if floats && body.first() != Some(&Segment::Deep) {
            body.insert(0, Segment::Deep);
        }
        let start = literals(start);
        if start.len() + body.len() > MAX_SEGMENTS {
            return Err(PatternError::new("more than 128 components"));
        }
        let segments: Vec<Segment> = start.into_iter().chain(body).collect();
        let real = if absolute { real_prefix(&segments) } else { None };
        let mut all = vec![PathPattern { segments }];
        all.extend(real);
        Ok(all)
    }

    /// The pattern of one existing or future object: its path, and the place its links lead to.
    pub(crate) fn object(path: &Path) -> Vec<PathPattern> {
        let segments = literals(path);
        let real = real_prefix(&segments);
        [PathPattern { segments }].into_iter().chain(real).collect()
    }

    /// The same with composed characters (Unicode NFC), where that is another one.
    pub(crate) fn composed(&self) -> Option<PathPattern> {
        let composed = self.map_text(|t| t.nfc().collect());
        (composed != *self).then_some(composed)
    }

    /// The same in composed lower case.
    pub(crate) fn folded(&self) -> PathPattern {
        self.map_text(|t| t.nfc().collect::<String>().to_lowercase())
    }

    fn map_text(&self, f: impl Fn(&str) -> String) -> PathPattern {
        let segments = self
            .segments
            .iter()
            .map(|s| match s {
                Segment::One(component) => Segment::One(component.map_text(&f)),
                Segment::Deep => Segment::Deep,
            })
            .collect();
        PathPattern { segments }
    }

    /// The path this pattern is, where it has no wildcard.
    pub(crate) fn literal(&self) -> Option<PathBuf> {
        let mut path = PathBuf::from("/");
        for segment in &self.segments {
            match segment {
                Segment::One(Component::Literal(l)) => path.push(std::ffi::OsStr::from_bytes(l)),
                _ => return None,
            }
        }
        Some(path)
    }
}

fn literals(path: &Path) -> Vec<Segment> {
    path.components()
        .filter_map(|c| match c {
            PathComponent::Normal(name) => Some(Segment::One(Component::Literal(name.as_bytes().into()))),
            _ => None,
        })
        .collect()
}

/// The same pattern with the links in its literal beginning followed, where that is another one.
fn real_prefix(segments: &[Segment]) -> Option<PathPattern> {
    let mut prefix = PathBuf::from("/");
    let mut deepest: Option<(PathBuf, usize)> = None;
    for (i, segment) in segments.iter().enumerate() {
        let Segment::One(Component::Literal(l)) = segment else { break };
        prefix.push(std::ffi::OsStr::from_bytes(l));
        match std::fs::symlink_metadata(&prefix) {
            Ok(_) => deepest = Some((prefix.clone(), i + 1)),
            Err(_) => break,
        }
    }
    let (named, count) = deepest?;
    let real = std::fs::canonicalize(&named).ok()?;
    if real == named {
        return None;
    }
    let rest = segments.get(count..)?;
    Some(PathPattern { segments: literals(&real).into_iter().chain(rest.iter().cloned()).collect() })
}

/// `a{b,c}` as `ab` and `ac`; braces nest.
fn alternatives(text: &str) -> Result<Vec<String>, PatternError> {
    let mut open = vec![text.to_owned()];
    let mut done = Vec::new();
    while let Some(text) = open.pop() {
        if open.len() + done.len() > MAX_ALTERNATIVES {
            return Err(PatternError::new("the braces stand for more than 256 patterns"));
        }
        match first_group(&text)? {
            None => done.push(text),
            Some((before, choices, after)) => {
                for choice in choices.iter().rev() {
                    open.push(format!("{before}{choice}{after}"));
                }
            }
        }
    }
    Ok(done)
}

/// Splits at the first outermost `{..}` that is neither escaped nor inside `[..]`.
#[expect(clippy::type_complexity, reason = "before, choices, after")]
fn first_group(text: &str) -> Result<Option<(&str, Vec<&str>, &str)>, PatternError> {
    let mut depth = 0_usize;
    let mut open = 0;
    let mut cuts = Vec::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '{' => {
                if depth == 0 {
                    open = i;
                }
                depth += 1;
            }
            ',' if depth == 1 => cuts.push(i),
            '}' if depth == 0 => return Err(PatternError::new("`}` without `{`; write `\\}` for the character")),
            '}' => {
                depth -= 1;
                if depth == 0 {
                    let mut choices = Vec::new();
                    let mut from = open + 1;
                    for cut in cuts.iter().copied().chain([i]) {
                        choices.push(text.get(from..cut).unwrap_or_default());
                        from = cut + 1;
                    }
                    return Ok(Some((text.get(..open).unwrap_or_default(), choices, text.get(i + 1..).unwrap_or_default())));
                }
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(PatternError::new("`{` without `}`; write `\\{` for the character"));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces() {
        assert_eq!(alternatives("a{b,c{d,e}}f").unwrap(), ["abf", "acdf", "acef"]);
        assert_eq!(alternatives(r"a\{b").unwrap(), [r"a\{b"]);
        assert!(alternatives("a{b").is_err());
        assert!(alternatives("a}b").is_err());
        assert!(alternatives(&"{a,b}".repeat(20)).is_err());
    }

    #[test]
    fn a_base_with_wildcard_characters_is_literal() {
        let base = Path::new("/srv/[x]*{y}");
        let parsed = PathPattern::parse("src/a.rs", base, None, Anchor::Exact).unwrap();
        assert_eq!(parsed[0].literal().unwrap(), Path::new("/srv/[x]*{y}/src/a.rs"));
    }

    #[test]
    fn refused_forms() {
        for bad in ["../x", "a/../b", "a**b", "~root/x", "[", "a/{b"] {
            assert!(PathPattern::parse(bad, Path::new("/p"), Some(Path::new("/h")), Anchor::Exact).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_link_below_the_base_does_not_widen_a_relative_pattern() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::os::unix::fs::symlink("/etc", base.join("src")).unwrap();
        let parsed = PathPattern::parse("src/**", &base, None, Anchor::Exact).unwrap();
        assert_eq!(parsed.len(), 1);
        let absolute = PathPattern::parse(base.join("src/hosts").to_str().unwrap(), &base, None, Anchor::Exact).unwrap();
        assert_eq!(absolute[1].literal().unwrap(), Path::new("/etc/hosts"));
    }
}
