//! One file per kind of effect: what the pipeline of the gate is for each.

mod argument;
pub(crate) mod child_env;
mod declassify;
mod env;
pub(crate) mod exec;
mod files;
pub(crate) mod hold;
mod http;
pub(crate) mod keep;
mod reveal;
mod time;
