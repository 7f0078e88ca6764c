//! What is known of the tools of one upstream, and who asks it for their list.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::{KnownTool, ToolFact, ToolFacts};
use eyot_jsonrpc::Response;
use eyot_service::{Fault, Limits, SharedTotal, TotalQuota, UpstreamLimits};
use eyot_types::{ListToolsResult, PaginatedParams};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::clock::now;

/// The tools of one upstream, as each principal was told of them.
#[derive(Debug)]
pub struct KnownTools {
    facts: Mutex<ToolFacts>,
    /// One call of a principal asks for the list, the others of that principal wait for it.
    listing: Mutex<HashMap<Option<Arc<str>>, Arc<Semaphore>>>,
    /// A tool whose headers cannot be made must not be called.
    needs_headers: bool,
    /// Pages of one list that are read.
    pages_max: usize,
    /// How long a call waits for the list.
    list_timeout: Duration,
}

impl KnownTools {
    /// Nothing is known yet. With `needs_headers`, tools whose headers cannot be made are left out:
    /// "the client MUST exclude the invalid tool from the result of `tools/list`" (2026-07-28,
    /// basic/transports/streamable-http). Clients on other transports "MAY ignore" the annotation.
    pub fn new(needs_headers: bool, limits: &Limits) -> Self {
        let quota = TotalQuota::new(SharedTotal::KnownTools, limits);
        let facts = ToolFacts::new(quota.quota().clone());
        let UpstreamLimits { list_pages_max: pages_max, list_timeout, .. } = limits.upstream;
        let (facts, listing) = (Mutex::new(facts), Mutex::default());
        Self { facts, listing, needs_headers, pages_max, list_timeout }
    }

    /// What was learnt of a tool last.
    pub fn find(&self, principal: Option<&Arc<str>>, name: &str) -> Option<Arc<ToolFact>> {
        self.facts.lock().find(principal, name).cloned()
    }

    /// Whether a call of the tool is known to need no headers: the list was read lately, and says
    /// nothing of them.
    pub fn needs_no_headers(&self, principal: Option<&Arc<str>>, name: &str) -> bool {
        match self.facts.lock().look_up(principal, name, now()) {
            KnownTool::Listed(fact) => fact.param_headers().is_none(),
            KnownTool::Unlisted => true,
            KnownTool::Due => false,
        }
    }

    /// What is known of a tool; `ask` asks the upstream for a page of its list if that is due.
    /// `None`: the upstream does not list the tool.
    ///
    /// # Errors
    /// The list was due, and did not come.
    ///
    /// # Cancel safety
    /// What was learnt so far stays known, and the list is due as before.
    pub async fn look_up<F>(
        &self,
        principal: Option<&Arc<str>>,
        name: &str,
        ask: impl FnMut(PaginatedParams) -> F,
    ) -> Result<Option<Arc<ToolFact>>, Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        if let Some(known) = self.known(principal, name) {
            return Ok(known);
        }
        // Boxed, because it is large and rare, and this future is part of calls.
        Box::pin(self.list_if_due(principal, name, ask)).await
    }

    /// What is known of a tool without asking; `None`: the list is due.
    fn known(&self, principal: Option<&Arc<str>>, name: &str) -> Option<Option<Arc<ToolFact>>> {
        match self.facts.lock().look_up(principal, name, now()) {
            KnownTool::Listed(fact) => Some(Some(Arc::clone(fact))),
            KnownTool::Unlisted => Some(None),
            KnownTool::Due => None,
        }
    }

    /// Like [`look_up`](Self::look_up); should the list not come, the call goes with what was known
    /// before.
    pub async fn look_up_if_possible<F>(
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
    ) -> Result<Option<Arc<ToolFact>>, Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        // Held until the list is here: callers that waited find that it is not due any more.
        let turn = self.turn(principal);
        let _permit = turn.acquire().await;
        match self.known(principal, name) {
            Some(known) => Ok(known),
            None => {
                let listing = self.list_and_find(principal, Some(name), ask);
                let listed = tokio::time::timeout(self.list_timeout, listing).await;
                listed.unwrap_or_else(|_elapsed| Err(Fault::timed_out(self.list_timeout)))
            }
        }
    }

    /// What the calls of a principal wait for while one of them asks for the list.
    fn turn(&self, principal: Option<&Arc<str>>) -> Arc<Semaphore> {
        let mut listing = self.listing.lock();
        listing.retain(|_, it| Arc::strong_count(it) > 1);
        let turn = listing.entry(principal.cloned());
        Arc::clone(turn.or_insert_with(|| Arc::new(Semaphore::new(1))))
    }

    /// Asks for the whole list, page by page.
    ///
    /// # Errors
    /// The list did not come.
    ///
    /// # Cancel safety
    /// What was learnt so far stays known.
    pub async fn list<F>(
        &self,
        principal: Option<&Arc<str>>,
        ask: impl FnMut(PaginatedParams) -> F,
    ) -> Result<(), Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        self.list_and_find(principal, None, ask).await.map(drop)
    }

    /// Asks for the whole list, and returns what it says of one tool, also if there is no room to
    /// remember it.
    async fn list_and_find<F>(
        &self,
        principal: Option<&Arc<str>>,
        wanted: Option<&str>,
        mut ask: impl FnMut(PaginatedParams) -> F,
    ) -> Result<Option<Arc<ToolFact>>, Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        let mut found = None;
        let mut cursor = None;
        for _ in 0..self.pages_max {
            let mut params = PaginatedParams::default();
            params.cursor = cursor.take();
            let answer = ask(params).await?;
            let page = answer.result().and_then(|it| eyot_types::read(it).ok());
            let Some(ListToolsResult { tools, next_cursor, .. }) = page else { break };
            for tool in tools {
                let fact = ToolFact::of(&tool);
                let is_wanted = wanted == Some(&*tool.name);
                if self.learn(principal, &tool.name, fact.clone()) && is_wanted {
                    found = Some(Arc::new(fact));
                }
            }
            cursor = next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        self.facts.lock().handle_listed(principal, now());
        // What was learnt of the tool in other ways stays known, too.
        let known = wanted.filter(|_| found.is_some()).and_then(|it| self.find(principal, it));
        Ok(known.or(found))
    }

    /// Takes a page of the list on its way to the client, and leaves out what must not be called.
    pub fn learn_page(&self, principal: Option<&Arc<str>>, page: &mut ListToolsResult) {
        page.tools.retain(|tool| self.learn(principal, &tool.name, ToolFact::of(tool)));
    }

    /// Takes a page of the list, as text. Tools of which there is nothing to know are not read.
    pub fn learn_text(&self, principal: Option<&Arc<str>>, page: &str) {
        if !says_something(page) {
            return;
        }
        if let Ok(page) = eyot_types::read::<ListToolsResult>(page) {
            for tool in &page.tools {
                self.learn(principal, &tool.name, ToolFact::of(tool));
            }
        }
    }

    /// Takes note that a tool has refused a call that was not a task.
    pub fn learn_refusal(&self, principal: Option<&Arc<str>>, name: &str) {
        self.facts.lock().learn_refusal(principal, name, now());
    }

    /// The list has changed, or may have.
    pub fn handle_changed(&self) {
        self.facts.lock().handle_changed();
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
