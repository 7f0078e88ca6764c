//! The handshake of the legacy era.

use serde::{Deserialize, Serialize};

use crate::with_members::with_members;
use crate::{
    ClientCapabilities, Icon, JsonObject, Oddities, RawMembers, Revision, ServerCapabilities,
};

/// Name and version of a program, as it says itself. Never a base for a decision: "self-reported
/// by the sender and [...] not verified by the protocol" (2026-07-28, basic/index, `_meta`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Implementation {
    /// The name for programs.
    pub name: String,
    /// The name for people. `None`: use `name`. From 2025-06-18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The version, in a notation of its own.
    pub version: String,
    /// What it is. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where to read more. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
    /// Its pictures. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icons: Option<Vec<Icon>>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl Implementation {
    /// A program with a name and a version.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: None,
            version: version.into(),
            description: None,
            website_url: None,
            icons: None,
            other: JsonObject::new(),
        }
    }

    with_members! {
        /// Adds a name for people.
        with_title(title: impl Into<String>),
        /// Says what it is.
        with_description(description: impl Into<String>),
        /// Says where to read more.
        with_website_url(website_url: impl Into<String>),
        /// Adds pictures.
        with_icons(icons: impl Into<Vec<Icon>>),
    }
}

/// Parameters of `initialize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitializeParams {
    /// The revision that the client wants, as text because it may be unknown here: see
    /// [`Revision::negotiate`].
    pub protocol_version: String,
    /// What the client can do.
    pub capabilities: ClientCapabilities,
    /// Who the client is.
    pub client_info: Implementation,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl InitializeParams {
    /// Asks for a revision.
    #[must_use]
    pub fn new(
        revision: Revision,
        capabilities: ClientCapabilities,
        client_info: Implementation,
    ) -> Self {
        Self {
            protocol_version: revision.as_str().to_owned(),
            capabilities,
            client_info,
            meta: None,
            other: JsonObject::new(),
        }
    }
}

/// Result of `initialize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InitializeResult {
    /// The revision of the session, as text because it may be unknown here.
    pub protocol_version: String,
    /// What the server can do.
    pub capabilities: ServerCapabilities,
    /// Who the server is.
    pub server_info: Implementation,
    /// How to use the server, for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
    /// What of it was odd when it was read; never sent.
    #[serde(skip)]
    pub oddities: Oddities,
}

impl InitializeResult {
    /// Answers with a revision.
    #[must_use]
    pub fn new(
        revision: Revision,
        capabilities: ServerCapabilities,
        server_info: Implementation,
    ) -> Self {
        Self {
            protocol_version: revision.as_str().to_owned(),
            capabilities,
            server_info,
            instructions: None,
            meta: None,
            other: JsonObject::new(),
            oddities: Oddities::default(),
        }
    }

    /// The revision that a raw result agrees to, whatever is odd in it besides. `None`: it names
    /// none.
    #[must_use]
    pub fn agreed_version(text: &str) -> Option<String> {
        serde_json::from_str(RawMembers::of(text).ok()?.find("protocolVersion")?).ok()
    }

    with_members! {
        /// Says how to use the server.
        with_instructions(instructions: impl Into<String>),
    }
}
