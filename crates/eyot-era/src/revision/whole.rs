//! Results whose content both eras write alike: what stands around it is changed, and the content
//! keeps its bytes.

use std::borrow::Cow;

use eyot_types::{JsonObject, Method, RawMembers, ResultType, Revision, is_sound};

use super::{Converter, Feature, Losses};

/// The result as `revision` has it; `None` when its content may have to change, or is not what it
/// should be: then it must be decoded. `add` puts more into its metadata.
pub(super) fn result(
    revision: Revision,
    method: Method<'_>,
    text: &str,
    add: &mut dyn FnMut(&mut JsonObject, &Losses),
) -> Result<Option<(String, Losses)>, serde_json::Error> {
    // What a tool, a prompt or a resource says is the same in both; older revisions have less.
    if revision < Revision::LATEST_LEGACY {
        return Ok(None);
    }
    let required = match method {
        Method::ToolsCall => ("content", '['),
        Method::PromptsGet => ("messages", '['),
        Method::ResourcesRead => ("contents", '['),
        Method::CompletionComplete => ("completion", '{'),
        _ => return Ok(None),
    };
    let members = RawMembers::of(text)?;
    if !is_sound(method, &members) {
        return Ok(None);
    }
    let mut converter = Converter::new(revision);
    let mut around = Around::default();
    let mut kept = Vec::new();
    for (name, value) in members {
        let is_cached = method == Method::ResourcesRead;
        match &*name {
            "_meta" => around.meta = serde_json::from_str(value)?,
            "resultType" => around.result_type = serde_json::from_str(value)?,
            "ttlMs" if is_cached => around.ttl_ms = serde_json::from_str(value)?,
            "cacheScope" if is_cached => around.cache_scope = serde_json::from_str(value)?,
            // What stands for a task, and what must be wrapped.
            "task" => return Ok(None),
            "structuredContent"
                if converter.lacks(Feature::AnyStructuredContent) && !value.starts_with('{') =>
            {
                return Ok(None);
            }
            _ => kept.push((name, value)),
        }
    }
    let is_complete = matches!(around.result_type, None | Some(ResultType::Complete));
    let is_content =
        |(name, value): &(Cow<'_, str>, &str)| name == required.0 && value.starts_with(required.1);
    if !is_complete || !kept.iter().any(is_content) {
        return Ok(None);
    }
    if method == Method::ResourcesRead {
        converter.cache(&mut around.ttl_ms, &mut around.cache_scope);
    }
    converter.complete(&mut around.result_type, &mut around.meta);
    let losses = converter.into_losses();
    let mut meta = around.meta.take().unwrap_or_default();
    add(&mut meta, &losses);
    around.meta = Some(meta).filter(|it| !it.is_empty());
    Ok(Some((write(text.len(), &kept, &around)?, losses)))
}

/// What a result has besides its content.
#[derive(Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Around {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<ResultType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_scope: Option<eyot_types::CacheScope>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<JsonObject>,
}

fn write(
    len: usize,
    kept: &[(Cow<'_, str>, &str)],
    around: &Around,
) -> Result<String, serde_json::Error> {
    let around = serde_json::to_string(around)?;
    let mut text = String::with_capacity(len + around.len());
    for (name, value) in kept {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&serde_json::to_string(name)?);
        text.push(':');
        text.push_str(value);
    }
    // An object of its own: its members go on where the others end.
    match around.strip_prefix('{') {
        Some("}") | None => text.push('}'),
        Some(rest) => {
            text.push(',');
            text.push_str(rest);
        }
    }
    Ok(text)
}
