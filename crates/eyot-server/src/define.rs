//! The definitions that a developer makes: tools, prompts, resources, each with its handler.

pub(crate) mod described;
pub(crate) mod prompt;
pub(crate) mod resource;
pub(crate) mod tool;
