//! One more subscription of a session, within its bounds.

use std::sync::Arc;

use eyot_jsonrpc::ErrorObject;
use eyot_session::{ItemChange, StoreError};

use crate::{SessionHandle, SessionLimits, limit_reached, too_long};

/// A subscription that is asked for. It takes its room at once, so that many that are asked for at
/// once stay within the bounds, and gives it back unless it is confirmed.
#[derive(Debug)]
#[must_use = "a subscription that is not confirmed is given up"]
pub struct Subscribing {
    session: Arc<SessionHandle>,
    uri: Box<str>,
    /// `false`: the client has subscribed to this URI before.
    is_new: bool,
}

impl SessionHandle {
    /// Takes room for a subscription that the client asks for now, as the session keeps it: see
    /// [`UpstreamName::subscription`](eyot_session::UpstreamName::subscription).
    ///
    /// # Errors
    ///
    /// The error for the client when the URI is too long, or the session or its principal has too
    /// much already.
    pub fn begin_subscribing(
        self: &Arc<Self>,
        uri: &str,
        limits: &SessionLimits,
    ) -> Result<Subscribing, ErrorObject> {
        if uri.len() > limits.uri_bytes_max {
            return Err(too_long("uri", limits.uri_bytes_max));
        }
        let mut is_new = false;
        let mut count = 0;
        self.edit(|state| {
            count = state.items.subscription_count();
            is_new = !state.items.is_subscribed(uri);
            if is_new && count < limits.subscriptions_max {
                state.items.apply(ItemChange::Subscribe(uri.into()));
            }
        });
        if is_new && count >= limits.subscriptions_max {
            return Err(limit_reached("subscriptions of one session"));
        }
        let room = if is_new { self.take_room(uri.len()) } else { Ok(()) };
        if let Err(error) = room {
            self.edit(|state| {
                state.items.apply(ItemChange::Unsubscribe(uri.into()));
            });
            return Err(error);
        }
        Ok(Subscribing { session: Arc::clone(self), uri: uri.into(), is_new })
    }

    /// Ends a subscription, and waits until that is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the subscription has ended in memory.
    ///
    /// # Cancel safety
    ///
    /// As [`change_items`](Self::change_items).
    pub async fn unsubscribe(&self, uri: &str) -> Result<(), StoreError> {
        if !self.look(|state| state.items.is_subscribed(uri)) {
            return Ok(());
        }
        self.give_room(uri.len());
        self.change_items(vec![ItemChange::Unsubscribe(uri.into())]).await
    }
}

impl Subscribing {
    /// Keeps the subscription, and waits until it is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the subscription stays in memory.
    ///
    /// # Cancel safety
    ///
    /// The subscription stays in memory, and the store may have it or not.
    pub async fn confirm(mut self) -> Result<(), StoreError> {
        self.is_new = false;
        self.session.change_items(vec![ItemChange::Subscribe(self.uri.clone())]).await
    }
}

impl Drop for Subscribing {
    fn drop(&mut self) {
        if self.is_new {
            self.session.give_room(self.uri.len());
            let change = ItemChange::Unsubscribe(self.uri.clone());
            self.session.edit(|state| {
                state.items.apply(change);
            });
        }
    }
}
