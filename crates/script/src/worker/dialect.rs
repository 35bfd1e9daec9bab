//! The dialect of scripts: Starlark as wide as it goes.

use starlark::syntax::{Dialect, DialectTypes};

/// Top-level `for` and `if`, f-strings, keyword-only and positional-only arguments, type annotations.
pub(crate) const DIALECT: Dialect = Dialect {
    enable_def: true,
    enable_lambda: true,
    enable_load: true,
    enable_keyword_only_arguments: true,
    enable_positional_only_arguments: true,
    enable_types: DialectTypes::Enable,
    enable_load_reexport: true,
    enable_top_level_stmt: true,
    enable_f_strings: true,
    _non_exhaustive: (),
};
