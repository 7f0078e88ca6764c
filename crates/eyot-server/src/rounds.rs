//! Rounds of a call: what a handler asks, and what the client brings back.

pub(crate) mod elicited;
pub(crate) mod inputs;
pub(crate) mod required;
pub(crate) mod sealed;
