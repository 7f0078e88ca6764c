//! The lists of what a server offers, in pages.

use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, Request, Response};
use eyot_types::{
    Era, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    Method, PaginatedParams, Prompt, Resource, ResourceTemplate, Revision, Tool, codes,
};

use super::Registry;
use super::catalog::{Catalog, Page};
use crate::identity::Identity;
use crate::tasks::TaskPolicy;

/// The answer to one of the four list methods.
pub(crate) fn list<C>(
    registry: &Registry<C>,
    identity: &Identity,
    revision: Revision,
    method: Method<'_>,
    request: &Request,
) -> Result<Response, ErrorObject> {
    let (id, is_legacy) = (request.id(), revision.era() == Era::Legacy);
    let (ttl_ms, scope) = registry.list_cache.clone();
    Ok(match method {
        Method::ToolsList => {
            let (tools, next_cursor) = page(registry, &registry.tools, method, request)?;
            let tools: Vec<Tool> = tools
                .iter()
                // Legacy clients have no tasks, so they do not see tools that they cannot call.
                .filter(|it| !(is_legacy && it.task == TaskPolicy::Required))
                .map(|it| it.definition.clone())
                .collect();
            let result = ListToolsResult::new(tools).with_cache(ttl_ms, scope);
            identity.answer(revision, id, paged!(result, next_cursor))
        }
        Method::PromptsList => {
            let (prompts, next_cursor) = page(registry, &registry.prompts, method, request)?;
            let prompts: Vec<Prompt> = prompts.iter().map(|it| it.definition.clone()).collect();
            let result = ListPromptsResult::new(prompts).with_cache(ttl_ms, scope);
            identity.answer(revision, id, paged!(result, next_cursor))
        }
        Method::ResourcesList => {
            let (resources, next_cursor) = page(registry, &registry.resources, method, request)?;
            let resources: Vec<Resource> =
                resources.iter().map(|it| it.definition.clone()).collect();
            let result = ListResourcesResult::new(resources).with_cache(ttl_ms, scope);
            identity.answer(revision, id, paged!(result, next_cursor))
        }
        _ => {
            let (templates, next_cursor) = page(registry, &registry.templates, method, request)?;
            let templates: Vec<ResourceTemplate> =
                templates.iter().map(|it| it.definition.clone()).collect();
            let result = ListResourceTemplatesResult::new(templates).with_cache(ttl_ms, scope);
            identity.answer(revision, id, paged!(result, next_cursor))
        }
    })
}

/// The page that a request asks for. A cursor is sealed: its client can neither read nor make one,
/// and a cursor of another list is refused.
fn page<T, C>(
    registry: &Registry<C>,
    catalog: &Catalog<T>,
    method: Method<'_>,
    request: &Request,
) -> Result<(Vec<Arc<T>>, Option<String>), ErrorObject> {
    let wrong = |error: serde_json::Error| codes::invalid_params(&error.to_string());
    let params: PaginatedParams = request.decode_params().map_err(wrong)?;
    let list = method.as_str().as_bytes();
    let keys = &registry.keys;
    let after = match params.cursor {
        None => 0,
        Some(cursor) => {
            // "Invalid cursors SHOULD result in an error with code -32602" (2025-11-25,
            // server/utilities/pagination).
            let opened = keys.open(list, &cursor);
            let bytes = opened.and_then(|it| <[u8; 8]>::try_from(it).ok());
            bytes.map(u64::from_le_bytes).ok_or_else(|| codes::invalid_params("cursor"))?
        }
    };
    let Page { items, next } = catalog.page(after, registry.page_size);
    Ok((items, next.map(|number| keys.seal(list, &number.to_le_bytes()))))
}

/// Adds the next cursor.
macro_rules! paged {
    ($result:ident, $next_cursor:ident) => {{
        let mut result = $result;
        result.next_cursor = $next_cursor;
        result
    }};
}
use paged;
