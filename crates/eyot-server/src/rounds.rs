//! Rounds of a call: the questions of a handler, and the answers that the client brings back.

pub(crate) mod elicited;
pub(crate) mod inputs;
pub(crate) mod required;
pub(crate) mod sealed;
