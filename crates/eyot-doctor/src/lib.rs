//! The way to a server, step by step, with what to do where it ends.
//!
//! [`examine`] goes the way that every client goes: a program is found, started and listened to; a
//! URL is resolved, connected to, secured and asked; then the server is spoken to in its era, and
//! its lists are read. The first step that fails is the last one. Each step has its time, a verdict,
//! and an advice where there is something to do.
//!
//! **Invariant:** nothing is changed at the server, but for the one tool that its user names; and
//! no text has a secret in it: no header, no token, no query. This crate prints nothing and reads no
//! file.

mod chart;
mod examine;
mod finding;
mod http_answer;
mod network;
mod patient;
mod program;
mod program_file;
mod protocol;
mod report;
mod rounds;
mod words;

pub use crate::chart::News;
pub use crate::examine::examine;
pub use crate::patient::{Patient, ToolCall};
pub use crate::report::{Ailment, Report, Step, StepName, Verdict};
pub use crate::rounds::{Line, Rounds, STEP_TIMEOUT};

#[cfg(test)]
mod tests;
