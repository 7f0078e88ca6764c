//! Checks the headers in which modern clients repeat arguments of tools, where the upstream does not
//! see them.

use std::sync::Arc;

use eyot_jsonrpc::{Message, Request, Response};
use eyot_service::{Call, Fault, Input, Limits, Transport};
use eyot_types::{CallToolParams, Method, PaginatedParams, codes};
use http::{HeaderMap, HeaderName};

use super::modern_request::ModernRequest;
use eyot_upstream::KnownTools;

/// Knows the headers of the tools of one upstream. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ParamHeaders {
    /// What is known of its tools.
    pub tools: Arc<KnownTools>,
}

impl ParamHeaders {
    /// Knows no tool yet, and will know as many as the limits let it.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { tools: Arc::new(KnownTools::new(true, limits)) }
    }

    /// The request of a call whose headers matter. Those of nearly all calls do not: few servers
    /// have a tool with parameter headers. Of a tool that is not known it is not known, either.
    #[must_use]
    pub fn concerned(&self, call: &Call) -> Option<Request> {
        let Input::Request(request) = &call.input else { return None };
        let is_concerned = call.peer.transport == Transport::Http
            && match Method::parse(request.method()) {
                Method::ToolsList => true,
                Method::ToolsCall => {
                    let headers = call.extensions.get::<HeaderMap>();
                    let name = request.name();
                    let is_plain =
                        |name: &str| self.tools.needs_no_headers(call.peer.principal_name(), name);
                    headers.and_then(first).is_some() || !name.is_none_or(|it| is_plain(&it))
                }
                _ => false,
            };
        is_concerned.then(|| request.clone())
    }

    /// Holds the headers of a call of a tool against its arguments; `ask` asks the upstream for a
    /// page of its list if the tool is not known. "Servers that process the request body MUST
    /// reject requests" whose headers differ from it (2026-07-28, basic/transports/streamable-http,
    /// Server Validation).
    ///
    /// # Errors
    /// A refusal when they differ; another [`Fault`] when the list is needed and does not come.
    ///
    /// # Cancel safety
    /// What was learnt of the list stays known.
    pub async fn check<F>(
        &self,
        request: &ModernRequest,
        ask: impl FnMut(PaginatedParams) -> F,
    ) -> Result<(), Fault>
    where
        F: Future<Output = Result<Response, Fault>>,
    {
        let principal = request.peer.principal_name();
        let Some(name) = request.message.name() else { return Ok(()) };
        let given = request.headers.as_ref().and_then(first);
        let known = match given {
            Some(_) => self.tools.look_up(principal, &name, ask).await?,
            None => self.tools.look_up_if_possible(principal, &name, ask).await,
        };
        if let (None, Some(header)) = (&known, given) {
            let mismatch = codes::header_mismatch(header, "belongs to no tool that is listed");
            return Err(Fault::refused(mismatch));
        }
        let Some(params) = known.as_ref().and_then(|it| it.param_headers()) else { return Ok(()) };
        let call = request.message.decode_params::<CallToolParams>();
        let call = call.map_err(|error| Fault::refused(codes::invalid_params(&error.to_string())));
        let (arguments, headers) = (call?.arguments.unwrap_or_default(), request.headers.as_ref());
        let checked = params.check(&arguments, |name| headers?.get(name).map(|it| it.as_bytes()));
        checked.map_err(Fault::refused)
    }

    /// Remembers what a list of tools says, as the upstream has answered it to this client.
    pub fn learn(&self, request: &ModernRequest, answer: &Message) {
        if let Some(list) = answer.result() {
            self.tools.learn_text(request.peer.principal_name(), list);
        }
    }
}

/// The first header in which a client repeats an argument, by its name.
fn first(headers: &HeaderMap) -> Option<&str> {
    let mut names = headers.keys().map(HeaderName::as_str);
    names.find(|it| it.starts_with(eyot_types::headers::PARAM_PREFIX))
}
