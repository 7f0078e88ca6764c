//! Prompts: a name, arguments, and a handler that makes messages of them.

use eyot_types::{GetPromptResult, Prompt, PromptArgument, PromptMessage};

use super::described::described;
use crate::call::context::CallContext;
use crate::failure::{HandlerError, HandlerResult};
use crate::registry::completion::{Completer, Completions, Suggestions};
use crate::registry::prompt::{PromptArguments, PromptHandler, PromptReply, RegisteredPrompt};
use crate::rounds::required::InputRequired;

/// Makes a prompt out of an async function or closure. The handler gets the arguments by their
/// names; required arguments are always there.
pub fn prompt<F, Fut>(name: impl Into<String>, handler: F) -> ServerPrompt
where
    F: Fn(PromptArguments, CallContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoPromptResult> + Send + 'static,
{
    let handler: PromptHandler<CallContext> = Box::new(move |arguments, call| {
        let running = handler(arguments, call);
        Box::pin(async move { running.await.into_prompt_result() })
    });
    ServerPrompt { definition: Prompt::new(name), handler, completions: Completions::new() }
}

/// A prompt on its way into a server: its definition and its handler.
#[must_use]
pub struct ServerPrompt {
    definition: Prompt,
    handler: PromptHandler<CallContext>,
    completions: Completions<CallContext>,
}

described!(ServerPrompt);

impl ServerPrompt {
    /// An argument; see [`PromptArgument::required`] for one that must be given.
    pub fn argument(mut self, argument: PromptArgument) -> Self {
        self.definition.arguments.get_or_insert_default().push(argument);
        self
    }

    /// Completes an argument while the user types: the handler gets the text so far.
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

    /// Makes the prompt ready to be called.
    pub(crate) fn register(self) -> RegisteredPrompt<CallContext> {
        let Self { definition, handler, completions } = self;
        RegisteredPrompt { definition, handler, completions }
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
