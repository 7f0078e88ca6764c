//! Every method and notification of every revision, with the facts that routing needs.

use std::borrow::Cow;
use std::fmt;

use eyot_jsonrpc::Message;
use serde::Deserialize;

use crate::{ClientCapability, Revision};

/// Writes the names once: the enum, its reader and its writer come from one list.
macro_rules! methods {
    ( $( $variant:ident = $text:literal, )+ ) => {
        /// A method or notification name. Unknown names are kept as they came.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Method<'a> {
            $(
                #[doc = concat!("`", $text, "`")]
                $variant,
            )+
            /// A name of an extension, or an unknown one.
            Other(&'a str),
        }

        impl<'a> Method<'a> {
            /// Every name known here.
            pub const KNOWN: &'static [Method<'static>] = &[ $( Method::$variant, )+ ];

            /// The method of that name. Names are case-sensitive.
            #[must_use]
            pub fn parse(text: &'a str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    _ => Self::Other(text),
                }
            }

            /// The name, as it is sent.
            #[must_use]
            pub const fn as_str(&self) -> &'a str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Other(text) => text,
                }
            }
        }
    };
}

methods! {
    Initialize = "initialize",
    Initialized = "notifications/initialized",
    Ping = "ping",
    Cancelled = "notifications/cancelled",
    Progress = "notifications/progress",
    ServerDiscover = "server/discover",
    SubscriptionsListen = "subscriptions/listen",
    SubscriptionsAcknowledged = "notifications/subscriptions/acknowledged",
    ToolsList = "tools/list",
    ToolsCall = "tools/call",
    ToolsListChanged = "notifications/tools/list_changed",
    PromptsList = "prompts/list",
    PromptsGet = "prompts/get",
    PromptsListChanged = "notifications/prompts/list_changed",
    ResourcesList = "resources/list",
    ResourcesTemplatesList = "resources/templates/list",
    ResourcesRead = "resources/read",
    ResourcesSubscribe = "resources/subscribe",
    ResourcesUnsubscribe = "resources/unsubscribe",
    ResourcesListChanged = "notifications/resources/list_changed",
    ResourcesUpdated = "notifications/resources/updated",
    CompletionComplete = "completion/complete",
    LoggingSetLevel = "logging/setLevel",
    LoggingMessage = "notifications/message",
    SamplingCreateMessage = "sampling/createMessage",
    ElicitationCreate = "elicitation/create",
    ElicitationComplete = "notifications/elicitation/complete",
    RootsList = "roots/list",
    RootsListChanged = "notifications/roots/list_changed",
    TasksGet = "tasks/get",
    TasksResult = "tasks/result",
    TasksUpdate = "tasks/update",
    TasksCancel = "tasks/cancel",
    TasksList = "tasks/list",
    TasksStatus = "notifications/tasks/status",
    Tasks = "notifications/tasks",
}

/// Who sends a message of some method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The client only.
    Client,
    /// The server only.
    Server,
    /// Either side, in at least one revision.
    Both,
}

/// Where the value of the `Mcp-Name` header comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameSource {
    /// `params.name`
    Name,
    /// `params.uri`
    Uri,
    /// `params.taskId`
    TaskId,
}

impl NameSource {
    /// The member of `params` that is mirrored.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Uri => "uri",
            Self::TaskId => "taskId",
        }
    }

    /// The value in a request's parameters. `None`: there is none, or none that is a text.
    #[must_use]
    pub fn value(self, request: &Message) -> Option<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct Params {
            #[serde(rename = "taskId")]
            task_id: String,
        }
        match self {
            Self::Name => request.name(),
            Self::Uri => request.uri(),
            // Rare enough to be decoded; the scan has refused a member that is there twice.
            Self::TaskId => request.decode_params::<Params>().ok().map(|it| it.task_id.into()),
        }
    }
}

