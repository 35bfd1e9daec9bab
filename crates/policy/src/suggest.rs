//! The nearest known name to a mistyped one.

/// Names longer than this are not worth comparing: the cost grows with the square.
const LONGEST: usize = 64;

/// The known name nearest to `typed`, if it is near enough to be meant.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.chars().take(LONGEST.saturating_add(1)).flat_map(char::to_lowercase).collect();
    if typed.is_empty() || typed.len() > LONGEST {
        return None;
    }
    let allowed = (typed.len() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&typed, &name.chars().flat_map(char::to_lowercase).take(LONGEST).collect::<Vec<_>>()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut a_last = None;
    for (i, &x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        let mut left = i.saturating_add(1);
        row.push(left);
        let mut b_last = None;
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let substituted = at(&above, j).saturating_add(usize::from(x != y));
            let mut best = substituted.min(left.saturating_add(1)).min(at(&above, j.saturating_add(1)).saturating_add(1));
            if a_last == Some(y) && b_last == Some(x) {
                best = best.min(at(&before, j.saturating_sub(1)).saturating_add(1));
            }
            row.push(best);
            left = best;
            b_last = Some(y);
        }
        before = std::mem::replace(&mut above, row);
        a_last = Some(x);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(a: &str, b: &str) -> usize {
        distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "", 2),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
            ("read_alow", "read_allow", 1),
            ("abc", "xyz", 3),
        ] {
            assert_eq!(measure(a, b), expected, "{a} {b}");
            assert_eq!(measure(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["read_allow", "write_allow", "deny"];
        assert_eq!(nearest("read_alow", known), Some("read_allow"));
        assert_eq!(nearest("DENY", known), Some("deny"));
        assert_eq!(nearest("denny", known), Some("deny"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"d".repeat(100_000), known), None);
    }
}
