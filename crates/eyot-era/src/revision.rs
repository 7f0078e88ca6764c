//! What each revision has of a value, and what becomes of the rest.
//!
//! [`to`] makes of any typed value the nearest one that a revision has, and says what was lost on
//! the way. One table, [`FEATURES`], names what sets the revisions apart; it decides what is left
//! out, and the pages `docs/protocol/revisions.md` and `docs/protocol/eras.md` show it.
//!
//! **Invariant:** a value that is converted is valid in its revision, unless the losses say that it
//! is refused: then it makes no sense there, and must not be sent.

mod capabilities;
mod content;
mod elicitation;
mod errors;
mod features;
mod handshake;
mod losses;
mod messages;
mod output_schema;
mod sampling;
mod text;
mod tools;
mod whole;

pub use self::errors::error;
pub use self::features::{Effect, FEATURES, Feature, Row, bridge_markdown, markdown};
pub use self::handshake::{to_discover_result, to_initialize_result};
pub use self::losses::{Loss, Losses};
pub use self::output_schema::is_wrapped;
pub use self::text::{Stamp, carry, params, result, result_with};
pub use self::tools::call_tool_result;
use eyot_types::{CacheScope, JsonObject, ResultType, Revision, meta};

/// The nearest value that `revision` has, and what was lost.
pub fn to<T: Convert>(revision: Revision, mut value: T) -> (T, Losses) {
    let mut converter = Converter::new(revision);
    value.convert(&mut converter);
    (value, converter.losses)
}

/// A value that can be made to fit a revision.
pub trait Convert {
    /// Makes the value fit the revision of `converter`, which notes what is lost.
    fn convert(&mut self, converter: &mut Converter);
}

impl<T: Convert> Convert for Vec<T> {
    fn convert(&mut self, converter: &mut Converter) {
        self.iter_mut().for_each(|it| it.convert(converter));
    }
}

impl<T: Convert> Convert for Option<T> {
    fn convert(&mut self, converter: &mut Converter) {
        self.iter_mut().for_each(|it| it.convert(converter));
    }
}

impl<T: Convert> Convert for Box<T> {
    fn convert(&mut self, converter: &mut Converter) {
        T::convert(self, converter);
    }
}

/// What a value is converted to, and what was lost so far.
#[derive(Debug)]
pub struct Converter {
    revision: Revision,
    losses: Losses,
}

impl Converter {
    /// Converts to `revision`.
    #[must_use]
    pub fn new(revision: Revision) -> Self {
        Self { revision, losses: Losses::default() }
    }

    /// What the values are converted to.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// What was lost.
    #[must_use]
    pub fn into_losses(self) -> Losses {
        self.losses
    }

    /// Whether the revision does not have the feature.
    fn lacks(&self, feature: Feature) -> bool {
        !feature.is_in(self.revision)
    }

    /// Notes that the feature is lost.
    fn lose(&mut self, feature: Feature) {
        self.losses.add(feature);
    }

    /// Holds an optional member against the table: left out if its row says so.
    fn member<T>(&mut self, feature: Feature, member: &mut Option<T>) {
        if member.is_none() || !self.lacks(feature) {
            return;
        }
        self.lose(feature);
        if matches!(feature.row().effect, Effect::Dropped | Effect::Implied) {
            *member = None;
        }
    }

    /// Like [`member`](Self::member), for a member of an object that has no type.
    fn key(&mut self, feature: Feature, object: &mut JsonObject, key: &str) {
        let mut member = object.remove(key);
        self.member(feature, &mut member);
        if let Some(member) = member {
            object.insert(key.to_owned(), member);
        }
    }

    /// Notes that metadata has a key which the revision gives no meaning.
    fn note_meta(&mut self, key: &str) {
        let feature = match key {
            meta::RELATED_TASK => Feature::RelatedTask,
            _ if MODERN_KEYS.contains(&key) => Feature::ModernMeta,
            _ => return,
        };
        if self.lacks(feature) {
            self.lose(feature);
        }
    }

    /// The metadata of a message without the keys that the revision gives no meaning.
    fn message_meta(&mut self, meta: &mut Option<JsonObject>) {
        let Some(members) = meta else { return };
        for key in MODERN_KEYS {
            self.key(Feature::ModernMeta, members, key);
        }
        self.key(Feature::RelatedTask, members, meta::RELATED_TASK);
        if members.is_empty() {
            *meta = None;
        }
    }

    /// The members of a result that is complete.
    fn complete(&mut self, result_type: &mut Option<ResultType>, meta: &mut Option<JsonObject>) {
        self.member(Feature::ResultType, result_type);
        if !self.lacks(Feature::ResultType) {
            *result_type = Some(ResultType::Complete);
        }
        self.message_meta(meta);
    }

    /// How long a result may be cached, and by whom.
    fn cache(&mut self, ttl_ms: &mut Option<u64>, cache_scope: &mut Option<CacheScope>) {
        if !self.lacks(Feature::CacheHints) {
            ttl_ms.get_or_insert(0);
            cache_scope.get_or_insert(CacheScope::Private);
            return;
        }
        // Legacy peers keep no result: there is nothing to say of one that must not be kept.
        let is_cached = ttl_ms.take().is_some_and(|ttl| ttl > 0);
        cache_scope.take();
        if is_cached {
            self.lose(Feature::CacheHints);
        }
    }
}

/// The keys of `_meta` that only the modern era has.
const MODERN_KEYS: [&str; 6] = [
    meta::PROTOCOL_VERSION,
    meta::CLIENT_INFO,
    meta::CLIENT_CAPABILITIES,
    meta::LOG_LEVEL,
    meta::SERVER_INFO,
    meta::SUBSCRIPTION_ID,
];

#[cfg(test)]
mod tests;
