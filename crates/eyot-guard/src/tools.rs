//! Tools that stay what they were when their user approved them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use eyot_interceptors::{Edit, Failure, Interceptor, Phase, Splice, Validation, View};
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Items, Members, canonical};
use jsonschema::Validator as Schema;
use parking_lot::Mutex;
use serde_json::Value;

use crate::definitions::{member, oddities};
use crate::pins::{Pinned, Pins, definition, differing};

/// When the definition of a tool is believed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Always: the latest one counts.
    #[default]
    Latest,
    /// The first one that this process sees. A tool that changes later is held.
    FirstSight,
    /// The one in a file of pins. A tool that differs from it, or is not there, is held.
    Pinned(Pins),
}

/// Knows the tools of all servers by their definitions. A tool that is held is in no list and cannot be
/// called, until its user approves it.
#[derive(Debug)]
pub struct Tools {
    trust: Trust,
    /// Definitions with characters that people do not see are held.
    holds_hidden: bool,
    /// By server and by name.
    known: Mutex<HashMap<String, HashMap<String, Known>>>,
}

/// A tool of a server.
#[derive(Clone, Debug)]
struct Known {
    /// The definition that is believed.
    definition: Arc<Definition>,
    /// The one that was listed last.
    latest: [u8; 32],
    /// Why it is held. `None`: it is not.
    held: Option<Arc<str>>,
}

/// What a tool is.
#[derive(Debug)]
struct Definition {
    pinned: Pinned,
    /// Compiled when it is first needed. `None`: it is no schema.
    schema: OnceLock<Option<Schema>>,
}

impl Tools {
    /// No tool is known yet.
    #[must_use]
    pub fn new(trust: Trust) -> Self {
        Self { trust, holds_hidden: false, known: Mutex::default() }
    }

    /// Holds tools whose definitions have characters that people do not see, or names of letters that look
    /// like others.
    #[must_use]
    pub fn holding_hidden(self) -> Self {
        Self { holds_hidden: true, ..self }
    }

    /// The raw JSON of a tool's annotations, as they are believed. `None`: it has none, or is not known.
    #[must_use]
    pub fn annotations(&self, server: &str, tool: &str) -> Option<String> {
        let definition = self.known(server, tool)?.definition;
        member(&definition.pinned.text, "annotations").map(str::to_owned)
    }

    /// Takes tools out of lists that are held, and learns the others.
    #[must_use]
    pub fn list_step(self: &Arc<Self>) -> Interceptor {
        let tools = Arc::clone(self);
        Interceptor::mutator("guard/tools", move |view: &View<'_>| Ok(tools.listed(view)))
            .description("takes tools out of lists that are not what was approved")
            .on(Phase::Response, ["tools/list"])
            .priority(FIRST)
    }

    /// Denies calls of tools that are held.
    #[must_use]
    pub fn call_step(self: &Arc<Self>) -> Interceptor {
        let tools = Arc::clone(self);
        let judge = move |view: &View<'_>| {
            let Some(name) = view.name() else { return Ok(Validation::PASS) };
            Ok(match tools.held(server_of(view), &name) {
                Some(reason) => Validation::deny(format!("the tool `{name}` is held: {reason}")),
                None => Validation::PASS,
            })
        };
        Interceptor::validator("guard/held", judge)
            .description("denies calls of tools that are not what was approved")
            .on(Phase::Request, ["tools/call"])
    }

