//! Rounds of a call: what a handler asks, and what the client brings back.

pub(crate) mod required;
