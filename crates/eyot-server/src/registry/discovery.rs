//! How a server describes itself.

use eyot_jsonrpc::{ErrorObject, Request, Response};
use eyot_types::{
    DiscoverResult, Era, InitializeParams, InitializeResult, JsonObject, Revision,
    ServerCapabilities, TASKS_EXTENSION, codes, meta,
};

use super::Registry;
use crate::identity::Identity;

/// What a server can do for clients of this era, judged by what is registered now: it declares
/// nothing that it does not serve.
pub(crate) fn capabilities<C>(
    registry: &Registry<C>,
    era: Era,
    has_tasks: bool,
) -> ServerCapabilities {
    let mut capabilities = ServerCapabilities::default();
    if !registry.tools.is_empty() {
        capabilities = capabilities.with_flag("tools", "listChanged");
    }
    if !registry.prompts.is_empty() {
        capabilities = capabilities.with_flag("prompts", "listChanged");
    }
    if !registry.resources.is_empty() || !registry.templates.is_empty() {
        capabilities = capabilities.with_flag("resources", "listChanged");
        if registry.has_resource_subscriptions {
            capabilities = capabilities.with_flag("resources", "subscribe");
        }
    }
    if registry.has_completions() {
        capabilities = capabilities.with("completions");
    }
    if registry.has_logging {
        capabilities = capabilities.with("logging");
    }
    if era == Era::Modern && has_tasks {
        // Extensions are declared in the modern era alone.
        capabilities = capabilities.with_extension(TASKS_EXTENSION, JsonObject::new());
    }
    capabilities
}

/// The answer to `initialize`.
pub(crate) fn initialize<C>(
    registry: &Registry<C>,
    identity: &Identity,
    request: &Request,
) -> Result<Response, ErrorObject> {
    let wrong = |error: serde_json::Error| codes::invalid_params(&error.to_string());
    let params: InitializeParams = request.decode_params().map_err(wrong)?;
    let revision = Revision::negotiate(&params.protocol_version);
    let capabilities = capabilities(registry, Era::Legacy, false);
    let mut result = InitializeResult::new(revision, capabilities, identity.info().clone());
    result.instructions.clone_from(&registry.instructions);
    Ok(identity.answer_raw(Era::Legacy, request.id(), &result))
}

/// The answer to `server/discover`.
pub(crate) fn discover<C>(
    registry: &Registry<C>,
    identity: &Identity,
    has_tasks: bool,
    request: &Request,
) -> Response {
    // Legacy revisions are not listed: a modern request cannot ask for one.
    let capabilities = capabilities(registry, Era::Modern, has_tasks);
    let mut result = DiscoverResult::new(&[Revision::MODERN], capabilities);
    result.instructions.clone_from(&registry.instructions);
    let (ttl_ms, scope) = registry.list_cache.clone();
    (result.ttl_ms, result.cache_scope) = (Some(ttl_ms), Some(scope));
    let mut own = JsonObject::new();
    meta::set_server_info(&mut own, identity.info());
    result.meta = Some(own);
    identity.answer_raw(Era::Legacy, request.id(), &result)
}
