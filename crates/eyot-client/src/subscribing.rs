//! Subscriptions to single resources, and to all that a filter names.

use std::sync::Arc;

use eyot_types::codes::Outcome;
use eyot_types::{EmptyResult, Era, Method, SubscriptionFilter};
use tokio::sync::oneshot;

use crate::error::ClientError;
use crate::params::Params;
use crate::state::Order;
use crate::subscription::{Subscription, modern};
use crate::{Client, emulated};

impl Client {
    /// Asks to be told when a resource changes: see [`ClientBuilder::on_resource_updated`](crate::ClientBuilder::on_resource_updated) and
    /// [`notifications`](Self::notifications). Counted: it takes as many
    /// [`unsubscribe`](Self::unsubscribe) to end it.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; then nothing is subscribed.
    ///
    /// # Cancel safety
    ///
    /// It may have been subscribed at the server, and is not counted.
    pub async fn subscribe(&self, uri: impl Into<String>) -> Result<(), ClientError> {
        let uri = uri.into();
        let is_first = {
            let mut settings = self.shared().settings.lock();
            let count = settings.subscriptions.entry(uri.clone()).or_insert(0);
            *count += 1;
            *count == 1
        };
        let mut guard = CountGuard { client: self, uri: Some(uri.clone()) };
        if is_first {
            match self.era() {
                Era::Legacy => {
                    let params = Params::new().with("uri", &uri);
                    self.call::<EmptyResult>(Method::ResourcesSubscribe, params).await?;
                }
                Era::Modern => self.resubscribe().await?,
            }
        }
        guard.uri = None;
        Ok(())
    }

    /// Ends what [`subscribe`](Self::subscribe) has begun.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; the subscription is not counted any more even then.
    ///
    /// # Cancel safety
    ///
    /// It may still be subscribed at the server.
    pub async fn unsubscribe(&self, uri: impl Into<String>) -> Result<(), ClientError> {
        match self.unsubscribing(&uri.into()) {
            Some(ending) => ending.await,
            None => Ok(()),
        }
    }

    /// Lets go of a subscription; what must be done at the server if it was the last.
    pub(crate) fn unsubscribing(
        &self,
        uri: &str,
    ) -> Option<impl Future<Output = Result<(), ClientError>> + Send + use<>> {
        if !self.shared().settings.lock().release(uri) {
            return None;
        }
        let (client, uri) = (self.clone(), uri.to_owned());
        Some(async move {
            match client.era() {
                Era::Legacy => {
                    let params = Params::new().with("uri", &uri);
                    let call = client.call::<EmptyResult>(Method::ResourcesUnsubscribe, params);
                    call.await.map(drop)
                }
                Era::Modern => client.resubscribe().await,
            }
        })
    }

    async fn resubscribe(&self) -> Result<(), ClientError> {
        let (done, acknowledged) = oneshot::channel();
        let order = Order::Resubscribe { done };
        self.shared().orders.send(order).await.map_err(|_closed| ClientError::Closed)?;
        let patience = self.shared().config.timeout;
        match tokio::time::timeout(patience, acknowledged).await {
            Ok(Ok(answer)) => answer,
            // The connection is being opened again, with this among its subscriptions.
            Ok(Err(_dropped)) => Ok(()),
            Err(_elapsed) => {
                Err(ClientError::Timeout { waited: patience, outcome: Outcome::Unknown })
            }
        }
    }

    /// Subscribes to changes at the server until the subscription is dropped. It is opened again
    /// when it breaks. Changes of a legacy server come as those of a modern one.
    ///
    /// # Errors
    ///
    /// [`ClientError`] of a legacy server that refuses one of the resources.
    ///
    /// # Cancel safety
    ///
    /// Subscriptions that were begun are ended again.
    pub async fn listen(&self, filter: SubscriptionFilter) -> Result<Subscription, ClientError> {
        match self.era() {
            Era::Legacy => emulated::legacy(self.clone(), filter).await,
            Era::Modern => Ok(modern(Arc::clone(self.shared()), filter, self.clone())),
        }
    }
}

/// Counts a subscription back if it does not come about.
struct CountGuard<'a> {
    client: &'a Client,
    uri: Option<String>,
}

impl Drop for CountGuard<'_> {
    fn drop(&mut self) {
        if let Some(uri) = self.uri.take() {
            self.client.shared().settings.lock().release(&uri);
        }
    }
}
