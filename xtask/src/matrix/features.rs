//! The features of MCP, and the reasons why some cells lack some of them.

use crate::matrix::cells::{Cell, Era};

/// One row of the matrix.
#[derive(Debug)]
pub(super) struct Feature {
    /// The id that the scripts of the clients use.
    pub(super) id: &'static str,
    /// A text for people.
    pub(super) what: &'static str,
    /// Whether it is tried over every pair of transports.
    pub(super) is_for_transports: bool,
}

/// Writes a row on a line.
const fn row(id: &'static str, what: &'static str) -> Feature {
    Feature { id, what, is_for_transports: false }
}

/// A row of which a transport could make a difference.
const fn everywhere(id: &'static str, what: &'static str) -> Feature {
    Feature { is_for_transports: true, ..row(id, what) }
}

pub(super) const FEATURES: &[Feature] = &[
    everywhere("handshake", "`initialize` or `server/discover`: who the server is"),
    row("capabilities", "capabilities of the server"),
    row("instructions", "instructions of the server"),
    everywhere("tools_list", "list of tools, with their schemas"),
    row("pagination", "lists in pages"),
    everywhere("tools_call", "call of a tool"),
    row("tool_error", "a tool that fails (`isError`)"),
    row("unknown_tool", "call of a tool that does not exist"),
    row("structured_content", "`structuredContent` that is an object"),
    row("any_structured_content", "`structuredContent` that is no object"),
    row("content_text", "content: text"),
    row("content_image", "content: image"),
    row("content_audio", "content: audio"),
    row("content_link", "content: link to a resource"),
    row("content_resource", "content: embedded resource"),
    row("tool_execution", "`execution` of tools"),
    row("resources_list", "list of resources"),
    row("resources_read", "reading a resource"),
    row("resource_templates", "resource templates"),
    row("resource_not_found", "the error code of a resource that does not exist, by era"),
    row("cache_hints", "`ttlMs` and `cacheScope`"),
    row("subscription", "changes of a resource"),
    everywhere("tools_changed", "changes of the list of tools"),
    row("prompts_changed", "changes of the list of prompts"),
    row("resources_changed", "changes of the list of resources"),
    row("prompts_list", "list of prompts"),
    row("prompts_get", "a prompt with its arguments"),
    row("completion", "completion of arguments"),
    row("logging", "log messages of a call, from the level that is wanted"),
    everywhere("progress", "progress of a call"),
    everywhere("cancellation", "cancellation of a call, of which the server hears"),
    everywhere("elicitation_form", "question to the user: a form"),
    row("elicitation_url", "question to the user: a web page"),
    row("elicitation_complete", "word that a web page was visited"),
    row("url_required", "a web page that must be visited first (-32042)"),
    everywhere("sampling", "question to the model"),
    row("roots", "question for the roots"),
    row("roots_changed", "changes of the roots"),
    row("many_questions", "several questions at once in one call"),
    row("rounds", "questions one after the other in one call"),
    row("concurrent_calls", "20 calls at once, each with its own answers"),
    everywhere("clients_at_once", "eight clients at once, whose requests have equal ids"),
    row("ping", "`ping`"),
    row("tasks", "tasks"),
];

/// The row of an id.
pub(super) fn find(id: &str) -> Option<&'static Feature> {
    FEATURES.iter().find(|it| it.id == id)
}

/// The reason why no client tries a feature in a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason {
    feature: &'static str,
    /// `None`: any era.
    client: Option<Era>,
    server: Option<Era>,
    pub(super) kind: Kind,
    pub(super) text: &'static str,
}

/// The kind of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of the two eras does not have the feature.
    NotInEra,
    /// One side can send it, but the other cannot receive it.
    Lost,
}

/// The first row that fits is the reason. A feature that a client tries needs no reason.
const REASONS: &[Reason] = &[
    Reason {
        feature: "any_structured_content",
        client: None,
        server: Some(Era::Legacy),
        kind: Kind::NotInEra,
        text: "structured content of a legacy server is an object",
    },
    Reason {
        feature: "tool_execution",
        client: None,
        server: Some(Era::Modern),
        kind: Kind::NotInEra,
        text: "tools of a modern server have no `execution`",
    },
    Reason {
        feature: "cache_hints",
        client: None,
        server: Some(Era::Legacy),
        kind: Kind::NotInEra,
        text: "a legacy server does not say how long its answers hold",
    },
    Reason {
        feature: "elicitation_complete",
        client: None,
        server: Some(Era::Modern),
        kind: Kind::NotInEra,
        text: "a modern server hears of a visit in the next round",
    },
    Reason {
        feature: "elicitation_complete",
        client: Some(Era::Modern),
        server: Some(Era::Legacy),
        kind: Kind::Lost,
        text: "a modern client knows no such notification: it comes back by itself",
    },
    Reason {
        feature: "url_required",
        client: None,
        server: Some(Era::Modern),
        kind: Kind::NotInEra,
        text: "a modern server asks in a round instead",
    },
    Reason {
        feature: "roots_changed",
        client: Some(Era::Modern),
        server: None,
        kind: Kind::NotInEra,
        text: "a modern client says its roots when it is asked, in each call",
    },
    Reason {
        feature: "roots_changed",
        client: Some(Era::Legacy),
        server: Some(Era::Modern),
        kind: Kind::Lost,
        text: "a modern server knows no such notification: it asks for the roots in each call",
    },
    Reason {
        feature: "ping",
        client: Some(Era::Modern),
        server: None,
        kind: Kind::NotInEra,
        text: "the modern era has no `ping`; that of a legacy server is answered by Eyot",
    },
];

impl Reason {
    /// The reason why this cell does not have the feature.
    pub(super) fn of(feature: &str, cell: &Cell) -> Option<&'static Self> {
        let is_for = |wanted: Option<Era>, era| wanted.is_none_or(|it| it == era);
        REASONS.iter().find(|it| {
            it.feature == feature
                && is_for(it.client, cell.client_era)
                && is_for(it.server, cell.server_era)
        })
    }
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NotInEra => "not in era",
            Self::Lost => "lost",
        }
    }
}

#[cfg(test)]
mod tests;
