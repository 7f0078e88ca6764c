//! Methods that no revision knows, and notifications of the client.

use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::{Message, Request};
use eyot_service::Peer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::handling::Handling;
use crate::failure::{HandlerError, HandlerResult};

/// A method of the server's own; its handler gets the call as a `C`.
pub(crate) struct CustomMethod<C>(Arc<Handler<C>>);

type Handler<C> = dyn Fn(Value, C) -> Handling<Value> + Send + Sync;

impl<C> CustomMethod<C> {
    pub(crate) fn new<P, F, Fut, R, E>(handler: F) -> Self
    where
        P: DeserializeOwned + Send + 'static,
        F: Fn(P, C) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: Into<HandlerError>,
    {
        Self(Arc::new(move |params, call| match serde_json::from_value::<P>(params) {
            Ok(params) => {
                let running = handler(params, call);
                Box::pin(async move {
                    let result = running.await.map_err(Into::into)?;
                    Ok(serde_json::to_value(result)?)
                })
            }
            Err(error) => Box::pin(std::future::ready(Err(invalid(&error)))),
        }))
    }

    /// Runs the handler once.
    pub(crate) async fn run(self, request: &Request, call: C) -> HandlerResult<Value> {
        let params = request.decode_params().map_err(|error| invalid(&error))?;
        (self.0)(params, call).await
    }
}

fn invalid(error: &serde_json::Error) -> HandlerError {
    HandlerError::protocol(eyot_types::codes::invalid_params(&error.to_string()))
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
