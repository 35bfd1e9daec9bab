//! The policies that come with Aegis.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Names of the presets that `inherits` can name, in alphabetical order.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

/// The text of a preset.
#[must_use]
pub fn preset_text(name: &str) -> Option<&'static str> {
    text(PRESETS, name)
}

/// Names of the starter policies (`aegis init --lang NAME`), in alphabetical order.
pub fn starter_names() -> impl Iterator<Item = &'static str> {
    STARTERS.iter().map(|(name, _)| *name)
}

/// The text of a starter policy.
#[must_use]
pub fn starter_text(name: &str) -> Option<&'static str> {
    text(STARTERS, name)
}

/// What `inherits` can name, as name and text.
pub(crate) fn presets() -> &'static [(&'static str, &'static str)] {
    PRESETS
}

fn text(table: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
