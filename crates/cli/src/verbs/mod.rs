//! One verb a file.

pub(crate) mod agents;
pub(crate) mod approve;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod exec;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod mcp;
pub(crate) mod mcp_install;
pub(crate) mod migrate;
pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod shell;
pub(crate) mod trust;
pub(crate) mod why;
pub(crate) mod worker;
