//! Results whose content both eras write alike: what stands around it is changed, and the content
//! keeps its bytes.

use eyot_jsonrpc::{Changes, Json, Keeps, MemberList, Members, MessageKind, Response};
use eyot_types::{CacheScope, Method, ResultType, Revision, is_sound, meta};

use super::{Converter, Feature, Losses, MODERN_KEYS, Stamp};
use crate::losses::LOSSES_KEY;

/// The answer as `revision` has it; `None` when it is an error, when its content may have to change,
/// or when it is not what it should be: then it must be decoded. `odd`: what was left out of it
/// before.
pub(super) fn whole(
    revision: Revision,
    method: Method<'_>,
    answer: &Response,
    (stamp, odd): (Stamp<'_>, &Losses),
) -> Option<(Response, Losses)> {
    // What a tool, a prompt or a resource says is the same in both; older revisions have less.
    if revision < Revision::LATEST_LEGACY || answer.is_error() {
        return None;
    }
    let (content, opening) = match method {
        Method::ToolsCall => ("content", '['),
        Method::PromptsGet => ("messages", '['),
        Method::ResourcesRead => ("contents", '['),
        Method::CompletionComplete => ("completion", '{'),
        _ => return None,
    };
    let members = MemberList::of(answer)?;
    if !is_sound(method, &members) || !members.find(content)?.starts_with(opening) {
        return None;
    }
    let converter = Converter::new(revision);
    let is_cached = method == Method::ResourcesRead;
    let mut around = Around::default();
    for (name, value) in members.iter() {
        match name {
            "_meta" => around.meta = Some(value),
            "resultType" => around.result_type = result_type(value)?,
            "ttlMs" if is_cached => around.ttl_ms = serde_json::from_str(value).ok()?,
            "cacheScope" if is_cached => around.cache_scope = serde_json::from_str(value).ok()?,
            // What stands for a task, and what must be wrapped.
            "task" => return None,
            "structuredContent"
                if converter.lacks(Feature::AnyStructuredContent) && !value.starts_with('{') =>
            {
                return None;
            }
            _ => {}
        }
    }
    if !matches!(around.result_type, None | Some(ResultType::Complete)) {
        return None;
    }
    around.write(converter, &members, is_cached, (stamp, odd))
}

/// The kind that a result says it is of; the most common one is known at sight.
fn result_type(raw: &str) -> Option<Option<ResultType>> {
    match raw {
        r#""complete""# => Some(Some(ResultType::Complete)),
        _ => serde_json::from_str(raw).ok(),
    }
}

/// What a result has besides its content.
#[derive(Default)]
struct Around<'a> {
    result_type: Option<ResultType>,
    ttl_ms: Option<u64>,
    cache_scope: Option<CacheScope>,
    meta: Option<&'a str>,
}

impl Around<'_> {
    /// The answer with what the revision has around its content.
    fn write(
        mut self,
        mut converter: Converter,
        members: &MemberList<'_>,
        is_cached: bool,
        (stamp, odd): (Stamp<'_>, &Losses),
    ) -> Option<(Response, Losses)> {
        let was_hinted = (self.ttl_ms.is_some(), self.cache_scope.is_some());
        if is_cached {
            converter.cache(&mut self.ttl_ms, &mut self.cache_scope);
        }
        converter.complete(&mut self.result_type, &mut None);
        if let Some(meta) = self.meta {
            Members::of(meta)?.for_each(|(name, _)| converter.note_meta(&name));
        }

        let (complete, ttl, scope) =
            (Json::constant(r#""complete""#), Json::constant("0"), Json::constant(r#""private""#));
        let adds = [
            self.result_type.map(|_| ("resultType", &complete)),
            self.ttl_ms.filter(|_| !was_hinted.0).map(|_| ("ttlMs", &ttl)),
            self.cache_scope.as_ref().filter(|_| !was_hinted.1).map(|_| ("cacheScope", &scope)),
        ];
        let (keeps_ttl, keeps_scope) = (self.ttl_ms.is_some(), self.cache_scope.is_some());
        let keeps = |name: &str| match name {
            "resultType" => false,
            "ttlMs" => keeps_ttl || !is_cached,
            "cacheScope" => keeps_scope || !is_cached,
            _ => true,
        };

        let revision = converter.revision();
        let mut losses = converter.into_losses();
        losses.extend(odd.clone());
        let said = losses.names().filter(|_| stamp.says_losses).and_then(|it| Json::of(&it));
        let in_meta = [
            stamp.server.map(|it| (meta::SERVER_INFO, it)),
            said.as_ref().map(|it| (LOSSES_KEY, it)),
        ];
        let is_gone = |feature: Feature| !feature.is_in(revision);
        let stays = |name: &str| {
            let is_modern = is_gone(Feature::ModernMeta) && MODERN_KEYS.contains(&name);
            let is_task = is_gone(Feature::RelatedTask) && name == meta::RELATED_TASK;
            !is_modern && !is_task
        };
        let answer = members.rewritten(
            &Changes { keeps: Keeps::If(&keeps), adds: &adds },
            &Changes { keeps: Keeps::If(&stays), adds: &in_meta },
        );
        match answer.into_kind() {
            MessageKind::Response(answer) => Some((answer, losses)),
            _ => None,
        }
    }
}
