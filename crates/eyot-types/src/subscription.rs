//! Subscriptions of the modern era: one request that stays open.

use eyot_jsonrpc::Id;
use serde::{Deserialize, Serialize};

use crate::with_members::with_members;
use crate::{JsonObject, ResultType, meta};

/// What a client wants to hear of, or what a server will tell.
///
/// "The server MUST NOT send notification types the client has not explicitly requested"
/// (2026-07-28, schema, `SubscriptionFilter`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubscriptionFilter {
    /// Whether to hear that the list of tools has changed. `None` means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools_list_changed: Option<bool>,
    /// Whether to hear that the list of prompts has changed. `None` means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts_list_changed: Option<bool>,
    /// Whether to hear that the list of resources has changed. `None` means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources_list_changed: Option<bool>,
    /// The resources to hear of when they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_subscriptions: Option<Vec<String>>,
    /// The tasks to hear of when they change (the tasks extension).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_ids: Option<Vec<String>>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SubscriptionFilter {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Says whether to hear that the list of tools has changed.
        with_tools_list_changed(tools_list_changed: bool),
        /// Says whether to hear that the list of prompts has changed.
        with_prompts_list_changed(prompts_list_changed: bool),
        /// Says whether to hear that the list of resources has changed.
        with_resources_list_changed(resources_list_changed: bool),
        /// Names the resources to hear of.
        with_resource_subscriptions(resource_subscriptions: impl Into<Vec<String>>),
        /// Names the tasks to hear of.
        with_task_ids(task_ids: impl Into<Vec<String>>),
    }
}

/// Parameters of `subscriptions/listen`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubscriptionsListenParams {
    /// What the client wants to hear of.
    pub notifications: SubscriptionFilter,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SubscriptionsListenParams {
    /// Asks to hear of this.
    #[must_use]
    pub fn new(notifications: SubscriptionFilter) -> Self {
        Self { notifications, ..Self::default() }
    }
}

/// Parameters of `notifications/subscriptions/acknowledged`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubscriptionsAcknowledgedParams {
    /// What the server will tell: at most what the client asked for.
    pub notifications: SubscriptionFilter,
    /// Metadata of the notification; names the subscription under
    /// [`SUBSCRIPTION_ID`](crate::meta::SUBSCRIPTION_ID).
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SubscriptionsAcknowledgedParams {
    /// Promises to tell this to the subscription of that request.
    #[must_use]
    pub fn new(subscription: &Id, notifications: SubscriptionFilter) -> Self {
        let meta = Some(meta::of_subscription(subscription));
        Self { notifications, meta, ..Self::default() }
    }
}

/// Result of `subscriptions/listen`: the subscription has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubscriptionsListenResult {
    /// What kind of result this is.
    pub result_type: ResultType,
    /// Metadata of the result; names the subscription under
    /// [`SUBSCRIPTION_ID`](crate::meta::SUBSCRIPTION_ID).
    #[serde(rename = "_meta")]
    pub meta: JsonObject,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SubscriptionsListenResult {
    /// The subscription of that request has ended.
    #[must_use]
    pub fn new(subscription: &Id) -> Self {
        Self {
            result_type: ResultType::Complete,
            meta: meta::of_subscription(subscription),
            other: JsonObject::new(),
        }
    }
}
