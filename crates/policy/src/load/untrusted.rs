//! What a project's policy may not say before the operator has trusted it.

use super::gather::{Gathered, names_file};
use crate::load_error::{LoadCode, LoadError};
use crate::merged::Lists;
use crate::position::Position;
use crate::schema::{Document, Origin};

type HasEntries = fn(&Lists) -> bool;

/// Lists that open what is closed for everybody.
const OPENING: &[(&str, HasEntries)] = &[
    ("[filesystem].allow_control_files", |lists| !lists.allow_control_files.is_empty()),
    ("[network].allow_ips", |lists| !lists.allow_ips.is_empty()),
    ("[network].no_echo_hosts", |lists| !lists.no_echo_hosts.is_empty()),
    ("[network].allow_plain_http", |lists| !lists.allow_plain_http.is_empty()),
    ("[environment].allow_reserved", |lists| !lists.allow_reserved.is_empty()),
];

/// Refuses everything by which a policy could loosen another: `!`, `override`, lists that open what is built in, declassification,
/// native settings of agents, and files inherited from elsewhere. Presets are part of the program and may say what they like.
pub(super) fn check_untrusted(gathered: &Gathered) -> Result<(), LoadError> {
    gathered.0.iter().filter(|node| !node.document.origin.preset).try_for_each(|node| document(&node.document))
}

/// The error for something that only a trusted policy may say.
pub(super) fn refuse(origin: &Origin, at: Position, what: &str) -> LoadError {
    let message = format!("{what} is only for policies that are trusted; read it, then run: aegis trust {}", origin.name);
    origin.error(LoadCode::Untrusted, at, message).in_key(what)
}

/// The first such thing in the order of the file. Shows position and key, never the text.
fn document(document: &Document) -> Result<(), LoadError> {
    let mut found: Vec<(Position, String)> = Vec::new();
    let stated = |place: &str| document.stated.iter().find(|(known, _)| *known == place).map(|(_, at)| *at);
    found.extend(document.removals.iter().map(|removal| (removal.at, format!("\"!\" in {}", removal.key.place))));
    let overriding = document.settings.values().filter(|stated| stated.key.name == "override");
    found.extend(overriding.filter(|s| s.value == crate::schema::Value::Flag(true)).map(|s| (s.at, s.key.place.to_owned())));
    let opening = OPENING.iter().filter(|(_, has_entries)| has_entries(&document.lists));
    found.extend(opening.filter_map(|(place, _)| Some((stated(place)?, (*place).to_owned()))));
    found.extend(stated("declassify").map(|at| (at, "[[declassify]]".to_owned())));
    found.extend((!document.native.is_empty()).then(|| stated("[agents].native")).flatten().map(|at| (at, "[agents].native".to_owned())));
    found.extend(document.inherits.iter().filter(|(name, _)| names_file(name)).map(|(_, at)| (*at, "inherits of a file".to_owned())));
    found.sort_by_key(|(at, _)| *at);
    match found.into_iter().next() {
        None => Ok(()),
        Some((at, what)) => Err(refuse(&document.origin, at, &what)),
    }
}
