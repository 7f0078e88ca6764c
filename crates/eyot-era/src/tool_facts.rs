//! What is known of the tools of one server: from its lists, and from what it has refused.

pub(crate) mod valid_headers;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_stdx::{Quota, QuotaFull, QuotaPermit, QuotaScope, QuotaUsage};
use eyot_types::{InvalidMirror, JsonObject, MirroredArguments, TaskSupport, Tool};
use serde_json::Value;

use crate::revision;

/// What a call of one tool needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolFact {
    param_headers: Result<MirroredArguments, InvalidMirror>,
    /// Whether a call can be a task. `None`: the list does not say.
    pub task_support: Option<TaskSupport>,
    /// The tool has refused a call that was not a task. Its list does not say so.
    pub needs_task: bool,
    /// The output schema, if a legacy client has it in another shape.
    pub wrapped_output: Option<JsonObject>,
}

impl Default for ToolFact {
    fn default() -> Self {
        let param_headers = Ok(MirroredArguments::default());
        Self { param_headers, task_support: None, needs_task: false, wrapped_output: None }
    }
}

impl ToolFact {
    /// What the definition of a tool says.
    #[must_use]
    pub fn of(tool: &Tool) -> Self {
        Self {
            param_headers: MirroredArguments::of(&tool.input_schema),
            task_support: tool.execution.as_ref().and_then(|it| it.task_support.clone()),
            wrapped_output: tool.output_schema.clone().filter(revision::is_wrapped),
            ..Self::default()
        }
    }

    /// The arguments that a call repeats in `Mcp-Param-*` headers, if there are any.
    #[must_use]
    pub fn param_headers(&self) -> Option<&MirroredArguments> {
        self.param_headers.as_ref().ok().filter(|it| !it.is_empty())
    }

    /// Why clients over HTTP must not use the tool; `None`: they may.
    #[must_use]
    pub fn invalid_headers(&self) -> Option<&InvalidMirror> {
        self.param_headers.as_ref().err()
    }

    /// Roughly the bytes that it takes.
    fn bytes(&self) -> usize {
        let headers = self.param_headers().map_or(0, MirroredArguments::text_bytes);
        let schema = self.wrapped_output.as_ref().map_or(0, object_bytes);
        let support = self.task_support.as_ref().map_or(0, |it| it.as_str().len());
        size_of::<Self>() + headers + support + schema
    }
}

/// What is known of one tool when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "its users decide by each case")]
pub enum KnownTool<'a> {
    /// What was learnt of it; lately, unless the server was just asked and did not name it again.
    Listed(&'a Arc<ToolFact>),
    /// The server was asked for its list lately, and it is not there.
    Unlisted,
    /// The server is to be asked for its list first.
    Due,
}

/// What is known of the tools of one server, for each principal: lists may differ.
///
/// Bounded in tools and bytes, in all and for each principal. Where room for all is short, the list
/// that was used least lately goes; where one principal's is, further tools are not remembered, and
/// their calls go without what would have been known.
///
/// What is older than [`TTL`](Self::TTL) is still [found](Self::find), and [due](Self::look_up) to be
/// asked for again.
#[derive(Debug)]
pub struct ToolFacts {
    lists: HashMap<Option<Arc<str>>, List>,
    quota: Quota,
}

#[derive(Debug)]
struct List {
    tools: HashMap<Box<str>, Row>,
    /// When the server was last asked for the whole list.
    asked: Option<Instant>,
    /// When something of it was last learnt.
    used: Instant,
    _permit: QuotaPermit,
}

#[derive(Debug)]
struct Row {
    fact: Arc<ToolFact>,
    /// `None`: it may have changed since.
    learnt: Option<Instant>,
    _permit: QuotaPermit,
}

impl ToolFacts {
    /// How long what was learnt is believed.
    pub const TTL: Duration = Duration::from_secs(60);
    /// How long the list is not asked for again for the sake of a tool that it did not have.
    pub const PAUSE: Duration = Duration::from_secs(10);

