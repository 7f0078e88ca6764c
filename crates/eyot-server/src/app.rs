//! A server made of handlers: what answers the calls when they are not handed on.
//!
//! Nothing here has a task of the runtime or a channel. A handler's future lives in the reply and is
//! polled by whoever writes the reply out; a session is the entry that the host keeps anyway. The one
//! exception is what the protocol calls a task: see [`TaskPolicy`].

mod answer;
mod app_session;
mod builder;
mod call_context;
mod catalog;
mod change_log;
mod completion;
mod custom;
mod deadline;
mod described;
mod discovery;
mod dispatch;
mod exchange;
mod failure;
mod field_order;
mod handlers;
mod layered;
mod listen;
mod lists;
mod parked;
mod prompt;
mod questions;
mod resource;
mod rounds;
mod run;
mod schema;
mod server;
mod serving;
mod shape;
mod tasks;
mod tool;
mod uri_template;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use eyot_jsonrpc::Id;
use eyot_service::{Limits, SessionHandle, Shutdown, WeakService};
use eyot_stdx::{SealKeys, random_token};
use eyot_types::{CacheScope, Implementation};
use serde_json::value::RawValue;

use self::app_session::AppSession;
use self::catalog::Catalog;
use self::change_log::ChangeLog;
use self::custom::{CustomMethod, NotificationHandler};
use self::parked::Parked;
use self::resource::RegisteredTemplate;
use self::tasks::Tasks;
use self::tool::RegisteredTool;
use crate::keeper::Keeper;

pub use self::builder::{BuildError, Eras, ServerBuilder};
pub use self::call_context::{CallContext, Progress};
pub use self::completion::Suggestions;
pub use self::failure::{HandlerError, HandlerResult};
pub use self::prompt::{IntoPromptResult, PromptArguments, PromptReply, ServerPrompt, prompt};
pub use self::questions::Elicited;
pub use self::resource::{
    IntoResourceResult, ResourceReply, ServerResource, ServerTemplate, UriVariables, resource,
    resource_template,
};
pub use self::rounds::{InputRequired, Inputs};
pub use self::schema::InvalidSchema;
pub use self::server::Server;
pub use self::serving::HttpOptions;
pub use self::tasks::TaskPolicy;
pub use self::tool::{IntoToolResult, Json, NoArguments, ServerTool, ToolReply, tool};

/// Everything that the calls of one server share.
pub(crate) struct App {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    /// The `_meta` of results: who answers.
    identity: Option<Box<RawValue>>,
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
    question_prefix: String,
    questions: AtomicU64,
    pub(crate) has_logging: bool,
    /// The server behind its layers. It keeps us, and must not be kept by us.
    service: OnceLock<WeakService>,
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
fn question_prefix() -> String {
    random_token(6)
}

#[cfg(test)]
mod tests;
