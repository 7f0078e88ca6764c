//! What one server lists, item by item: the text stays as the server has written it.

use std::ops::Range;
use std::time::Duration;

use eyot_jsonrpc::{Items, MemberList, Members, Response};
use serde_json::Value;

use crate::listing::Listing;

/// One tool, prompt, resource or template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its JSON, which has passed the scan.
    text: Box<str>,
    /// What its server calls it: the value of [`Listing::key`].
    key: Box<str>,
    /// Where that is in the text, with its quotes.
    place: Range<usize>,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// `None`: it is the last one.
    pub(crate) next_cursor: Option<String>,
    /// How long the server says that it holds. `None`: it says nothing.
    pub(crate) ttl: Option<Duration>,
}

impl Item {
    /// `None`: it has no name, so that no client could use it.
    fn read(listing: Listing, text: &str) -> Option<Self> {
        let (_, raw) = Members::of(text)?.find(|(name, _)| name == listing.key())?;
        let key: Box<str> = serde_json::from_str(raw).ok()?;
        // The value is a part of the text.
        let start = (raw.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        let place = start..start + raw.len();
        Some(Self { text: text.into(), key, place })
    }

    /// What its server calls it.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.text.len()
    }

    /// Writes it, under another name if there is one.
    pub(crate) fn write(&self, name: Option<&str>, to: &mut String) {
        let parts = (self.text.get(..self.place.start), self.text.get(self.place.end..));
        match (name, parts) {
            (Some(name), (Some(before), Some(behind))) => {
                to.push_str(before);
                to.push_str(&Value::from(name).to_string());
                to.push_str(behind);
            }
            _ => to.push_str(&self.text),
        }
    }
}

impl Page {
    /// The page in an answer; `None` when it is none.
    pub(crate) fn read(listing: Listing, answer: &Response) -> Option<Self> {
        let members = MemberList::of(answer)?;
        answer.result()?;
        let items = Items::of(members.find(listing.items())?)?;
        let next_cursor = members.find("nextCursor").and_then(|it| serde_json::from_str(it).ok());
        let ttl = members.find("ttlMs").and_then(|it| serde_json::from_str(it).ok());
        Some(Self {
            items: items.filter_map(|it| Item::read(listing, it)).collect(),
            next_cursor,
            ttl: ttl.map(Duration::from_millis),
        })
    }
}

#[cfg(test)]
mod tests;
