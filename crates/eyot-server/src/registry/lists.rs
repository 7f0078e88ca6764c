//! The lists of what a server offers, in pages.

use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, Request, Response};
use eyot_service::{Peer, unix_ms};
use eyot_stdx::SealKeys;
use eyot_types::{
    Era, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    Method, PaginatedParams, Prompt, Resource, ResourceTemplate, Revision, Tool, codes,
};
use serde_json::json;

use super::Registry;
use super::catalog::{Catalog, Page};
use crate::identity::Identity;
use crate::tasks::TaskPolicy;

/// A request for a page of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListRequest<'a> {
    pub(crate) method: Method<'a>,
    pub(crate) request: &'a Request,
    pub(crate) peer: &'a Peer,
    pub(crate) revision: Revision,
}

/// The answer to one of the four list methods.
pub(crate) fn list<C>(
    registry: &Registry<C>,
    identity: &Identity,
    asked: ListRequest<'_>,
) -> Result<Response, ErrorObject> {
    let ListRequest { method, request, revision, .. } = asked;
    let (id, is_legacy) = (request.id(), revision.era() == Era::Legacy);
    let (ttl_ms, scope) = registry.list_cache.clone();
    Ok(match method {
        Method::ToolsList => {
            let (tools, next_cursor) = page(registry, &registry.tools, asked)?;
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
            let (prompts, next_cursor) = page(registry, &registry.prompts, asked)?;
            let prompts: Vec<Prompt> = prompts.iter().map(|it| it.definition.clone()).collect();
            let result = ListPromptsResult::new(prompts).with_cache(ttl_ms, scope);
            identity.answer(revision, id, paged!(result, next_cursor))
        }
        Method::ResourcesList => {
            let (resources, next_cursor) = page(registry, &registry.resources, asked)?;
            let resources: Vec<Resource> =
                resources.iter().map(|it| it.definition.clone()).collect();
            let result = ListResourcesResult::new(resources).with_cache(ttl_ms, scope);
            identity.answer(revision, id, paged!(result, next_cursor))
        }
        _ => {
            let (templates, next_cursor) = page(registry, &registry.templates, asked)?;
            let templates: Vec<ResourceTemplate> =
                templates.iter().map(|it| it.definition.clone()).collect();
            let result = ListResourceTemplatesResult::new(templates).with_cache(ttl_ms, scope);
            identity.answer(revision, id, paged!(result, next_cursor))
        }
    })
}

/// The page that a request asks for.
fn page<T, C>(
    registry: &Registry<C>,
    catalog: &Catalog<T>,
    asked: ListRequest<'_>,
) -> Result<(Vec<Arc<T>>, Option<String>), ErrorObject> {
    let wrong = |error: serde_json::Error| codes::invalid_params(&error.to_string());
    let params: PaginatedParams = asked.request.decode_params().map_err(wrong)?;
    let keys = &registry.keys;
    let after = match params.cursor {
        None => 0,
        // "Invalid cursors SHOULD result in an error with code -32602" (2025-11-25,
        // server/utilities/pagination).
        Some(cursor) => asked.open(keys, &cursor).ok_or_else(|| codes::invalid_params("cursor"))?,
    };
    let Page { items, next } = catalog.page(after, registry.page_size);
    Ok((items, next.map(|number| asked.seal(keys, number))))
}

/// A cursor is sealed: its client can neither read nor make one, and it opens for no other list, for
/// no other principal, and not when its time is over.
impl ListRequest<'_> {
    fn seal(&self, keys: &SealKeys, number: u64) -> String {
        let expires_ms = unix_ms().saturating_add(CURSOR_TTL_MS);
        keys.seal(&self.binding(), &[number.to_le_bytes(), expires_ms.to_le_bytes()].concat())
    }

    fn open(&self, keys: &SealKeys, cursor: &str) -> Option<u64> {
        let opened = keys.open(&self.binding(), cursor)?;
        let (number, expires_ms) = opened.split_first_chunk()?;
        let expires_ms = u64::from_le_bytes(expires_ms.try_into().ok()?);
        (unix_ms() < expires_ms).then_some(u64::from_le_bytes(*number))
    }

    fn binding(&self) -> Vec<u8> {
        let principal = self.peer.principal_name().map(AsRef::<str>::as_ref);
        json!([self.method.as_str(), principal]).to_string().into_bytes()
    }
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

/// How long a client may take between two pages: an hour, so that a person may read them.
const CURSOR_TTL_MS: u64 = 3_600_000;

#[cfg(test)]
mod tests;
