//! The event ids of several servers as one.
//!
//! The position of a merged stream is that of each server's stream in it, so that the next process goes
//! on with all of them.

use std::collections::BTreeMap;

use bytes::{BufMut as _, Bytes, BytesMut};
use eyot_session::UpstreamName;

/// Up to where the stream of each server was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursors(BTreeMap<UpstreamName, Bytes>);

impl Cursors {
    /// Those that were written; none if they were not.
    pub(crate) fn read(mut text: Bytes) -> Self {
        let mut cursors = BTreeMap::new();
        while let Some((slot, cursor, rest)) = read_one(&text) {
            cursors.insert(slot, cursor);
            text = rest;
        }
        Self(cursors)
    }

    pub(crate) fn get(&self, slot: &UpstreamName) -> Option<&Bytes> {
        self.0.get(slot)
    }

    /// The one that there is; `None`: there is none, or there are several.
    pub(crate) fn only(&self) -> Option<(&UpstreamName, &Bytes)> {
        self.0.iter().next().filter(|_| self.0.len() == 1)
    }

    pub(crate) fn note(&mut self, slot: &UpstreamName, cursor: Bytes) {
        self.0.insert(slot.clone(), cursor);
    }

    /// `slot length bytes` of each.
    pub(crate) fn write(&self) -> Bytes {
        let mut text = BytesMut::new();
        for (slot, cursor) in &self.0 {
            write_one(slot, cursor, &mut text);
        }
        text.freeze()
    }

    /// The event id of one server, of a stream that is its alone.
    pub(crate) fn write_only(slot: &UpstreamName, cursor: &Bytes) -> Bytes {
        let mut text = BytesMut::new();
        write_one(slot, cursor, &mut text);
        text.freeze()
    }
}

fn write_one(slot: &UpstreamName, cursor: &Bytes, to: &mut BytesMut) {
    to.put_slice(slot.as_str().as_bytes());
    to.put_slice(format!(" {} ", cursor.len()).as_bytes());
    to.put_slice(cursor);
}

fn read_one(text: &Bytes) -> Option<(UpstreamName, Bytes, Bytes)> {
    let (slot, behind) = word(text)?;
    let (length, behind) = word(&behind)?;
    let length: usize = std::str::from_utf8(&length).ok()?.parse().ok()?;
    if length > behind.len() {
        return None;
    }
    let slot = UpstreamName::parse(std::str::from_utf8(&slot).ok()?)?;
    Some((slot, behind.slice(..length), behind.slice(length..)))
}

/// The bytes before the first space, and those behind it.
fn word(text: &Bytes) -> Option<(Bytes, Bytes)> {
    let at = text.iter().position(|it| *it == b' ')?;
    Some((text.slice(..at), text.slice(at + 1..)))
}

#[cfg(test)]
mod tests;
