//! The names of keys. What stands in braces decides the slot in a cluster.

use eyot_session::{SessionId, StreamNo};

/// How many indexes there are, each of a slot of its own: no server of a cluster has all of them.
pub(crate) const SHARDS: u32 = 16;

/// Makes the names of keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: Box<str>,
}

/// What an index is sorted by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Index {
    /// Sessions by their ends. An end may have moved since: a sweep looks.
    Ends,
    /// Sessions that have streams which ended, by the first time at which one is to be forgotten.
    Finished,
    /// Sessions by their ids.
    Ids,
    /// Parked calls by their ends.
    Parked,
}

impl Keys {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The keys of a session: its head, items, streams, and finished streams.
    pub(crate) fn session(&self, id: &SessionId) -> [String; 4] {
        ["h", "t", "m", "f"].map(|kind| self.of_session(id, kind))
    }

    /// The keys of the events of a stream, and of the cursors of its upstreams.
    pub(crate) fn stream(&self, id: &SessionId, no: StreamNo) -> [String; 2] {
        let StreamNo(no) = no;
        [self.of_session(id, &format!("e:{no}")), self.of_session(id, &format!("u:{no}"))]
    }

    pub(crate) fn parked(&self, name: &str) -> String {
        format!("{}{{c:{name}}}:h", self.prefix)
    }

    pub(crate) fn leases(&self) -> String {
        format!("{}nodes", self.prefix)
    }

    pub(crate) fn seal_key(&self) -> String {
        format!("{}seal", self.prefix)
    }

    /// The index that a session or a parked call of this name is in.
    pub(crate) fn index_of(&self, index: Index, name: &str) -> String {
        self.index(index, crc32c::crc32c(name.as_bytes()) % SHARDS)
    }

    /// All parts of an index.
    pub(crate) fn indexes(&self, index: Index) -> impl Iterator<Item = String> {
        (0..SHARDS).map(move |shard| self.index(index, shard))
    }

    fn index(&self, index: Index, shard: u32) -> String {
        let kind = match index {
            Index::Ends => "x",
            Index::Finished => "f",
            Index::Ids => "n",
            Index::Parked => "p",
        };
        format!("{}{{i:{shard}}}:{kind}", self.prefix)
    }

    fn of_session(&self, id: &SessionId, kind: &str) -> String {
        format!("{}{{s:{id}}}:{kind}", self.prefix)
    }
}
