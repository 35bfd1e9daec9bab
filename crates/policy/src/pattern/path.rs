//! Path patterns, by component.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component as PathComponent, Path};

use unicode_normalization::UnicodeNormalization;

use super::component::Component;
use super::{Links, PatternError};

/// One step of a path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment<'t> {
    /// One component.
    One(Component<'t>),
    /// `**`: any number of components.
    Deep,
}

/// An absolute path pattern: what a list entry means once its base directory is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern<'t> {
    pub(crate) segments: Vec<Segment<'t>>,
}

/// At most this many patterns come out of the braces of one.
const MAX_ALTERNATIVES: usize = 256;
/// At most this many components in one pattern.
const MAX_SEGMENTS: usize = 128;
/// The longest name of a file on the systems there are.
const MAX_NAME: usize = 255;

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

/// What a pattern means beyond its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// What relative patterns start from: canonical, and never read as a pattern itself.
    pub(crate) base: &'a Path,
    pub(crate) home: Option<&'a Path>,
    pub(crate) anchor: Anchor,
}

impl Reading<'_> {
    /// Calls `found` with every pattern that `text` stands for, absolute.
    ///
    /// Where the literal beginning of an absolute or `~/` pattern leads through symlinks, the pattern of the real place
    /// comes beside it. The part of a relative pattern below its base is never looked up: an agent may be able to put a
    /// link there, and would choose what the operator's pattern means.
    pub(crate) fn each(&self, text: &str, links: &mut Links, found: &mut dyn FnMut(&PathPattern<'_>)) -> Result<(), PatternError> {
        each_alternative(text, &mut |text| self.one(text, links, found))
    }

    fn one(&self, text: &str, links: &mut Links, found: &mut dyn FnMut(&PathPattern<'_>)) -> Result<(), PatternError> {
        let Reading { base, home, anchor } = *self;
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
        let mut segments: Vec<Segment<'_>> = Vec::with_capacity(12);
        segments.extend(literals(start));
        let body = segments.len();
        if !absolute && (anchor == Anchor::Floating || anchor == Anchor::AnyDepth && !rest.contains('/')) {
            segments.push(Segment::Deep);
        }
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => return Err(PatternError::new("`..` in a pattern: write the path it means")),
                "**" => {
                    if segments.len() == body || segments.last() != Some(&Segment::Deep) {
                        segments.push(Segment::Deep);
                    }
                }
                part if part.contains("**") => return Err(PatternError::new("`**` stands only for whole components: write `a/**/b`")),
                part => {
                    let component = Component::parse(part)?;
                    if component.least_bytes() > MAX_NAME {
                        return Err(PatternError::never("no file has a name of more than 255 bytes"));
                    }
                    segments.push(Segment::One(component));
                }
            }
        }
        if segments.len() > MAX_SEGMENTS {
            return Err(PatternError::new("more than 128 components"));
        }
        let pattern = PathPattern { segments };
        found(&pattern);
        if absolute {
            pattern.real(links, found);
        }
        Ok(())
    }
}

impl PathPattern<'_> {
    /// The patterns of one existing or future object: its path, and the place its links lead to.
    pub(crate) fn object(path: &Path, links: &mut Links, found: &mut dyn FnMut(&PathPattern<'_>)) {
        let pattern = PathPattern { segments: literals(path).collect() };
        found(&pattern);
        pattern.real(links, found);
    }

    /// The same pattern with the links in its literal beginning followed, where that is another one.
    fn real(&self, links: &mut Links, found: &mut dyn FnMut(&PathPattern<'_>)) {
        let names = self.segments.iter().map_while(|s| match s {
            Segment::One(Component::Literal(l)) => Some(&**l),
            _ => None,
        });
        let Some((real, count)) = links.real(names) else { return };
        let rest = self.segments.get(count..).unwrap_or_default();
        found(&PathPattern { segments: literals(&real).chain(rest.iter().cloned()).collect() });
    }

    /// The same with composed characters (Unicode NFC), where that is another one.
    pub(crate) fn composed(&self) -> Option<PathPattern<'static>> {
        let is_ascii = |s: &Segment<'_>| !matches!(s, Segment::One(component) if !component.is_ascii());
        if self.segments.iter().all(is_ascii) {
            return None;
        }
        let composed = self.map_text(|t| t.nfc().collect());
        (composed.segments != self.segments).then_some(composed)
    }

    /// The same in composed lower case.
    pub(crate) fn folded(&self) -> PathPattern<'static> {
        self.map_text(|t| t.nfc().collect::<String>().to_lowercase())
    }

    fn map_text(&self, f: impl Fn(&str) -> String) -> PathPattern<'static> {
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

    /// The names of the path this pattern is, where it has no wildcard.
    pub(crate) fn literal(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let is_name = |s: &Segment<'_>| matches!(s, Segment::One(Component::Literal(_)));
        self.segments.iter().all(is_name).then(|| {
            self.segments.iter().filter_map(|s| match s {
                Segment::One(Component::Literal(l)) => Some(&**l),
                _ => None,
            })
        })
    }
}

