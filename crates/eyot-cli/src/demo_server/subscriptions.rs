//! Who hears of changes: legacy sessions that subscribed, modern clients that listen.

use std::collections::BTreeMap;

use eyot::jsonrpc::{ErrorObject, Id};
use eyot::types::{Method, SubscribeParams, meta};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Call;
use super::catalog::GREETING_URI;
use super::open::Open;
use super::server::Server;

/// What a notification on a modern subscription says.
#[derive(Serialize)]
struct Heard<'a, T> {
    #[serde(rename = "_meta")]
    meta: BTreeMap<&'static str, &'a Id>,
    #[serde(flatten)]
    params: T,
}

impl<'a, T> Heard<'a, T> {
    fn new(subscription: &'a Id, params: T) -> Self {
        Self { meta: BTreeMap::from([(meta::SUBSCRIPTION_ID, subscription)]), params }
    }
}

impl Server<'_> {
    /// Opens a modern subscription. Touches are read from the same input, one after the other, so
    /// nothing is heard on the subscription before it is acknowledged.
    pub(super) fn listen(&self, call: &Call) -> Result<(), ErrorObject> {
        #[derive(Deserialize)]
        struct Params {
            notifications: Filter,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Filter {
            #[serde(default)]
            resource_subscriptions: Vec<String>,
        }
        let Params { notifications } = call.params()?;
        let hears_greeting =
            notifications.resource_subscriptions.iter().any(|it| it == GREETING_URI);
        self.open(&call.id, Open::Listening { hears_greeting })?;
        let honored = if hears_greeting {
            json!({ "resourceSubscriptions": [GREETING_URI] })
        } else {
            json!({})
        };
        let params = Heard::new(&call.id, json!({ "notifications": honored }));
        self.output.notify(Method::SubscriptionsAcknowledged, &params);
        Ok(())
    }

    /// Touches the greeting, and tells how many subscriptions have heard of it.
    pub(super) fn touch(&self) -> usize {
        let (is_subscribed, listening) = {
            let mut state = self.state();
            state.touches += 1;
            let hears = |open: &Open| matches!(open, Open::Listening { hears_greeting: true });
            let listening = state.open.iter().filter(|(_, open)| hears(open));
            let listening: Vec<_> = listening.map(|(id, _)| id.clone()).collect();
            (state.is_subscribed, listening)
        };
        let params = SubscribeParams::new(GREETING_URI);
        if is_subscribed {
            self.output.notify(Method::ResourcesUpdated, &params);
        }
        for id in &listening {
            self.output.notify(Method::ResourcesUpdated, &Heard::new(id, &params));
        }
        usize::from(is_subscribed) + listening.len()
    }
}
