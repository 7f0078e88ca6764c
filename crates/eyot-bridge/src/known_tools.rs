//! What is known of the tools of one upstream, and who asks it for their list.

use std::sync::Arc;

use eyot_era::{KnownTool, ToolFact, ToolFacts};
use eyot_jsonrpc::Response;
use eyot_service::{Fault, Limits, SharedTotal, TotalQuota};
use eyot_types::{ListToolsResult, PaginatedParams};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::clock::now;

/// The tools of one upstream, as each principal was told of them.
#[derive(Debug)]
pub(crate) struct KnownTools {
    facts: Mutex<ToolFacts>,
    /// One asks for a list, the others wait for it.
    listing: Semaphore,
    /// A tool whose headers cannot be made must not be called.
    needs_headers: bool,
    /// Pages of one list that are read.
    pages_max: usize,
}

/// A page of a list, as far as it is read here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    tools: Vec<Value>,
    next_cursor: Option<String>,
}

impl KnownTools {
    /// Nothing is known yet. With `needs_headers`, tools whose headers cannot be made are left out:
    /// "the client MUST exclude the invalid tool from the result of `tools/list`" (2026-07-28,
    /// basic/transports/streamable-http). Clients on other transports "MAY ignore" the annotation.
    pub(crate) fn new(needs_headers: bool, limits: &Limits) -> Self {
        let quota = TotalQuota::new(SharedTotal::KnownTools, limits);
        let facts = ToolFacts::new(quota.quota().clone());
        let (listing, pages_max) = (Semaphore::new(1), limits.upstream.list_pages_max);
        Self { facts: Mutex::new(facts), listing, needs_headers, pages_max }
    }

    /// What was learnt of a tool last.
    pub(crate) fn find(&self, principal: Option<&Arc<str>>, name: &str) -> Option<Arc<ToolFact>> {
        self.facts.lock().find(principal, name).cloned()
    }

    /// Whether any tool is known to have parameter headers.
    pub(crate) fn have_param_headers(&self) -> bool {
        self.facts.lock().has_param_headers()
    }

    /// What is known of a tool; `ask` asks the upstream for a page of its list if that is due.
    /// `None`: the upstream does not list the tool.
    ///
    /// # Errors
    /// The list was due, and did not come.
    ///
    /// # Cancel safety
    /// What was learnt so far stays known, and the list is due as before.
    pub(crate) async fn look_up<F>(
        &self,
        principal: Option<&Arc<str>>,
        name: &str,
        ask: impl FnMut(PaginatedParams) -> F,
    ) -> Result<Option<Arc<ToolFact>>, Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        match self.facts.lock().look_up(principal, name, now()) {
            KnownTool::Listed(fact) => return Ok(Some(Arc::clone(fact))),
            KnownTool::Unlisted => return Ok(None),
            KnownTool::Due => {}
        }
        // Boxed, because it is large and rare, and this future is part of calls.
        Box::pin(self.list_if_due(principal, name, ask)).await?;
        Ok(self.find(principal, name))
    }

    /// Like [`look_up`](Self::look_up); should the list not come, the call goes with what was known
    /// before.
    pub(crate) async fn look_up_if_possible<F>(
        &self,
        principal: Option<&Arc<str>>,
        name: &str,
        ask: impl FnMut(PaginatedParams) -> F,
    ) -> Option<Arc<ToolFact>>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        let looked_up = self.look_up(principal, name, ask).await;
        looked_up.unwrap_or_else(|fault| {
            tracing::debug!(%fault, "tools were not listed");
            self.facts.lock().handle_listed(principal, now());
            self.find(principal, name)
        })
    }

    async fn list_if_due<F>(
        &self,
        principal: Option<&Arc<str>>,
        name: &str,
        ask: impl FnMut(PaginatedParams) -> F,
    ) -> Result<(), Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        // Held until the list is here: callers that waited find that it is not due any more.
        let _permit = self.listing.acquire().await;
        let known = self.facts.lock().look_up(principal, name, now()) != KnownTool::Due;
        if known { Ok(()) } else { self.list(principal, ask).await }
    }

    /// Asks for the whole list, page by page.
    ///
    /// # Errors
    /// The list did not come.
    ///
    /// # Cancel safety
    /// What was learnt so far stays known.
    pub(crate) async fn list<F>(
        &self,
        principal: Option<&Arc<str>>,
        mut ask: impl FnMut(PaginatedParams) -> F,
    ) -> Result<(), Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        let mut cursor = None;
        for _ in 0..self.pages_max {
            let mut params = PaginatedParams::default();
            params.cursor = cursor.take();
            let answer = ask(params).await?;
            let Ok(page) = answer.decode_result::<Page>() else { break };
            self.learn_tools(principal, &page.tools);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        self.facts.lock().handle_listed(principal, now());
        Ok(())
    }

    /// Takes a page of the list on its way to the client, and leaves out what must not be called.
    pub(crate) fn learn_page(&self, principal: Option<&Arc<str>>, page: &mut ListToolsResult) {
        page.tools.retain(|tool| self.learn(principal, &tool.name, ToolFact::of(tool)));
    }

    /// Takes a page of the list, as text. Tools of which there is nothing to know are not read.
    pub(crate) fn learn_text(&self, principal: Option<&Arc<str>>, page: &str) {
        if !says_something(page) {
            return;
        }
        if let Ok(page) = serde_json::from_str::<Page>(page) {
            self.learn_tools(principal, &page.tools);
        }
    }

    /// Takes note that a tool has refused a call that was not a task.
    pub(crate) fn learn_refusal(&self, principal: Option<&Arc<str>>, name: &str) {
        self.facts.lock().learn_refusal(principal, name, now());
    }

    /// The list has changed, or may have.
    pub(crate) fn handle_changed(&self) {
        self.facts.lock().handle_changed();
    }

    fn learn_tools(&self, principal: Option<&Arc<str>>, tools: &[Value]) {
        for tool in tools {
            let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
            self.learn(principal, name, ToolFact::read(tool));
        }
    }

    /// Says whether the tool may be called.
    fn learn(&self, principal: Option<&Arc<str>>, name: &str, fact: ToolFact) -> bool {
        if let Some(error) = fact.invalid_headers().filter(|_| self.needs_headers) {
            tracing::warn!(tool = name, %error, "tool is left out");
            return false;
        }
        self.facts.lock().learn(principal, name, fact, now());
        true
    }
}

/// Whether a page of a list says anything of its tools that their calls need to know.
fn says_something(page: &str) -> bool {
    ["x-mcp-header", "taskSupport"].iter().any(|it| page.contains(it))
}

#[cfg(test)]
mod tests;
