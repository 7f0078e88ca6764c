//! Modern clients over HTTP before a modern server on a pipe, which sees no headers: they are held
//! against the arguments here.

use eyot_bridge::{ModernRequest, ParamHeaders};
use eyot_jsonrpc::{Message, Request, Response};
use eyot_service::{Fault, Messages, Reply};
use eyot_types::{Method, PaginatedParams};
use eyot_upstream::{ModernConnection, ModernSide, Sender};
use futures_util::StreamExt as _;
use http::HeaderMap;

/// Asks a modern server on a pipe, whose headers are checked on its behalf.
pub(crate) struct HeaderlessServer<'s> {
    pub(crate) modern: &'s ModernSide,
    pub(crate) connection: &'s ModernConnection,
    pub(crate) param_headers: &'s ParamHeaders,
}

impl HeaderlessServer<'_> {
    /// Answers a request that [`ParamHeaders`] are concerned with.
    pub(crate) async fn answer(&self, request: ModernRequest) -> Result<Reply, Fault> {
        let sender = Sender::new(request.peer.clone(), HeaderMap::new());
        if Method::parse(request.method()) == Method::ToolsCall {
            let (request, sender) = (&request, &sender);
            let list = |page| async move {
                let request = list_for(request, page);
                self.modern.request(self.connection, request, sender).await?.answer(drop).await
            };
            if let Err(fault) = self.param_headers.check(request, list).await {
                return request.fail(fault);
            }
        }
        let reply = self.modern.request(self.connection, request.message.clone(), &sender).await?;
        Ok(self.learning(request, reply))
    }

    /// Takes the answer to a list on its way to the client.
    fn learning(&self, request: ModernRequest, reply: Reply) -> Reply {
        if Method::parse(request.method()) != Method::ToolsList {
            return reply;
        }
        let headers = self.param_headers.clone();
        let learn = move |list: Response| {
            headers.learn(&request, &list);
            eyot_era::without_invalid_headers(list)
        };
        match reply {
            Reply::One(answer) => Reply::One(learn(answer)),
            Reply::Stream(parts) => {
                let learn = move |message: Message| match message.into_response() {
                    Ok(answer) => learn(answer).into(),
                    Err(other) => other,
                };
                let parts = parts.map(move |part| part.map(|it| it.map_message(&learn)));
                Reply::Stream(Messages::new(parts))
            }
            Reply::None => Reply::None,
        }
    }
}

/// A request for a page of the tools on behalf of the client.
fn list_for(request: &ModernRequest, mut page: PaginatedParams) -> Request {
    page.meta = request.message.meta().and_then(|it| serde_json::from_str(it).ok());
    Request::unnumbered(Method::ToolsList.as_str(), &page)
}
