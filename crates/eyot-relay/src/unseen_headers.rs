//! Modern clients over HTTP before a modern server on a pipe, which sees no headers: they are held
//! against the arguments here.

use std::sync::Arc;

use eyot_bridge::{Ask, Mirrors, mirrors_some};
use eyot_jsonrpc::{Message, Request};
use eyot_service::{Call, Fault, Input, Messages, Reply, Transport};
use eyot_types::Method;
use eyot_upstream::{ModernConnection, ModernSide, Sender};
use futures_util::StreamExt as _;
use http::HeaderMap;
use serde_json::json;
use serde_json::value::RawValue;

/// What the tools of one upstream mirror.
#[derive(Debug, Default)]
pub(crate) struct UnseenHeaders {
    mirrors: Arc<Mirrors>,
}

impl UnseenHeaders {
    /// The request of a call whose headers matter and will not be seen. It is none for nearly all
    /// calls: few servers have a tool that mirrors anything.
    pub(crate) fn concerned(&self, call: &Call) -> Option<Request> {
        let Input::Request(request) = &call.input else { return None };
        let is_concerned = call.peer.transport == Transport::Http
            && match Method::parse(request.method()) {
                Method::ToolsList => true,
                Method::ToolsCall => {
                    let headers = call.extensions.get::<HeaderMap>();
                    !self.mirrors.is_empty() || headers.is_some_and(mirrors_some)
                }
                _ => false,
            };
        is_concerned.then(|| request.clone())
    }

    /// Answers such a request. "Servers that process the request body MUST reject requests" whose
    /// headers differ from it (2026-07-28, basic/transports/streamable-http, Server Validation).
    pub(crate) async fn answer(
        &self,
        modern: &ModernSide,
        connection: &ModernConnection,
        ask: Ask,
    ) -> Result<Reply, Fault> {
        let sender = Sender::new(ask.peer.clone(), HeaderMap::new());
        if Method::parse(&ask.method()) == Method::ToolsCall {
            if self.mirrors.is_unknown(&ask) {
                let listed = modern.request(connection, list_for(&ask), &sender).await?;
                drop(self.mirrors.learn(&ask, listed.answer(drop).await?));
            }
            if let Err(error) = self.mirrors.check(&ask) {
                return Ok(Reply::One(ask.refuse(&error)));
            }
        }
        let reply = modern.request(connection, ask.message.clone(), &sender).await?;
        Ok(self.learning(ask, reply))
    }

    /// Takes the answer to a list on its way to the client.
    fn learning(&self, ask: Ask, reply: Reply) -> Reply {
        if Method::parse(&ask.method()) != Method::ToolsList {
            return reply;
        }
        match reply {
            Reply::One(answer) => Reply::One(self.mirrors.learn(&ask, answer)),
            Reply::Stream(parts) => {
                let mirrors = Arc::clone(&self.mirrors);
                let learn = move |message: Message| match message.into_response() {
                    Ok(answer) => mirrors.learn(&ask, answer).into(),
                    Err(other) => other,
                };
                let parts = parts.map(move |part| part.map(|it| it.map_message(&learn)));
                Reply::Stream(Messages::new(parts))
            }
            Reply::None => Reply::None,
        }
    }
}

/// A request for the tools on behalf of the client.
fn list_for(ask: &Ask) -> Request {
    let meta = ask.message.meta().map(|it| RawValue::from_string(it.to_owned()));
    let params = json!({ "_meta": meta.and_then(Result::ok) });
    Request::unnumbered(Method::ToolsList.as_str(), &params)
}
