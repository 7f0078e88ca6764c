//! Decodes the result of a call as that of its method.

use std::ops::Deref;

use eyot_jsonrpc::{ErrorObject, Message};
use eyot_types::{
    CallToolResult, CompleteResult, ContentBlock, EmptyResult, GetPromptResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, Prompt, ReadResourceResult,
    ReadResult, Resource, ResourceTemplate, Tool,
};
use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::read::read;
use crate::state::Shared;

/// The result of some method.
///
/// Implemented for the results of the protocol, and for [`Message`], which is the answer as it
/// came.
pub trait Outcome: sealed::Sealed + Sized + Send + 'static {}

/// A page of some list.
pub trait Page: Outcome + ReadResult {
    /// What is listed.
    type Item: Send + 'static;

    /// The items, and where the next page starts.
    fn into_parts(self) -> (Vec<Self::Item>, Option<String>);
}

pub(crate) mod sealed {
    use super::{ClientError, Message, Shared};

    /// What decoding needs of the client.
    #[derive(Clone, Copy)]
    #[expect(unnameable_types, missing_debug_implementations, reason = "seals a trait")]
    pub struct Of<'a>(pub(crate) &'a Shared);

    #[expect(unnameable_types, reason = "seals a trait")]
    pub trait Sealed: Sized {
        /// Decodes an answer that is no error.
        fn decode(answer: Message, client: Of<'_>) -> Result<Self, ClientError>;
    }
}

impl Outcome for Message {}

impl sealed::Sealed for Message {
    fn decode(answer: Message, _client: sealed::Of<'_>) -> Result<Self, ClientError> {
        Ok(answer)
    }
}

macro_rules! outcomes {
    ( $( $result:ident, )+ ) => { $(
        impl Outcome for $result {}

        impl sealed::Sealed for $result {
            fn decode(answer: Message, _client: sealed::Of<'_>) -> Result<Self, ClientError> {
                read(&answer)
            }
        }
    )+ };
}

outcomes! {
    CompleteResult,
    EmptyResult,
    GetPromptResult,
    ListPromptsResult,
    ListResourceTemplatesResult,
    ListResourcesResult,
    ReadResourceResult,
}

impl Outcome for ListToolsResult {}

impl sealed::Sealed for ListToolsResult {
    fn decode(answer: Message, client: sealed::Of<'_>) -> Result<Self, ClientError> {
        let sealed::Of(shared) = client;
        let mut page: Self = read(&answer)?;
        // "Clients using other transports (e.g., stdio) MAY ignore `x-mcp-header` annotations
        // entirely" (2026-07-28, basic/transports/streamable-http).
        let is_modern = shared.session_now().is_some_and(|it| it.era() == eyot_types::Era::Modern);
        if is_modern && shared.target.has_headers() {
            drop_invalid_tools(shared, &mut page);
        }
        Ok(page)
    }
}

/// "The client MUST exclude the invalid tool from the result of `tools/list`. Clients SHOULD log a
/// warning [...], including the tool name and the reason" (2026-07-28,
/// basic/transports/streamable-http). Only HTTP needs it, and only the modern era.
pub(crate) fn drop_invalid_tools(shared: &Shared, page: &mut ListToolsResult) {
    page.tools.retain(|tool| match shared.known_tools.learn(tool) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(tool = tool.name, %error, "tool is not used");
            false
        }
    });
}

macro_rules! pages {
    ( $( $result:ident { $items:ident: $item:ident }, )+ ) => { $(
        impl Page for $result {
            type Item = $item;

            fn into_parts(self) -> (Vec<$item>, Option<String>) {
                (self.$items, self.next_cursor)
            }
        }
    )+ };
}

pages! {
    ListToolsResult { tools: Tool },
    ListPromptsResult { prompts: Prompt },
    ListResourcesResult { resources: Resource },
    ListResourceTemplatesResult { resource_templates: ResourceTemplate },
}

/// What a tool answered. A tool that failed has answered too: see
/// [`is_error`](Self::is_error).
#[derive(Clone, Debug, PartialEq)]
pub struct ToolAnswer(pub CallToolResult);

impl ToolAnswer {
    /// Whether the tool failed. Its text says why, for a model.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.0.is_error.unwrap_or(false)
    }

    /// Every piece of text, each on a line of its own.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.0.content.iter().filter_map(|block| match block {
            ContentBlock::Text(text) => Some(text.text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The structured content as a `T`.
    ///
    /// Servers before 2025-06-18 have none: a single text that is JSON is taken for it then.
    ///
    /// # Errors
    ///
    /// [`ClientError::Rpc`] with the text of a tool that failed; [`ClientError::Protocol`] when
    /// there is no such content.
    pub fn structured<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        if self.is_error() {
            let error = ErrorObject::new(eyot_types::codes::INTERNAL_ERROR, self.text());
            return Err(ClientError::Rpc(error));
        }
        let read = match &self.0.structured_content {
            Some(value) => T::deserialize(value),
            None => serde_json::from_str(&self.text()),
        };
        let unreadable = |error| format!("structured content cannot be read: {error}");
        read.map_err(|error| ClientError::Protocol { reason: unreadable(error) })
    }
}

impl Deref for ToolAnswer {
    type Target = CallToolResult;

    fn deref(&self) -> &CallToolResult {
        &self.0
    }
}

/// A result with the message that it was read from: numbers of any length and members that are not
/// known here are in the message alone.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "plain data that its users take apart")]
pub struct Answered<T> {
    /// The result as it was read.
    pub result: T,
    /// The answer as it came.
    pub message: Message,
}

impl<T: Outcome> Outcome for Answered<T> {}

impl<T: Outcome> sealed::Sealed for Answered<T> {
    fn decode(answer: Message, client: sealed::Of<'_>) -> Result<Self, ClientError> {
        Ok(Self { result: T::decode(answer.clone(), client)?, message: answer })
    }
}

impl Outcome for ToolAnswer {}

impl sealed::Sealed for ToolAnswer {
    fn decode(answer: Message, _client: sealed::Of<'_>) -> Result<Self, ClientError> {
        read(&answer).map(Self)
    }
}