fn literals(path: &Path) -> impl Iterator<Item = Segment<'_>> {
    names_of(path).map(|name| Segment::One(Component::Literal(Cow::Borrowed(name))))
}

/// The names that a path is made of.
pub(crate) fn names_of(path: &Path) -> impl Iterator<Item = &[u8]> {
    path.components().filter_map(|c| match c {
        PathComponent::Normal(name) => Some(name.as_bytes()),
        _ => None,
    })
}

/// Calls `found` with every text that one with braces stands for.
pub(crate) fn each_alternative(text: &str, found: &mut dyn FnMut(&str) -> Result<(), PatternError>) -> Result<(), PatternError> {
    if !text.bytes().any(|b| matches!(b, b'{' | b'}')) {
        return found(text);
    }
    let Some((before, inside, after)) = only_group(text) else { return alternatives(text)?.iter().try_for_each(|text| found(text)) };
    let mut one = String::with_capacity(text.len());
    for choice in inside.split(',') {
        one.clear();
        one.extend([before, choice, after]);
        found(&one)?;
    }
    Ok(())
}

/// The parts of a text with one group of few choices, and nothing in it that could make it another.
pub(super) fn only_group(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    let is_simple = !inside.contains('{') && !after.contains(['{', '}']) && !text.contains(['[', '\\']);
    (is_simple && !before.contains('}') && inside.len() < MAX_ALTERNATIVES).then_some((before, inside, after))
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
                open.extend(choices.iter().rev().map(|choice| [before, choice, after].concat()));
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
    use std::ffi::OsStr;
    use std::path::PathBuf;

    #[test]
    fn braces() {
        assert_eq!(alternatives("a{b,c{d,e}}f").unwrap(), ["abf", "acdf", "acef"]);
        assert_eq!(alternatives(r"a\{b").unwrap(), [r"a\{b"]);
        assert!(alternatives("a{b").is_err());
        assert!(alternatives("a}b").is_err());
        assert!(alternatives(&"{a,b}".repeat(20)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn one_group_is_read_as_any(text in r"[a,/*]{0,3}(\{[a,/*]{0,4}\}|[{}\[\]\\])?[a,/*]{0,2}(\{[a,]{0,3}\})?") {
            let mut all = Vec::new();
            let read = each_alternative(&text, &mut |text| { all.push(text.to_owned()); Ok(()) });
            match alternatives(&text) {
                Ok(expected) => proptest::prop_assert_eq!(all, expected, "{}", text),
                Err(_) => proptest::prop_assert!(read.is_err(), "{}", text),
            }
        }
    }

    fn parse(text: &str, base: &Path, home: Option<&Path>) -> Result<Vec<Option<PathBuf>>, PatternError> {
        let mut all = Vec::new();
        let path = |p: &PathPattern<'_>| Some(Path::new("/").join(p.literal()?.map(OsStr::from_bytes).collect::<PathBuf>()));
        Reading { base, home, anchor: Anchor::Exact }.each(text, &mut Links::default(), &mut |p| all.push(path(p)))?;
        Ok(all)
    }

    #[test]
    fn a_base_with_wildcard_characters_is_literal() {
        let parsed = parse("src/a.rs", Path::new("/srv/[x]*{y}"), None).unwrap();
        assert_eq!(parsed, [Some(PathBuf::from("/srv/[x]*{y}/src/a.rs"))]);
    }

    #[test]
    fn refused_forms() {
        for bad in ["../x", "a/../b", "a**b", "~root/x", "[", "a/{b"] {
            assert!(parse(bad, Path::new("/p"), Some(Path::new("/h"))).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_no_file_can_be_called_never_matches() {
        for (text, never) in [("x".repeat(256), true), (format!("a/*{}", "x".repeat(256)), true), (format!("{}*", "x".repeat(255)), false)]
        {
            assert_eq!(parse(&text, Path::new("/p"), None).err().is_some_and(|e| e.is_never()), never, "{text}");
        }
    }

    #[test]
    fn a_link_below_the_base_does_not_widen_a_relative_pattern() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::os::unix::fs::symlink("/etc", base.join("src")).unwrap();
        assert_eq!(parse("src/**", &base, None).unwrap().len(), 1);
        let absolute = parse(base.join("src/hosts").to_str().unwrap(), &base, None).unwrap();
        assert_eq!(absolute[1].as_deref(), Some(Path::new("/etc/hosts")));
    }
}
