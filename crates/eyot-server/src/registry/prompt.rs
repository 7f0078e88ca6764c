//! Registered prompts, and the replies of their handlers.

use std::collections::BTreeMap;
use std::fmt;

use eyot_types::{GetPromptResult, Prompt, PromptMessage};

use super::completion::Completions;
use super::handling::{HandlerReply, Handling};
use crate::rounds::required::InputRequired;

/// A prompt of a server, ready to be called. Its handlers get calls as a `C`.
pub(crate) struct RegisteredPrompt<C> {
    pub(crate) definition: Prompt,
    pub(crate) handler: PromptHandler<C>,
    pub(crate) completions: Completions<C>,
}

/// Makes the messages of a prompt.
pub(crate) type PromptHandler<C> =
    Box<dyn Fn(PromptArguments, C) -> Handling<PromptReply> + Send + Sync>;

impl<C> RegisteredPrompt<C> {
    /// Runs the handler once.
    pub(crate) fn run(&self, arguments: PromptArguments, call: C) -> Handling<PromptReply> {
        (self.handler)(arguments, call)
    }

    /// The first required argument that is not given.
    pub(crate) fn missing(&self, given: &PromptArguments) -> Option<&str> {
        let arguments = self.definition.arguments.as_deref().unwrap_or_default();
        let mut required = arguments.iter().filter(|it| it.required == Some(true));
        required.find(|it| !given.contains_key(&it.name)).map(|it| it.name.as_str())
    }
}

impl<C> fmt::Debug for RegisteredPrompt<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt").field("name", &self.definition.name).finish_non_exhaustive()
    }
}

/// The arguments of a prompt.
pub type PromptArguments = BTreeMap<String, String>;

/// The reply of a prompt.
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

impl HandlerReply for PromptReply {
    type Done = GetPromptResult;

    fn split(self) -> Result<GetPromptResult, InputRequired> {
        match self {
            Self::Done(result) => Ok(*result),
            Self::InputRequired(asked) => Err(asked),
        }
    }
}
