//! A plan, offered to others as the interceptors of a server.

use eyot_interceptors::{INVOKE, INVOKE_PLURAL, Interceptors, InvokeParams, LIST, ListParams};
use eyot_server::{BuildError, CallContext, HandlerError, Server, ServerBuilder};

use crate::declaring::Declaring;

/// A server of these interceptors, and of nothing else: "an interceptor server SHOULD NOT also host
/// tools, prompts or resources".
///
/// # Errors
///
/// [`BuildError`], as [`ServerBuilder::build`].
pub fn interceptor_server(
    interceptors: &Interceptors,
    name: impl Into<String>,
    version: impl Into<String>,
) -> Result<Server, BuildError> {
    offer_interceptors(Server::builder(name, version), interceptors).build()
}

/// Adds interceptors to what a server offers: it answers `interceptors/list` and `interceptor/invoke`,
/// and declares the extension to clients of both eras. Each request meets the plan of its moment.
pub fn offer_interceptors(builder: ServerBuilder, interceptors: &Interceptors) -> ServerBuilder {
    let listed = interceptors.clone();
    let list = move |params: ListParams, _: CallContext| {
        let plan = listed.plan();
        async move { Ok::<_, HandlerError>(plan.list(&params)) }
    };
    // The text of SEP-2624 has the plural in one place.
    let names = [INVOKE, INVOKE_PLURAL];
    let builder = names.into_iter().fold(builder.method(LIST, list), |builder, name| {
        let asked = interceptors.clone();
        builder.method(name, move |params: InvokeParams, _: CallContext| {
            let plan = asked.plan();
            async move { plan.invoke(&params).await.map_err(HandlerError::protocol) }
        })
    });
    builder.layer(Declaring(interceptors.clone()))
}
