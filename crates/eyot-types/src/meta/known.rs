//! The members of `_meta` that typed messages carry: read and set one by one.

use std::collections::BTreeMap;

use eyot_jsonrpc::{Id, Message};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{BAGGAGE, RELATED_TASK, SERVER_INFO, SUBSCRIPTION_ID, TRACEPARENT, TRACESTATE};
use crate::{Implementation, JsonObject, RelatedTask};

/// Who sent a modern result. `None`: it does not say, or not in the form that is prescribed.
#[must_use]
pub fn server_info(meta: &JsonObject) -> Option<Implementation> {
    read(meta, SERVER_INFO)
}

/// Says who sends a modern result.
pub fn set_server_info(meta: &mut JsonObject, server_info: &Implementation) {
    write(meta, SERVER_INFO, server_info);
}

/// The task that a message of 2025-11-25 belongs to. `None`: to none.
#[must_use]
pub fn related_task(meta: &JsonObject) -> Option<RelatedTask> {
    read(meta, RELATED_TASK)
}

/// Says which task a message of 2025-11-25 belongs to.
pub fn set_related_task(meta: &mut JsonObject, task: &RelatedTask) {
    write(meta, RELATED_TASK, task);
}

/// The request that opened the subscription of a modern notification. `None`: there is none.
///
/// A decoded number is exact up to `u64::MAX` only: of longer ones the text is lost.
#[must_use]
pub fn subscription_id(meta: &JsonObject) -> Option<Id> {
    read(meta, SUBSCRIPTION_ID)
}

/// Says which request opened the subscription of a modern notification; see
/// [`with_exact_subscription_id`] for numbers that are longer than 64 bits.
pub fn set_subscription_id(meta: &mut JsonObject, subscription: &Id) {
    write(meta, SUBSCRIPTION_ID, subscription);
}

/// The notification or answer with the id of its subscription as the client wrote it.
///
/// Decoded metadata holds integers of 64 bits; the digits of longer ones are lost there, and only
/// for these is the message written anew.
#[must_use]
pub fn with_exact_subscription_id(message: Message, subscription: &Id) -> Message {
    let raw = subscription.as_raw();
    let is_exact = raw.starts_with('"') || raw.parse::<i64>().is_ok() || raw.parse::<u64>().is_ok();
    match is_exact {
        true => message,
        false => with_subscription_id(&message, subscription).unwrap_or(message),
    }
}

/// The notification or answer with another id of its subscription; every other member stays as it
/// is written. `None`: it has no `_meta`.
#[must_use]
pub fn with_subscription_id(message: &Message, subscription: &Id) -> Option<Message> {
    let id = to_raw_value(subscription).ok()?;
    let params = message.params().or_else(|| message.result())?;
    let mut params: BTreeMap<String, &RawValue> = serde_json::from_str(params).ok()?;
    let meta = params.get("_meta")?.get();
    let mut meta: BTreeMap<String, &RawValue> = serde_json::from_str(meta).ok()?;
    meta.insert(SUBSCRIPTION_ID.to_owned(), &id);
    let meta = to_raw_value(&meta).ok()?;
    params.insert("_meta".to_owned(), &meta);
    Some(match message.method() {
        Some(method) => Message::notification(&method, &params),
        None => Message::response(message.id()?, &params),
    })
}

/// Metadata that names a subscription and nothing else.
pub(crate) fn of_subscription(subscription: &Id) -> JsonObject {
    let mut meta = JsonObject::new();
    set_subscription_id(&mut meta, subscription);
    meta
}

/// The trace that a message belongs to. Its keys are bare, an exception to the rule that keys have
/// a prefix (2026-07-28, basic/index, `_meta`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TraceContext {
    /// The trace and the span that the message belongs to.
    pub traceparent: Option<String>,
    /// What tracing systems add.
    pub tracestate: Option<String>,
    /// What applications add.
    pub baggage: Option<String>,
}

impl TraceContext {
    /// The trace of this `traceparent`.
    #[must_use]
    pub fn new(traceparent: impl Into<String>) -> Self {
        Self { traceparent: Some(traceparent.into()), ..Self::default() }
    }

    /// The trace that the message of this metadata belongs to. Members that are no texts are left
    /// out.
    #[must_use]
    pub fn of(meta: &JsonObject) -> Self {
        let text = |key| meta.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            traceparent: text(TRACEPARENT),
            tracestate: text(TRACESTATE),
            baggage: text(BAGGAGE),
        }
    }

    /// Puts the trace into metadata, in place of the one that was there.
    pub fn write(self, meta: &mut JsonObject) {
        let members = [
            (TRACEPARENT, self.traceparent),
            (TRACESTATE, self.tracestate),
            (BAGGAGE, self.baggage),
        ];
        for (key, text) in members {
            match text {
                Some(text) => meta.insert(key.to_owned(), Value::String(text)),
                None => meta.remove(key),
            };
        }
    }
}

fn read<T: DeserializeOwned>(meta: &JsonObject, key: &str) -> Option<T> {
    T::deserialize(meta.get(key)?).ok()
}

fn write(meta: &mut JsonObject, key: &str, value: &impl Serialize) {
    // Objects with keys of text and ids that are JSON already: nothing that could fail.
    if let Ok(value) = serde_json::to_value(value) {
        meta.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests;