impl Method<'_> {
    /// Whether messages of this name are notifications in every revision that has them. Of an
    /// unknown name the prefix decides; the presence of an id in the message is what binds.
    #[must_use]
    pub fn is_notification(&self) -> bool {
        self.as_str().starts_with("notifications/")
    }

    /// Who sends it. Of an unknown name nothing is known: [`Sender::Both`].
    #[must_use]
    pub const fn sender(&self) -> Sender {
        match self {
            Self::Initialize
            | Self::Initialized
            | Self::ServerDiscover
            | Self::SubscriptionsListen
            | Self::ToolsList
            | Self::ToolsCall
            | Self::PromptsList
            | Self::PromptsGet
            | Self::ResourcesList
            | Self::ResourcesTemplatesList
            | Self::ResourcesRead
            | Self::ResourcesSubscribe
            | Self::ResourcesUnsubscribe
            | Self::CompletionComplete
            | Self::LoggingSetLevel
            | Self::RootsListChanged
            | Self::TasksUpdate => Sender::Client,
            Self::SubscriptionsAcknowledged
            | Self::ToolsListChanged
            | Self::PromptsListChanged
            | Self::ResourcesListChanged
            | Self::ResourcesUpdated
            | Self::LoggingMessage
            | Self::SamplingCreateMessage
            | Self::ElicitationCreate
            | Self::ElicitationComplete
            | Self::RootsList
            | Self::Tasks => Sender::Server,
            Self::Ping
            | Self::Cancelled
            | Self::Progress
            | Self::TasksGet
            | Self::TasksResult
            | Self::TasksCancel
            | Self::TasksList
            | Self::TasksStatus
            | Self::Other(_) => Sender::Both,
        }
    }

    /// What a modern HTTP request of this method mirrors into the `Mcp-Name` header. `None`: the
    /// header is not required.
    ///
    /// The first three are from 2026-07-28, basic/transports/streamable-http, Standard Request
    /// Headers; the tasks extension adds its methods with `params.taskId`.
    #[must_use]
    pub const fn needs_name_header(&self) -> Option<NameSource> {
        match self {
            Self::ToolsCall | Self::PromptsGet => Some(NameSource::Name),
            Self::ResourcesRead => Some(NameSource::Uri),
            Self::TasksGet | Self::TasksUpdate | Self::TasksCancel => Some(NameSource::TaskId),
            _ => None,
        }
    }

    /// Whether the request only reads, so that it may be sent again when its outcome is unknown.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        matches!(
            self,
            Self::Ping
                | Self::ServerDiscover
                | Self::ToolsList
                | Self::PromptsList
                | Self::PromptsGet
                | Self::ResourcesList
                | Self::ResourcesTemplatesList
                | Self::ResourcesRead
                | Self::CompletionComplete
                | Self::RootsList
                | Self::TasksGet
                | Self::TasksResult
                | Self::TasksList
        )
    }

    /// The capability that a client must have declared before a server may send this request.
    #[must_use]
    pub const fn client_capability(&self) -> Option<ClientCapability> {
        match self {
            Self::ElicitationCreate => Some(ClientCapability::Elicitation),
            Self::RootsList => Some(ClientCapability::Roots),
            Self::SamplingCreateMessage => Some(ClientCapability::Sampling),
            _ => None,
        }
    }

    /// Whether the core protocol of `revision` has this method; extensions do not count.
    #[must_use]
    pub fn is_in(&self, revision: Revision) -> bool {
        match self {
            Self::Initialize
            | Self::Initialized
            | Self::Ping
            | Self::ResourcesSubscribe
            | Self::ResourcesUnsubscribe
            | Self::LoggingSetLevel
            | Self::RootsListChanged => revision <= Revision::LATEST_LEGACY,
            Self::ElicitationCreate => revision >= Revision::V2025_06_18,
            Self::ElicitationComplete
            | Self::TasksGet
            | Self::TasksResult
            | Self::TasksCancel
            | Self::TasksList
            | Self::TasksStatus => revision == Revision::V2025_11_25,
            Self::ServerDiscover | Self::SubscriptionsListen | Self::SubscriptionsAcknowledged => {
                revision >= Revision::MODERN
            }
            Self::TasksUpdate | Self::Tasks | Self::Other(_) => false,
            _ => true,
        }
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests;
