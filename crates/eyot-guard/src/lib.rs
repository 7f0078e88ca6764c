//! Interceptors that come with the program.
//!
//! Each is made by one function or type, and is a step like any other: nothing here runs by itself.
//!
//! - [`Rules`]: the rules of a file, and the interceptors that they call ([`Callees`]).
//! - [`Secrets`]: forms of secrets; [`Redactor`] takes them out of payloads.
//! - [`TaintGuard`]: what one server has told is not sent to another.
//! - [`Tools`]: tools stay what they were when their user approved them ([`Pins`]), and arguments fit
//!   their schemas.
//! - [`hidden_characters`], [`injection_markers`]: recorded, never blocked.
//! - [`response_size`]: a bound for results.
//! - [`trace`]: a span of ours in the trace of each request.

mod definitions;
mod hidden;
mod markers;
mod pins;
mod rules;
mod secrets;
mod strings;
mod taint;
mod tools;
mod trace;

pub use crate::hidden::Oddity;
pub use crate::markers::{
    hidden_characters, hidden_characters_but_of, injection_markers, response_size,
};
pub use crate::pins::{InvalidPins, Pins};
pub use crate::rules::{Callees, Counts, Rules};
pub use crate::secrets::{InvalidForm, Redactor, Secrets};
pub use crate::taint::TaintGuard;
pub use crate::tools::{Tools, Trust};
pub use crate::trace::trace;
