//! What belongs to a modern subscription names the request that opened it: ours on the way from
//! the upstream, the caller's from here on.

use std::collections::BTreeMap;

use eyot_jsonrpc::{Id, Notification, Response};
use eyot_types::meta;
use serde_json::value::RawValue;

/// The subscription that a notification belongs to.
pub(crate) fn subscription_id(notification: &Notification) -> Option<Id> {
    let text = notification.meta()?;
    if !text.contains(meta::SUBSCRIPTION_ID) {
        return None;
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    Id::parse(members.get(meta::SUBSCRIPTION_ID)?.get())
}

/// The answer as its caller knows it. One that ends a subscription names it in its metadata, too.
pub(crate) fn answer_for_caller(answer: Response, caller: &Id, is_subscription: bool) -> Response {
    let answer = answer.with_client_id(caller.clone());
    if !is_subscription {
        return answer;
    }
    let named = meta::with_subscription_id(&answer, caller);
    named.and_then(|it| it.into_response().ok()).unwrap_or(answer)
}
