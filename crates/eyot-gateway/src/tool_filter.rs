//! Which tools of a server are offered.

use std::collections::BTreeSet;
use std::sync::Arc;

use eyot_jsonrpc::{
    Changes, ErrorObject, INVALID_PARAMS, Items, Json, Keeps, MemberList, Members, Message,
    Response,
};
use eyot_service::{
    BoxService, Call, Fault, Input, Messages, Reply, ReplyFuture, ServiceLayer, SharedService,
};
use eyot_types::Method;
use futures_util::StreamExt as _;
use tower_service::Service as _;

/// The tools of a server that clients may use. By default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolFilter {
    /// Only these. `None`: all.
    pub include: Option<BTreeSet<String>>,
    /// None of these, whatever `include` says.
    pub exclude: BTreeSet<String>,
}

impl ToolFilter {
    /// Whether a tool is offered.
    #[must_use]
    pub fn passes(&self, name: &str) -> bool {
        self.include.as_ref().is_none_or(|it| it.contains(name)) && !self.exclude.contains(name)
    }

    /// The server without the tools that are not offered: they are not listed, and a call of one is
    /// refused as that of a tool that does not exist.
    #[must_use]
    pub fn around(&self, service: BoxService) -> BoxService {
        match *self == Self::default() {
            true => service,
            false => BoxService::of_shared(Arc::new(Filtered { filter: self.clone(), service })),
        }
    }

    /// The filter as a layer: [`around`](Self::around) each service.
    #[must_use]
    pub fn layer(&self) -> ServiceLayer {
        if *self == Self::default() {
            return ServiceLayer::default();
        }
        let filter = self.clone();
        ServiceLayer::from_fn(move |service| filter.around(service))
    }

    /// A list of tools without those that are not offered. What is no list stays as it is.
    fn listed(&self, answer: Message) -> Message {
        let tools = |members: &MemberList<'_>| {
            let items = Items::of(members.find("tools")?)?;
            let kept: Vec<&str> = items.filter(|it| self.passes_item(it)).collect();
            Json::parse(&format!("[{}]", kept.join(",")))
        };
        let Some(members) = MemberList::of(&answer) else { return answer };
        let Some(tools) = tools(&members) else { return answer };
        let changes = Changes { keeps: Keeps::All, adds: &[Some(("tools", &tools))] };
        members.rewritten(&changes, &Changes::NONE)
    }

    fn passes_item(&self, item: &str) -> bool {
        let name = Members::of(item).and_then(|mut it| it.find(|(name, _)| name == "name"));
        let name = name.and_then(|(_, raw)| serde_json::from_str::<String>(raw).ok());
        name.is_none_or(|it| self.passes(&it))
    }
}

/// A server some of whose tools are not offered.
#[derive(Debug)]
struct Filtered {
    filter: ToolFilter,
    service: BoxService,
}

impl SharedService for Filtered {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        if let Input::Request(request) = &call.input {
            if request.is_method(Method::ToolsList.as_str()) {
                return Box::pin(self.list(call));
            }
            if request.is_method(Method::ToolsCall.as_str())
                && let Some(name) = request.name()
                && !self.filter.passes(&name)
            {
                let error = ErrorObject::new(INVALID_PARAMS, format!("Unknown tool: {name}"));
                let refused: Response = request.refuse(&error);
                return Box::pin(std::future::ready(Ok(Reply::One(refused))));
            }
        }
        self.service.clone().call(call)
    }
}

impl Filtered {
    async fn list(self: Arc<Self>, call: Call) -> Result<Reply, Fault> {
        Ok(match self.service.clone().call(call).await? {
            Reply::One(answer) => {
                let listed = self.filter.listed(answer.clone().into_message());
                Reply::One(listed.into_response().unwrap_or(answer))
            }
            Reply::Stream(messages) => Reply::Stream(Messages::new(messages.map(move |item| {
                Ok(item?.map_message(|it| match it.is_response() {
                    true => self.filter.listed(it),
                    false => it,
                }))
            }))),
            Reply::None => Reply::None,
        })
    }
}

#[cfg(test)]
mod tests;
