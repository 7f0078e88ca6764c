//! Rounds of a call: what a handler asks by returning, and the state that comes back sealed.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::Message;
use eyot_service::{Peer, SealedState};
use eyot_types::{CreateMessageParams, ElicitParams, InputRequiredResult, JsonObject, Question};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::call::asking::Elicited;
use crate::call::context::CallContext;
use crate::failure::{HandlerError, HandlerResult};
use crate::schema::form_schema;

/// Asks the client for more by returning: the handler runs anew when the answers are there.
///
/// The other way to ask is to wait in the middle ([`CallContext::elicit`] and its like), which
/// reads better; but a handler that waits lives in this process. One that returns keeps nothing
/// here: what it wants to remember goes into [`state`](Self::state), sealed, and any process
/// with the same keys can go on. It must be written so that running it again does no harm.
///
/// In a legacy session the questions are sent as requests and the handler is run again with the
/// answers: the same code serves both eras. In a call that has become a task
/// ([`TaskPolicy`](crate::TaskPolicy)) they stand in its state, under these keys or, if one was used
/// before in the task, under others.
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
///         Some(_) => Ok("Hello, whoever you are!".into()),
///         None => Ok(InputRequired::new().elicit::<Name>("user", "What is your name?").into()),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct InputRequired {
    questions: Vec<(String, Question)>,
    state: Option<String>,
    /// Why the first form that cannot be shown cannot be.
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
    /// [`Inputs::elicited`]. A `T` that is no form fails the call.
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

    /// Asks the user with whatever form or page `params` describe; the answer is an
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

    /// Asks anything.
    #[must_use]
    pub fn ask(mut self, key: impl Into<String>, question: impl Into<Question>) -> Self {
        self.questions.push((key.into(), question.into()));
        self
    }

    /// What the handler wants to know in the next round; read it with [`Inputs::state`].
    #[must_use]
    pub fn state(self, state: impl Into<String>) -> Self {
        Self { state: Some(state.into()), ..self }
    }

    fn check(&self) -> HandlerResult<()> {
        match &self.problem {
            Some(problem) => Err(HandlerError::new(problem)),
            None if self.questions.is_empty() && self.state.is_none() => {
                Err(HandlerError::new("the handler asked for nothing"))
            }
            None => Ok(()),
        }
    }

    /// The result for a modern client.
    pub(crate) async fn into_result(
        self,
        call: &CallContext,
    ) -> HandlerResult<InputRequiredResult> {
        self.check()?;
        let client = call.client_capabilities().await?;
        let fitted = |(key, question)| Ok((key, call.fitted(question, &client)?));
        let questions = self.questions.into_iter().map(fitted);
        let questions = questions.collect::<HandlerResult<Vec<_>>>()?;
        // Always sealed, even if empty: it is what binds the next round to this call.
        let state = Sealed::Handler(self.state.unwrap_or_default());
        Ok(input_required(questions, call.seal(&state)))
    }

    /// Asks while the call goes on, everything at once, and gives what a next round would have:
    /// in a legacy session, or in a task.
    pub(crate) async fn ask_here(self, call: &CallContext) -> HandlerResult<Inputs> {
        self.check()?;
        let asking = self.questions.into_iter().map(|(key, question)| async move {
            let answer = call.question(Some(&key), question).await?;
            Ok::<_, HandlerError>((key, answer))
        });
        let answers = futures_util::future::try_join_all(asking).await?;
        Ok(Inputs::new(answers.into_iter().collect(), self.state))
    }
}

/// The result that asks for another round. "Servers MUST include at least one of `inputRequests`
/// or `requestState`" (2026-07-28, basic/patterns/mrtr).
pub(crate) fn input_required(
    questions: Vec<(String, Question)>,
    state: String,
) -> InputRequiredResult {
    if questions.is_empty() {
        return InputRequiredResult::again(state);
    }
    let requests = questions.into_iter().map(|(key, question)| (key, question.into())).collect();
    InputRequiredResult::new(requests).with_request_state(state)
}

/// What a round brought: the client's answers by key, and the handler's own state.
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

    /// The answer under a key. `None`: the client has not given one, or none that is a `T`; ask
    /// again. Answers that nobody asked for are simply not read.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_value(self.0.as_ref()?.responses.get(key)?.clone()).ok()
    }

    /// What the user did with the form under a key. `None`: nothing yet, or what came does not
    /// fit the form; ask again.
    #[must_use]
    pub fn elicited<T: DeserializeOwned>(&self, key: &str) -> Option<Elicited<T>> {
        Elicited::of(self.get(key)?).ok()
    }

    /// What the handler gave to [`InputRequired::state`] in the round before.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.0.as_ref()?.state.as_deref()
    }
}

/// What the client keeps for us between two rounds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sealed {
    /// A handler's own state.
    #[serde(rename = "s")]
    Handler(String),
    /// A call that is parked in the process of this number, in its round of this number.
    #[serde(rename = "p")]
    Parked { process: u64, call: u64, round: u32 },
}

impl CallContext {
    /// Seals what the next round of this call must bring back.
    pub(crate) fn seal(&self, state: &Sealed) -> String {
        let app = self.app();
        let request = self.message();
        app.request_state(&self.shared().peer, &request).seal(state, app.options.round_timeout)
    }
}

impl App {
    /// What seals and opens the states of this request.
    pub(crate) fn request_state<'a>(
        &'a self,
        peer: &'a Peer,
        request: &'a Message,
    ) -> SealedState<'a> {
        SealedState { keys: &self.options.keys, maker: "server", peer, request }
    }
}

/// How long a client may take for a round unless the server says otherwise: people are slow.
pub(crate) const ROUND_TIMEOUT: Duration = Duration::from_secs(600);
