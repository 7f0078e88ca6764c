//! Positions to resume upstreams from: their event ids, each with the name of its upstream.

use bytes::Bytes;

use crate::UpstreamName;

/// An event id that an upstream gave: the position to resume this upstream from, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamCursor {
    /// The upstream that gave it.
    pub upstream: UpstreamName,
    /// The event id, unchanged.
    pub cursor: Bytes,
}

/// The newest cursor of each upstream that has given one.
///
/// A sorted list instead of a map: most streams have one upstream, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamCursors(Vec<UpstreamCursor>);

impl UpstreamCursors {
    /// The newest cursor of an upstream; `None` when there is none.
    #[must_use]
    pub fn get(&self, upstream: &UpstreamName) -> Option<&Bytes> {
        self.0.iter().find_map(|it| (it.upstream == *upstream).then_some(&it.cursor))
    }

    /// Notes a cursor; it replaces the earlier one of its upstream.
    pub fn note(&mut self, newest: &UpstreamCursor) {
        match self.0.binary_search_by(|it| it.upstream.cmp(&newest.upstream)) {
            Ok(place) => {
                if let Some(known) = self.0.get_mut(place) {
                    known.cursor.clone_from(&newest.cursor);
                }
            }
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, newest.clone());
            }
        }
    }

    /// All cursors, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &UpstreamCursor> {
        self.0.iter()
    }
}

/// Of several cursors of one upstream the last is the newest.
impl FromIterator<UpstreamCursor> for UpstreamCursors {
    fn from_iter<I: IntoIterator<Item = UpstreamCursor>>(cursors: I) -> Self {
        let mut made = Self::default();
        for cursor in cursors {
            made.note(&cursor);
        }
        made
    }
}

#[cfg(test)]
mod tests;
