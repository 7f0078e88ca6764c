//! What the calls of one server share.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use eyot_endpoint::Keeper;
use eyot_jsonrpc::Id;
use eyot_service::{Limits, SessionHandle, Shutdown, WeakService};
use eyot_stdx::{SealKeys, random_token};
use eyot_types::{CacheScope, Implementation};
use serde_json::value::RawValue;

use crate::builder::Eras;
use crate::call::session::AppSession;
use crate::changes::log::ChangeLog;
use crate::define::prompt::ServerPrompt;
use crate::define::resource::{RegisteredTemplate, ServerResource};
use crate::define::tool::RegisteredTool;
use crate::parked::Parked;
use crate::registry::catalog::Catalog;
use crate::registry::custom::{CustomMethod, NotificationHandler};
use crate::tasks::Tasks;

/// Everything that the calls of one server share.
pub(crate) struct App {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    /// The `_meta` of results: who answers.
    pub(crate) identity: Option<Box<RawValue>>,
    pub(crate) limits: Limits,
    pub(crate) options: Options,
    pub(crate) tools: Catalog<RegisteredTool>,
    pub(crate) prompts: Catalog<ServerPrompt>,
    pub(crate) resources: Catalog<ServerResource>,
    pub(crate) templates: Catalog<RegisteredTemplate>,
    pub(crate) methods: HashMap<String, CustomMethod>,
    pub(crate) on_notification: Option<NotificationHandler>,
    pub(crate) changes: ChangeLog,
    pub(crate) parked: Parked,
    pub(crate) tasks: Tasks,
    /// Where tasks do their work.
    pub(crate) keeper: Keeper,
    pub(crate) shutdown: Shutdown,
    /// Tells our questions from those of an earlier process in the same session.
    pub(crate) question_prefix: String,
    pub(crate) questions: AtomicU64,
    pub(crate) has_logging: bool,
    /// The server behind its layers. It keeps us, and must not be kept by us.
    pub(crate) service: OnceLock<WeakService>,
}

/// How a server behaves.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) eras: Eras,
    pub(crate) keys: SealKeys,
    pub(crate) round_timeout: Duration,
    pub(crate) parked_max: usize,
    pub(crate) parked_per_principal_max: usize,
    pub(crate) page_size: usize,
    /// How long lists may be cached, in milliseconds, and by whom.
    pub(crate) list_cache: (u64, CacheScope),
    pub(crate) has_resource_subscriptions: bool,
}

impl App {
    /// What the server remembers of a session.
    pub(crate) fn session(&self, context: &SessionHandle) -> Arc<AppSession> {
        AppSession::of(context, self.changes.end())
    }

    /// The id of a question to a legacy client: never used twice in a session.
    pub(crate) fn question_id(&self) -> Id {
        let number = self.questions.fetch_add(1, Ordering::Relaxed);
        Id::from_text(&format!("{}.{number}", self.question_prefix))
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("info", &self.info).finish_non_exhaustive()
    }
}

/// A prefix that no other process has.
pub(crate) fn question_prefix() -> String {
    random_token(6)
}
