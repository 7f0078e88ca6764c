//! Questions that a handler asks by returning them.

use eyot_types::{CreateMessageParams, ElicitParams, Question};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::sealed::Questions;
use crate::failure::{HandlerError, HandlerResult};
use crate::schema::form_schema;

/// Asks the client for more by returning: the handler runs anew when the answers are there.
///
/// The other way to ask is to wait in the middle
/// ([`CallContext::elicit`](crate::CallContext::elicit) and the other methods that ask). That reads
/// better, but a handler that waits lives in this process. A handler that returns keeps nothing
/// here: its state goes into [`state`](Self::state), sealed, and any process with the same keys can
/// go on. Write the handler so that running it again does no harm.
///
/// In a legacy session the questions are sent as requests, and the handler is run again with the
/// answers: the same code serves both eras. In a call that has become a task
/// ([`TaskPolicy`](crate::TaskPolicy)) the questions stand in the task's state, under these keys; a
/// key that the task has used before is replaced by another.
///
/// ```
/// use eyot_server::{CallContext, Elicited, HandlerResult, InputRequired, NoArguments, ToolReply};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Name { name: String }
///
/// async fn greet(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
///     match call.inputs().elicited::<Name>("user") {
///         Some(Elicited::Accepted(Name { name })) => Ok(format!("Hello, {name}!").into()),
///         Some(_) => Ok("Hello, stranger!".into()),
///         None => Ok(InputRequired::new().elicit::<Name>("user", "What is your name?").into()),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct InputRequired {
    questions: Questions,
    state: Option<String>,
    /// The reason why the first form that cannot be shown cannot be shown.
    problem: Option<String>,
}

impl InputRequired {
    /// Asks nothing yet. With a state alone, the client comes back at once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the user with a form made of the fields of `T`, as
    /// [`CallContext::elicit`](crate::CallContext::elicit) does; read the answer with
    /// [`Inputs::elicited`](crate::Inputs::elicited). A `T` that is no form fails the call.
    #[must_use]
    pub fn elicit<T>(mut self, key: impl Into<String>, message: impl Into<String>) -> Self
    where
        T: DeserializeOwned + JsonSchema,
    {
        let key = key.into();
        match form_schema::<T>() {
            Ok(schema) => self.elicit_with(key, ElicitParams::form(message, schema)),
            Err(error) => {
                self.problem.get_or_insert_with(|| format!("`{key}` is no form: {error}"));
                self
            }
        }
    }

    /// Asks the user with the form or page that `params` describe; the answer is an
    /// [`ElicitResult`](eyot_types::ElicitResult).
    #[must_use]
    pub fn elicit_with(self, key: impl Into<String>, params: ElicitParams) -> Self {
        self.ask(key, params)
    }

    /// Asks the client's model; the answer is a
    /// [`CreateMessageResult`](eyot_types::CreateMessageResult).
    #[must_use]
    pub fn sample(self, key: impl Into<String>, params: CreateMessageParams) -> Self {
        self.ask(key, params)
    }

    /// Asks for the client's folders; the answer is a
    /// [`ListRootsResult`](eyot_types::ListRootsResult).
    #[must_use]
    pub fn list_roots(self, key: impl Into<String>) -> Self {
        self.ask(key, Question::roots())
    }

    /// Asks any question.
    #[must_use]
    pub fn ask(mut self, key: impl Into<String>, question: impl Into<Question>) -> Self {
        self.questions.push((key.into(), question.into()));
        self
    }

    /// Keeps the handler's state for the next round; read it with
    /// [`Inputs::state`](crate::Inputs::state).
    #[must_use]
    pub fn state(self, state: impl Into<String>) -> Self {
        Self { state: Some(state.into()), ..self }
    }

    /// The questions by their keys, and the state.
    ///
    /// # Errors
    /// When there is neither a question nor a state, or a question cannot be asked.
    pub(crate) fn into_parts(self) -> HandlerResult<(Questions, Option<String>)> {
        match self.problem {
            Some(problem) => Err(HandlerError::new(problem)),
            None if self.questions.is_empty() && self.state.is_none() => {
                Err(HandlerError::new("the handler asked for nothing"))
            }
            None => Ok((self.questions, self.state)),
        }
    }
}
