//! How far a call has come.

/// How far a call has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    pub(crate) done: f64,
    pub(crate) total: Option<f64>,
    pub(crate) message: Option<String>,
}

impl Progress {
    /// A report that `done` units are done; each report of a call must be higher than the one
    /// before.
    #[must_use]
    pub fn new(done: f64) -> Self {
        Self { done, ..Self::default() }
    }

    /// The number of units at which the call is done.
    #[must_use]
    pub fn of(self, total: f64) -> Self {
        Self { total: Some(total), ..self }
    }

    /// What the call does now, as a text for people. Clients from 2025-03-26 on show it.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }
}
