//! Which tools of a legacy upstream can be called as tasks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use eyot_types::{ListToolsResult, Method, PaginatedParams, TaskSupport};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::super::ask::Ask;
use super::super::session::UpstreamSession;

/// What the upstream's lists say, to each principal.
#[derive(Debug)]
pub(crate) struct Supports {
    lists: Mutex<HashMap<Option<Arc<str>>, Listed>>,
    /// One asks for a list, the others wait for it.
    turn: Semaphore,
}

#[derive(Debug)]
struct Listed {
    at: Instant,
    tools: HashMap<String, TaskSupport>,
}

impl Supports {
    pub(crate) fn new() -> Self {
        Self { lists: Mutex::default(), turn: Semaphore::new(1) }
    }

    /// What the tool that is called can do; the upstream is asked if that was long ago. `None`: it
    /// does not say.
    pub(crate) async fn of(&self, ask: &Ask, session: &UpstreamSession) -> Option<TaskSupport> {
        let name = ask.message.name()?.into_owned();
        let principal = ask.peer.principal_name();
        if let Some(known) = self.known(principal, &name) {
            return known;
        }
        let turn = self.turn.acquire().await.ok()?;
        if let Some(known) = self.known(principal, &name) {
            return known;
        }
        let tools = list(session).await;
        let support = tools.get(&name).cloned();
        let mut lists = self.lists.lock();
        lists.retain(|_, it| it.at.elapsed() < LIST_TTL);
        if lists.len() < LISTS_MAX {
            lists.insert(principal.cloned(), Listed { at: Instant::now(), tools });
        }
        drop(lists);
        drop(turn);
        support
    }

    /// The outer `None`: the list must be asked for.
    fn known(&self, principal: Option<&Arc<str>>, name: &str) -> Option<Option<TaskSupport>> {
        let lists = self.lists.lock();
        let listed = lists.get(&principal.cloned()).filter(|it| it.at.elapsed() < LIST_TTL)?;
        Some(listed.tools.get(name).cloned())
    }
}

/// The upstream's tools that say something of tasks. Should the list fail, calls go as they came.
async fn list(session: &UpstreamSession) -> HashMap<String, TaskSupport> {
    let mut tools = HashMap::new();
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let mut params = PaginatedParams::default();
        params.cursor = cursor.take();
        let page = match session.ask(Method::ToolsList, &params).await {
            Ok(answer) => answer.decode_result::<ListToolsResult>(),
            Err(fault) => {
                tracing::debug!(%fault, "tools were not listed");
                break;
            }
        };
        let Ok(page) = page else { break };
        for tool in page.tools {
            let support = tool.execution.and_then(|it| it.task_support);
            if let Some(support) = support.filter(|_| tools.len() < TOOLS_MAX) {
                tools.insert(tool.name, support);
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    tools
}

/// How long a list holds.
const LIST_TTL: Duration = Duration::from_secs(60);
/// Principals whose lists are remembered.
const LISTS_MAX: usize = 1_024;
/// Tools with tasks that are remembered of one list.
const TOOLS_MAX: usize = 4_096;
/// Pages of one list that are read.
const PAGES_MAX: usize = 64;