    /// Nothing is known yet. A tool is one thing of the quota, and so is a list.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self { lists: HashMap::new(), quota }
    }

    /// What was learnt of a tool last, however long ago.
    #[must_use]
    pub fn find(&self, principal: Option<&Arc<str>>, name: &str) -> Option<&Arc<ToolFact>> {
        let list = self.lists.get(&principal.cloned())?;
        list.tools.get(name).map(|it| &it.fact)
    }

    /// What is known of a tool before it is called, or that the server is to be asked for its list
    /// first.
    #[must_use]
    pub fn look_up(&self, principal: Option<&Arc<str>>, name: &str, now: Instant) -> KnownTool<'_> {
        let Some(list) = self.lists.get(&principal.cloned()) else { return KnownTool::Due };
        let row = list.tools.get(name);
        let is_fresh = row.and_then(|it| it.learnt).is_some_and(|it| it + Self::TTL > now);
        let is_asked = || list.asked.is_some_and(|it| it + Self::PAUSE > now);
        match row {
            _ if !is_fresh && !is_asked() => KnownTool::Due,
            Some(row) => KnownTool::Listed(&row.fact),
            None => KnownTool::Unlisted,
        }
    }

    /// The server was asked for its whole list, and what it said of each tool was learnt.
    pub fn handle_listed(&mut self, principal: Option<&Arc<str>>, now: Instant) {
        if let Some(list) = self.list(principal, now) {
            list.asked = Some(now);
        }
    }

    /// Takes what a list says of a tool. What the tool has refused stays known.
    pub fn learn(
        &mut self,
        principal: Option<&Arc<str>>,
        name: &str,
        mut fact: ToolFact,
        now: Instant,
    ) {
        if self.list(principal, now).is_some() {
            fact.needs_task |= self.find(principal, name).is_some_and(|it| it.needs_task);
            self.insert(principal, name, fact, Some(now));
        }
    }

    /// Takes note that a tool has refused a call that was not a task.
    pub fn learn_refusal(&mut self, principal: Option<&Arc<str>>, name: &str, now: Instant) {
        let Some(list) = self.list(principal, now) else { return };
        let known = list.tools.get(name).map(|it| (ToolFact::clone(&it.fact), it.learnt));
        let (fact, learnt) = known.unwrap_or_default();
        let fact = ToolFact { needs_task: true, ..fact };
        self.insert(principal, name, fact, learnt);
    }

    /// The list has changed, for all principals: every tool is due.
    pub fn handle_changed(&mut self) {
        for list in self.lists.values_mut() {
            list.asked = None;
            list.tools.values_mut().for_each(|it| it.learnt = None);
        }
    }

    /// How much is known, in tools and lists, and in bytes.
    #[must_use]
    pub fn usage(&self) -> QuotaUsage {
        self.quota.usage()
    }

    fn insert(
        &mut self,
        principal: Option<&Arc<str>>,
        name: &str,
        fact: ToolFact,
        learnt: Option<Instant>,
    ) {
        // First: the new row may need the room of the old one.
        let key = principal.cloned();
        drop(self.lists.get_mut(&key).and_then(|it| it.tools.remove(name)));
        let bytes = size_of::<Row>() + name.len() + fact.bytes();
        let Some(permit) = self.acquire(principal, bytes) else { return };
        let Some(list) = self.lists.get_mut(&key) else { return };
        list.tools.insert(name.into(), Row { fact: Arc::new(fact), learnt, _permit: permit });
    }

    /// The list of a principal, made if there is none and there is room.
    fn list(&mut self, principal: Option<&Arc<str>>, now: Instant) -> Option<&mut List> {
        let key = principal.cloned();
        if !self.lists.contains_key(&key) {
            let bytes = size_of::<List>() + key.as_ref().map_or(0, |it| it.len());
            let permit = self.acquire(principal, bytes)?;
            let list = List { tools: HashMap::new(), asked: None, used: now, _permit: permit };
            self.lists.insert(key.clone(), list);
        }
        let list = self.lists.get_mut(&key)?;
        list.used = now;
        Some(list)
    }

    /// Leave to keep a tool or a list; the oldest list of another principal goes for it if need be.
    fn acquire(&mut self, principal: Option<&Arc<str>>, bytes: usize) -> Option<QuotaPermit> {
        loop {
            match self.quota.acquire(principal, bytes) {
                Ok(permit) => return Some(permit),
                Err(QuotaFull { scope: QuotaScope::Principal, .. }) => return None,
                Err(_) => self.drop_oldest(principal)?,
            }
        }
    }

    fn drop_oldest(&mut self, but: Option<&Arc<str>>) -> Option<()> {
        let others = self.lists.iter().filter(|(key, _)| key.as_ref() != but);
        let oldest = others.min_by_key(|(_, it)| it.used).map(|(key, _)| key.clone())?;
        self.lists.remove(&oldest).map(drop)
    }
}

fn object_bytes(object: &JsonObject) -> usize {
    object.iter().map(|(key, value)| key.len() + value_bytes(value)).sum()
}

/// Roughly the bytes of a value in memory.
fn value_bytes(value: &Value) -> usize {
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(value_bytes).sum(),
        Value::Object(members) => object_bytes(members),
    };
    size_of::<Value>() + inner
}

#[cfg(test)]
mod tests;
