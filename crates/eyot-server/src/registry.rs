//! What a server offers.

pub(crate) mod catalog;
pub(crate) mod completion;
pub(crate) mod custom;
mod discovery;
mod lists;
pub(crate) mod uri_template;
