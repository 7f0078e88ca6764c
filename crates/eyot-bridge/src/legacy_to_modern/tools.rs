//! What was learnt of the upstream's tools from its lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_era::revision;
use eyot_types::{JsonObject, ListToolsResult, MirroredArguments, Tool};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The tools of one upstream.
#[derive(Debug)]
pub(crate) struct Tools {
    is_http: bool,
    listed: Mutex<Listed>,
    /// The tools that are called as tasks and in no other way, as far as they have said so.
    with_tasks_only: Mutex<BTreeSet<String>>,
    /// One asks for the list, the others wait for it.
    turn: Semaphore,
}

#[derive(Debug, Default)]
struct Listed {
    tools: BTreeMap<String, Arc<KnownTool>>,
    /// When the list was last asked for.
    asked: Option<Instant>,
}

/// What a call of a tool needs.
#[derive(Debug)]
pub(crate) struct KnownTool {
    mirrored: MirroredArguments,
    /// The output schema, if the client has it in another shape.
    wrapped: Option<JsonObject>,
}

impl Tools {
    pub(crate) fn new(is_http: bool) -> Self {
        let (listed, with_tasks_only) = (Mutex::default(), Mutex::default());
        Self { is_http, listed, with_tasks_only, turn: Semaphore::new(1) }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<KnownTool>> {
        self.listed.lock().tools.get(name).cloned()
    }

    /// Waits until nobody else asks for the list.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turn.acquire().await.ok()
    }

    /// Whether the list has not been asked for lately: an upstream is not asked again for every
    /// call of a tool that it does not have.
    pub(crate) fn is_due(&self) -> bool {
        self.listed.lock().asked.is_none_or(|it| it.elapsed() >= PAUSE)
    }

    /// The list is asked for now.
    pub(crate) fn begin(&self) {
        *self.listed.lock() = Listed { tools: BTreeMap::new(), asked: Some(Instant::now()) };
    }

    /// The list has changed: what is known of it is not true any more.
    pub(crate) fn forget(&self) {
        *self.listed.lock() = Listed::default();
    }

    /// Takes a page of the list, and leaves out the tools that cannot be called: "the client
    /// MUST exclude the invalid tool from the result of `tools/list`" (2026-07-28,
    /// basic/transports/streamable-http). Clients on other transports "MAY ignore" the annotation.
    pub(crate) fn learn(&self, page: &mut ListToolsResult) {
        page.tools.retain(|tool| match MirroredArguments::of(&tool.input_schema) {
            Ok(mirrored) => {
                self.insert(tool, mirrored);
                true
            }
            Err(error) if self.is_http => {
                tracing::warn!(tool = %tool.name, %error, "tool is left out");
                false
            }
            Err(_) => {
                self.insert(tool, MirroredArguments::default());
                true
            }
        });
    }

    /// A tool has refused to be called without a task.
    pub(crate) fn set_with_tasks_only(&self, name: String) {
        let mut names = self.with_tasks_only.lock();
        if names.len() < TOOLS_MAX {
            names.insert(name);
        }
    }

    /// Whether a tool has refused to be called without a task.
    pub(crate) fn is_with_tasks_only(&self, name: &str) -> bool {
        self.with_tasks_only.lock().contains(name)
    }

    fn insert(&self, tool: &Tool, mirrored: MirroredArguments) {
        let wrapped = tool.output_schema.clone().filter(revision::is_wrapped);
        let mut listed = self.listed.lock();
        if listed.tools.len() < TOOLS_MAX || listed.tools.contains_key(&tool.name) {
            listed.tools.insert(tool.name.clone(), Arc::new(KnownTool { mirrored, wrapped }));
        }
    }
}

impl KnownTool {
    /// The output schema, if the client has it in another shape.
    pub(crate) fn wrapped(&self) -> Option<&JsonObject> {
        self.wrapped.as_ref()
    }

    /// The headers of a call; `arguments` are decoded only when they are needed.
    pub(crate) fn headers(&self, arguments: impl FnOnce() -> JsonObject) -> HeaderMap {
        if self.mirrored.is_empty() {
            return HeaderMap::new();
        }
        let arguments = arguments();
        let pairs = self.mirrored.headers(&arguments).into_iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(&value).ok()?))
        });
        pairs.collect()
    }
}

/// Tools that are remembered of one upstream; calls of further ones go without their headers.
const TOOLS_MAX: usize = 4_096;
/// The least time between two lists that nobody but the bridge asks for.
const PAUSE: Duration = Duration::from_secs(10);