    /// Holds arguments against the schema of the tool. Tools that were never listed are not known, and
    /// their calls pass.
    #[must_use]
    pub fn arguments_step(self: &Arc<Self>) -> Interceptor {
        let tools = Arc::clone(self);
        Interceptor::validator("guard/arguments", move |view: &View<'_>| tools.argued(view))
            .description("holds the arguments of calls against the schema of the tool")
            .on(Phase::Request, ["tools/call"])
    }

    fn known(&self, server: &str, tool: &str) -> Option<Known> {
        self.known.lock().get(server)?.get(tool).cloned()
    }

    /// Why a tool may not be called. `None`: it may.
    fn held(&self, server: &str, tool: &str) -> Option<Arc<str>> {
        if let Some(known) = self.known(server, tool) {
            return known.held;
        }
        match &self.trust {
            // It is called without having been listed: what it is now is not known.
            Trust::Pinned(pins) if !is_pinned(pins, server, tool) => Some(NOT_PINNED.into()),
            _ => None,
        }
    }

    fn listed(&self, view: &View<'_>) -> Edit {
        let payload = view.payload();
        // A list that is there twice is read by readers as they like: all of its items are looked at.
        let lists = Members::of(payload).into_iter().flatten().filter(|(name, _)| name == "tools");
        let splices = lists.filter_map(|(_, list)| self.list(server_of(view), payload, list));
        Edit::Splices(splices.collect())
    }

    /// The list without what is held; `None`: all of it may stay.
    fn list(&self, server: &str, payload: &str, list: &str) -> Option<Splice> {
        let mut kept = Vec::new();
        let mut is_whole = true;
        for item in Items::of(list)? {
            match self.see(server, item) {
                None => kept.push(item),
                Some(reason) => {
                    is_whole = false;
                    let tool = member(item, "name").unwrap_or_default();
                    tracing::warn!(server, tool, %reason, "a tool is held");
                }
            }
        }
        let start = list.as_ptr() as usize - payload.as_ptr() as usize;
        let text = format!("[{}]", kept.join(","));
        (!is_whole).then(|| Splice { range: start..start + list.len(), text })
    }

    /// Learns a tool, and says why it is held, if it is.
    fn see(&self, server: &str, item: &str) -> Option<Arc<str>> {
        let Some(pinned) = definition(item) else { return Some("it has no name".into()) };
        let name = pinned.name.clone();
        let mut known = self.known.lock();
        let count: usize = known.values().map(HashMap::len).sum();
        let of_server = known.entry(server.to_owned()).or_default();
        let before = of_server.get(&name);
        if let Some(before) = before.filter(|it| it.latest == pinned.digest) {
            return before.held.clone();
        }
        if before.is_none() && count >= TOOLS_MAX {
            return Some("too many tools are known".into());
        }
        let held = self.judged(server, &pinned, before);
        let latest = pinned.digest;
        let definition = Arc::new(Definition { pinned, schema: OnceLock::new() });
        let kept = match (&self.trust, before) {
            // What was believed first stays what others are held against.
            (Trust::FirstSight, Some(first)) => Arc::clone(&first.definition),
            _ => definition,
        };
        of_server.insert(name, Known { definition: kept, latest, held: held.clone() });
        held
    }

    fn judged(&self, server: &str, pinned: &Pinned, before: Option<&Known>) -> Option<Arc<str>> {
        if self.holds_hidden
            && let Some(odd) = oddities(&pinned.text).first()
        {
            return Some(format!("its definition has a {odd}").into());
        }
        let approved = match &self.trust {
            Trust::Latest => return None,
            Trust::FirstSight => before?.definition.pinned.text.clone(),
            Trust::Pinned(pins) => {
                let Some(approved) = pins.servers.get(server).and_then(|it| it.get(&pinned.name))
                else {
                    return Some(NOT_PINNED.into());
                };
                canonical(approved.get())
            }
        };
        (approved != pinned.text).then(|| {
            let members = differing(&approved, &pinned.text).join(", ");
            format!("it is not what was approved: {members} changed").into()
        })
    }

    fn argued(&self, view: &View<'_>) -> Result<Validation, Failure> {
        let Some(name) = view.name() else { return Ok(Validation::PASS) };
        let Some(known) = self.known(server_of(view), &name) else { return Ok(Validation::PASS) };
        let schema = known.definition.schema.get_or_init(|| {
            let schema: Value =
                serde_json::from_str(member(&known.definition.pinned.text, "inputSchema")?).ok()?;
            jsonschema::validator_for(&schema).ok()
        });
        let Some(schema) = schema else { return Ok(Validation::PASS) };
        let arguments = view.at("/arguments")?.unwrap_or("{}");
        let arguments: Value = serde_json::from_str(arguments)
            .map_err(|_| Failure::new("the arguments cannot be read"))?;
        let problems = schema.iter_errors(&arguments).take(PROBLEMS_MAX).map(|it| {
            let place = it.instance_path().to_string();
            let place = if place.is_empty() { "arguments".to_owned() } else { place };
            format!("{place}: {it}")
        });
        let problems = problems.collect::<Vec<_>>().join("; ");
        if problems.is_empty() {
            return Ok(Validation::PASS);
        }
        let message = format!("invalid arguments: {problems}");
        let error = ErrorObject::new(INVALID_PARAMS, message.clone());
        Ok(Validation::deny(message).with_error(error))
    }
}

/// The name of the server that a message is of; the server of a program that has one has the empty name.
pub(crate) fn server_of<'a>(view: &View<'a>) -> &'a str {
    view.origin().server().map_or("", |it| &**it)
}

fn is_pinned(pins: &Pins, server: &str, tool: &str) -> bool {
    pins.servers.get(server).is_some_and(|it| it.contains_key(tool))
}

const NOT_PINNED: &str = "it is not among those that were approved";

/// Tools that are known at once.
const TOOLS_MAX: usize = 50_000;

/// Problems of arguments that are named.
const PROBLEMS_MAX: usize = 3;

/// Before all that reads lists (SEP-2624: system security).
const FIRST: i32 = -2_000_000;

#[cfg(test)]
mod tests;
