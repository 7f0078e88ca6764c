//! The upstreams of a session, by name.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// The name of one upstream of an endpoint: 1 to [`UpstreamName::BYTES_MAX`] ASCII letters,
/// digits, `-`, `_` or `.`.
///
/// Cheap to clone; the default name needs no memory of its own. The default name comes first
/// in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UpstreamName(Option<Arc<str>>);

impl UpstreamName {
    /// The name of the only upstream of an endpoint that gives its upstreams no names.
    pub const DEFAULT: Self = Self(None);

    /// The length of the longest name.
    pub const BYTES_MAX: usize = 64;

    /// Takes a text as a name; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=Self::BYTES_MAX).contains(&text.len());
        if !fits || !text.bytes().all(is_plain) {
            return None;
        }
        Some(Self((text != DEFAULT_TEXT).then(|| text.into())))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(DEFAULT_TEXT)
    }

    /// The text that a session keeps of a subscription at this upstream. No URI has the byte that
    /// divides the two.
    #[must_use]
    pub fn subscription(&self, uri: &str) -> Box<str> {
        match &self.0 {
            None => uri.into(),
            Some(name) => format!("{name}{DIVIDER}{uri}").into(),
        }
    }

    /// The URI of a subscription that is kept; `None` when it is one of another upstream.
    #[must_use]
    pub fn uri_of<'a>(&self, subscription: &'a str) -> Option<&'a str> {
        match (&self.0, subscription.split_once(DIVIDER)) {
            (None, None) => Some(subscription),
            (Some(name), Some((of, uri))) if **name == *of => Some(uri),
            _ => None,
        }
    }

    /// Whether the name is [`UpstreamName::DEFAULT`].
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for UpstreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for UpstreamName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for UpstreamName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not the name of an upstream"))
    }
}

/// The data to find the upstream session again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UpstreamRef {
    /// The target that the session was opened at: another upstream must not get it.
    pub target: Option<Box<str>>,
    /// `Mcp-Session-Id` that the upstream gave; `None` when it gave none, or is a child.
    pub session_id: Option<Box<str>>,
    /// The revision that the upstream agreed to.
    pub revision: Option<Box<str>>,
    /// The cookies that the upstream set when the session was opened: a balancer before it may need
    /// them to find the session. As secret as the id of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<Box<str>>,
    /// Counts how often an upstream session was opened for the client. Ids of server requests carry it,
    /// so that an answer never reaches a later upstream session, nor that of another upstream.
    pub generation: u64,
    /// The upstream is of the modern era: there is no upstream session, and each request of the
    /// client is translated.
    pub is_modern: bool,
}

/// The upstream sessions that are held for a client, by the names of their upstreams.
///
/// A sorted slice instead of a map: a session of a server of handlers has no upstream, a session of
/// a proxy most often has one, and the smallest node of a map has room for eleven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upstreams(Box<[(UpstreamName, UpstreamRef)]>);

impl Upstreams {
    /// The data of an upstream; `None` when the session has none of that name.
    #[must_use]
    pub fn get(&self, name: &UpstreamName) -> Option<&UpstreamRef> {
        self.iter().find_map(|(it, upstream)| (it == name).then_some(upstream))
    }

    /// Sets the data of an upstream; replaces the earlier data.
    pub fn insert(&mut self, name: UpstreamName, upstream: UpstreamRef) {
        let mut upstreams = std::mem::take(&mut self.0).into_vec();
        upstreams.retain(|(it, _)| *it != name);
        let place = upstreams.partition_point(|(it, _)| *it < name);
        upstreams.reserve_exact(1);
        upstreams.insert(place, (name, upstream));
        self.0 = upstreams.into_boxed_slice();
    }

    /// Removes the data of an upstream.
    pub fn remove(&mut self, name: &UpstreamName) {
        let mut upstreams = std::mem::take(&mut self.0).into_vec();
        upstreams.retain(|(it, _)| it != name);
        self.0 = upstreams.into_boxed_slice();
    }

    /// The generation of the upstream session that is opened next: no other of this client has it.
    #[must_use]
    pub fn next_generation(&self) -> u64 {
        self.iter().map(|(_, it)| it.generation).max().unwrap_or(0).saturating_add(1)
    }

    /// The upstream whose session has this generation.
    #[must_use]
    pub fn of_generation(&self, generation: u64) -> Option<&UpstreamName> {
        self.iter().find_map(|(name, it)| (it.generation == generation).then_some(name))
    }

    /// All upstreams, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&UpstreamName, &UpstreamRef)> {
        self.0.iter().map(|(name, upstream)| (name, upstream))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(UpstreamName, UpstreamRef)> for Upstreams {
    fn from_iter<I: IntoIterator<Item = (UpstreamName, UpstreamRef)>>(upstreams: I) -> Self {
        let mut made = Self::default();
        for (name, upstream) in upstreams {
            made.insert(name, upstream);
        }
        made
    }
}

impl Serialize for Upstreams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Upstreams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Upstreams;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("upstreams by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Upstreams, A::Error> {
                std::iter::from_fn(|| map.next_entry().transpose()).collect()
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// Stands between the name of an upstream and a URI.
const DIVIDER: char = '\n';
/// [`UpstreamName::DEFAULT`] as text.
const DEFAULT_TEXT: &str = "default";

#[cfg(test)]
mod tests;
