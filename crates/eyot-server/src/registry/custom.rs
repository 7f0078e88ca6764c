//! Methods that no revision knows, and notifications of the client.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::{Message, Request};
use eyot_service::Peer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::handling::Handling;
use crate::failure::{HandlerError, HandlerResult};

/// A method of the server's own; its handler gets the call as a `C`.
pub(crate) struct CustomMethod<C>(Arc<Handler<C>>);

/// The members of a result, as their handler wrote them: numbers of any size stay what they are.
pub(crate) type Members = BTreeMap<String, Box<RawValue>>;

type Handler<C> = dyn Fn(&Request, C) -> Handling<Members> + Send + Sync;

impl<C> CustomMethod<C> {
    pub(crate) fn new<P, F, Fut, R, E>(handler: F) -> Self
    where
        P: DeserializeOwned + Send + 'static,
        F: Fn(P, C) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: Into<HandlerError>,
    {
        Self(Arc::new(move |request, call| match request.decode_params::<P>() {
            Ok(params) => {
                let running = handler(params, call);
                Box::pin(async move {
                    let result = running.await.map_err(Into::into)?;
                    Ok(serde_json::from_str(&serde_json::to_string(&result)?)?)
                })
            }
            Err(error) => {
                let invalid = eyot_types::codes::invalid_params(&error.to_string());
                Box::pin(std::future::ready(Err(HandlerError::protocol(invalid))))
            }
        }))
    }

    /// Runs the handler once.
    pub(crate) async fn run(self, request: &Request, call: C) -> HandlerResult<Members> {
        (self.0)(request, call).await
    }
}

impl<C> Clone for CustomMethod<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for CustomMethod<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomMethod")
    }
}

/// The function that gets the client's notifications.
pub(crate) type NotificationHandler = Box<dyn Fn(&Message, &Peer) + Send + Sync>;
