//! The inputs that a round brings.

use std::sync::Arc;

use eyot_types::JsonObject;
use serde::de::DeserializeOwned;

use super::elicited::Elicited;

/// The inputs that a round brings: the client's answers by key, and the handler's own state.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Option<Arc<Given>>);

#[derive(Debug)]
struct Given {
    responses: JsonObject,
    state: Option<String>,
}

impl Inputs {
    pub(crate) fn new(responses: JsonObject, state: Option<String>) -> Self {
        Self(Some(Arc::new(Given { responses, state })))
    }

    /// Whether the call has just begun.
    #[must_use]
    pub fn is_first_round(&self) -> bool {
        self.0.is_none()
    }

    /// The answer under a key. `None`: the client has given no answer, or one that is no `T`; ask
    /// again. Answers to questions that were not asked are ignored.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_value(self.0.as_ref()?.responses.get(key)?.clone()).ok()
    }

    /// The outcome of the form under a key. `None`: there is no answer yet, or the answer does not
    /// fit the form; ask again.
    #[must_use]
    pub fn elicited<T: DeserializeOwned>(&self, key: &str) -> Option<Elicited<T>> {
        Elicited::of(self.get(key)?).ok()
    }

    /// The state that the handler gave to [`InputRequired::state`](crate::InputRequired::state) in
    /// the round before.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.0.as_ref()?.state.as_deref()
    }
}
