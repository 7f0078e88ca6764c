//! Makes a new session like the one before; and checks whether a session lives.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Id, Message, Request};
use eyot_types::{Era, Method};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::error::ClientError;
use crate::exchange::{Exchange, Watch};
use crate::session::Session;
use crate::state::Shared;

/// Sets log level and subscriptions again. What the server refuses is logged and left out.
pub(crate) async fn restore(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
) -> Result<(), ClientError> {
    if session.era() == Era::Modern {
        // There every request says its log level, and a subscription is a request.
        return Ok(());
    }
    let level = shared.settings.lock().log_level.clone();
    let level = level.map(|level| (Method::LoggingSetLevel, json!({ "level": level })));
    let uris = shared.subscribed().into_iter();
    let uris = uris.map(|uri| (Method::ResourcesSubscribe, json!({ "uri": uri })));
    for (method, params) in level.into_iter().chain(uris) {
        match ask(shared, session, &method, params, shared.config.timeout).await {
            Ok(_) => {}
            Err(error @ ClientError::Rpc(_)) => {
                tracing::warn!(%method, %error, "server does not take what it had taken before");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Asks whether the session lives. An error of the server is an answer.
pub(crate) async fn check(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    patience: Duration,
) -> Result<(), ClientError> {
    let asked = match session.era() {
        Era::Legacy => ask(shared, session, &Method::Ping, json!({}), patience).await,
        // There is no ping any more; every server has this.
        Era::Modern => {
            let params = json!({ "_meta": shared.modern_meta });
            ask(shared, session, &Method::ServerDiscover, params, patience).await
        }
    };
    match asked {
        Ok(_) | Err(ClientError::Rpc(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn ask(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    method: &Method<'_>,
    params: Value,
    patience: Duration,
) -> Result<Message, ClientError> {
    let id = Id::from_number(shared.next_id());
    let request = Request::new(id, method.as_str(), &params);
    let mut watch = Watch::new(patience, patience);
    let exchange = Exchange::new(shared, session, request, HeaderMap::new());
    let answer = exchange.answer(&mut watch, &mut mpsc::channel(1).1).await?;
    match answer.decode_error() {
        Ok(error) => Err(ClientError::Rpc(error)),
        Err(_) => Ok(answer),
    }
}
