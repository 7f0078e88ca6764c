//! Prompts: a name, arguments, a handler that makes messages of them.

use std::collections::BTreeMap;

use eyot_types::{GetPromptResult, Prompt, PromptArgument, PromptMessage};

use crate::call::context::CallContext;
use crate::define::described::described;
use crate::define::tool::Handling;
use crate::failure::{HandlerError, HandlerResult};
use crate::registry::completion::{Completer, Completions, Suggestions};
use crate::rounds::required::InputRequired;

/// What a prompt is filled with.
pub type PromptArguments = BTreeMap<String, String>;

/// Makes a prompt out of an async function or closure, which gets the arguments by their names.
/// Arguments that are required have been given.
pub fn prompt<F, Fut>(name: impl Into<String>, handler: F) -> ServerPrompt
where
    F: Fn(PromptArguments, CallContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoPromptResult> + Send + 'static,
{
    let handler: Handler = Box::new(move |arguments, call| {
        let running = handler(arguments, call);
        Box::pin(async move { running.await.into_prompt_result() })
    });
    ServerPrompt { definition: Prompt::new(name), handler, completions: Completions::default() }
}

/// A prompt of a server: its definition and its handler.
#[must_use]
pub struct ServerPrompt {
    pub(crate) definition: Prompt,
    handler: Handler,
    pub(crate) completions: Completions,
}

type Handler = Box<dyn Fn(PromptArguments, CallContext) -> Handling<PromptReply> + Send + Sync>;

/// What a prompt answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PromptReply {
    /// The messages.
    Done(Box<GetPromptResult>),
    /// It needs another round.
    InputRequired(InputRequired),
}

impl From<GetPromptResult> for PromptReply {
    fn from(result: GetPromptResult) -> Self {
        Self::Done(Box::new(result))
    }
}

impl From<Vec<PromptMessage>> for PromptReply {
    fn from(messages: Vec<PromptMessage>) -> Self {
        GetPromptResult::new(messages).into()
    }
}

impl From<InputRequired> for PromptReply {
    fn from(asked: InputRequired) -> Self {
        Self::InputRequired(asked)
    }
}

described!(ServerPrompt);

impl ServerPrompt {
    /// An argument; see [`PromptArgument::required`] for one that must be given.
    pub fn argument(mut self, argument: PromptArgument) -> Self {
        self.definition.arguments.get_or_insert_default().push(argument);
        self
    }

    /// Completes an argument while the user types: the handler gets what is there so far.
    pub fn complete<F, Fut>(mut self, argument: impl Into<String>, handler: F) -> Self
    where
        F: Fn(String, CallContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Into<Suggestions>> + Send + 'static,
    {
        self.completions.insert(argument, Completer::new(handler));
        self
    }

    /// The definition, as it is listed.
    #[must_use]
    pub fn definition(&self) -> &Prompt {
        &self.definition
    }

    /// Runs the handler once.
    pub(crate) fn run(
        &self,
        arguments: PromptArguments,
        call: CallContext,
    ) -> Handling<PromptReply> {
        (self.handler)(arguments, call)
    }

    /// The first argument that must be given and is not.
    pub(crate) fn missing(&self, given: &PromptArguments) -> Option<&str> {
        let arguments = self.definition.arguments.as_deref().unwrap_or_default();
        let mut required = arguments.iter().filter(|it| it.required == Some(true));
        required.find(|it| !given.contains_key(&it.name)).map(|it| it.name.as_str())
    }
}

/// What a prompt's handler may return: a text of the user, messages, a result,
/// [`InputRequired`], and a `Result` of any of these.
pub trait IntoPromptResult {
    /// What the prompt answers.
    ///
    /// # Errors
    ///
    /// When there is no result; the client learns why.
    fn into_prompt_result(self) -> HandlerResult<PromptReply>;
}

impl IntoPromptResult for PromptReply {
    fn into_prompt_result(self) -> HandlerResult<PromptReply> {
        Ok(self)
    }
}

impl IntoPromptResult for GetPromptResult {
    fn into_prompt_result(self) -> HandlerResult<PromptReply> {
        Ok(PromptReply::Done(Box::new(self)))
    }
}

impl IntoPromptResult for InputRequired {
    fn into_prompt_result(self) -> HandlerResult<PromptReply> {
        Ok(PromptReply::InputRequired(self))
    }
}

impl IntoPromptResult for Vec<PromptMessage> {
    fn into_prompt_result(self) -> HandlerResult<PromptReply> {
        GetPromptResult::new(self).into_prompt_result()
    }
}

impl IntoPromptResult for String {
    fn into_prompt_result(self) -> HandlerResult<PromptReply> {
        vec![PromptMessage::user(self)].into_prompt_result()
    }
}

impl IntoPromptResult for &'static str {
    fn into_prompt_result(self) -> HandlerResult<PromptReply> {
        self.to_owned().into_prompt_result()
    }
}

impl<T: IntoPromptResult, E: Into<HandlerError>> IntoPromptResult for Result<T, E> {
    fn into_prompt_result(self) -> HandlerResult<PromptReply> {
        self.map_err(Into::into)?.into_prompt_result()
    }
}
