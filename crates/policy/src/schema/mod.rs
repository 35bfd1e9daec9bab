//! TOML text to checked entries, with positions and suggestions.
//!
//! | module | what it holds |
//! |---|---|
//! | `keys` | the table of every section and key |
//! | `read` | a text to a [`Document`], section by section |
//! | `value` | a TOML value to what its key takes |
//! | `entries` | lists of patterns, arguments, approvals |
//! | `repeated` | `[[flow]]`, `[[declassify]]`, `[[test]]`, `[tools.NAME]` |
//! | `json` | the JSON schema of the table |
//! | `reference` | the Markdown of the table |
//! | `migrate` | older files to this version |

mod document;
mod entries;
mod json;
pub(crate) mod keys;
mod migrate;
mod read;
mod reference;
mod repeated;
mod value;

pub(crate) use document::{Document, Origin, Removal, Stated, Value};
pub(crate) use entries::approval;
pub use json::json_schema;
pub use migrate::migrate;
pub(crate) use read::{MAX_TEXT_BYTES, read};
pub use reference::key_reference;
