//! The program of a client, as it says itself.

use std::sync::{Arc, OnceLock};

use eyot_jsonrpc::{Members, Message, Request};
use eyot_service::SessionHandle;
use eyot_types::{ClientCapabilities, meta};
use serde::Deserialize;

use crate::pointer::find;

/// The program of a client, as it says itself. It is no identity: any client can say anything.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ClientProgram {
    /// The name.
    pub name: Box<str>,
    /// The version.
    pub version: Box<str>,
}

impl ClientProgram {
    /// The program in the `_meta` of a modern request, in which no key stands twice.
    pub(crate) fn of_meta(meta: &str) -> Option<Self> {
        let info = Members::of(meta)?.find(|(name, _)| name == meta::CLIENT_INFO);
        serde_json::from_str(info?.1).ok()
    }

    /// The program in the parameters of `initialize`.
    pub(crate) fn of_initialize(params: &str) -> Option<Self> {
        serde_json::from_str(find(params, "/clientInfo").ok().flatten()?).ok()
    }
}

/// What a session's client has said at `initialize`. Kept with the session while it is in this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionClient(Arc<OnceLock<Said>>);

/// What a client has said of itself.
#[derive(Debug, Default)]
struct Said {
    program: Option<ClientProgram>,
    has_forms: bool,
}

impl Said {
    fn of_initialize(params: &str) -> Self {
        let capabilities = find(params, "/capabilities").ok().flatten();
        let has_forms = capabilities.is_some_and(has_forms);
        Self { program: ClientProgram::of_initialize(params), has_forms }
    }
}

/// Whether a client with these capabilities shows forms to its user.
pub(crate) fn has_forms(capabilities: &str) -> bool {
    let capabilities: Option<ClientCapabilities> = serde_json::from_str(capabilities).ok();
    capabilities.is_some_and(|it| it.has_elicitation_form())
}

impl SessionClient {
    /// That of a session.
    pub(crate) fn of(session: &SessionHandle) -> Self {
        session.value_or_else(Self::default)
    }

    /// Learns it from `initialize`.
    pub(crate) fn note(&self, initialize: &Request) {
        self.0.get_or_init(|| initialize.params().map(Said::of_initialize).unwrap_or_default());
    }

    /// The program, if this process has seen the session begin or has learned it since.
    pub(crate) fn known(&self) -> Option<ClientProgram> {
        self.0.get()?.program.clone()
    }

    /// Whether the client shows forms to its user, as [`known`](Self::known).
    pub(crate) fn has_forms(&self) -> bool {
        self.0.get().is_some_and(|it| it.has_forms)
    }

    /// Learns it from the stored session, if this process has not seen that begin.
    pub(crate) async fn learn(&self, session: &SessionHandle) {
        if self.0.get().is_some() {
            return;
        }
        match session.record().await {
            Ok(record) => {
                let text = record.as_ref().and_then(|it| std::str::from_utf8(&it.initialize).ok());
                self.0.get_or_init(|| text.map(Said::of_initialize).unwrap_or_default());
            }
            Err(error) => tracing::warn!(%error, "the client of a session is not known"),
        }
    }
}

/// Whether a message opens a session.
pub(crate) fn is_initialize(message: &Message) -> bool {
    message.is_method("initialize")
}
