//! What one server lists: the text stays as the server has written it, and is held once.

use std::borrow::Cow;
use std::time::Duration;

use eyot_jsonrpc::{JsonArray, JsonRun, MemberList, Members, Response};
use serde_json::Value;

use crate::listing::Listing;

/// The tools, prompts, resources or templates of one server. It holds no more than their text and a
/// few numbers of each: there may be thousands, for as long as Eyot runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ItemList {
    items: JsonArray,
    /// Where the key of each item is in its text.
    keys: Box<[Place]>,
}

/// One tool, prompt, resource or template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    text: &'a str,
    key: Place,
}

/// A part of a text. Where something is missing it is empty: no JSON value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    start: u32,
    end: u32,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    /// The text of the array with the items.
    pub(crate) array: String,
    /// `None`: it is the last one.
    pub(crate) next_cursor: Option<String>,
    /// How long the server says that it holds. `None`: it says nothing.
    pub(crate) ttl: Option<Duration>,
}

impl ItemList {
    /// The items of pages that follow one another; `None`: they are too long together.
    pub(crate) fn of(listing: Listing, pages: Vec<String>) -> Option<Self> {
        let items = JsonArray::parse(joined(pages))?;
        let place = |it| Place::of_key(listing, it).unwrap_or_default();
        let keys = items.iter().map(place).collect();
        Some(Self { items, keys })
    }

    /// How many there are, also of those that no client could use.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// An item; `None`: it has no name, so that no client could use it.
    pub(crate) fn get(&self, number: usize) -> Option<Item<'_>> {
        let key = self.keys.get(number).filter(|it| !it.is_empty())?;
        Some(Item { text: self.items.get(number)?, key: *key })
    }

    /// The items that clients can use, with their numbers.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (usize, Item<'_>)> {
        (0..self.len()).filter_map(|it| Some((it, self.get(it)?)))
    }

    /// Items that follow one another.
    pub(crate) fn run(&self, numbers: std::ops::Range<usize>) -> Option<JsonRun> {
        self.items.run(numbers)
    }
}

impl<'a> Item<'a> {
    /// What its server calls it: the value of [`Listing::key`].
    pub(crate) fn key(&self) -> Cow<'a, str> {
        let raw = self.key.within(self.text);
        match raw.contains('\\') {
            true => serde_json::from_str(raw).map_or(Cow::Borrowed(""), Cow::Owned),
            false => raw.trim_matches('"').into(),
        }
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.text.len()
    }

    /// Writes it under another name.
    pub(crate) fn write_as(&self, name: &str, to: &mut String) {
        let key = self.key.bounds();
        to.push_str(self.text.get(..key.start).unwrap_or_default());
        to.push_str(&Value::from(name).to_string());
        to.push_str(self.text.get(key.end..).unwrap_or_default());
    }
}

impl Place {
    pub(crate) fn new(bounds: std::ops::Range<usize>) -> Option<Self> {
        Some(Self { start: bounds.start.try_into().ok()?, end: bounds.end.try_into().ok()? })
    }

    /// Where the key of an item is in its text, with its quotes; `None`: it has none.
    fn of_key(listing: Listing, item: &str) -> Option<Self> {
        let (_, raw) = Members::of(item)?.find(|(name, _)| name == listing.key())?;
        serde_json::from_str::<Cow<'_, str>>(raw).ok()?;
        // The value is a part of the text.
        let start = (raw.as_ptr() as usize).checked_sub(item.as_ptr() as usize)?;
        Self::new(start..start + raw.len())
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    const fn bounds(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(crate) fn within(self, text: &str) -> &str {
        text.get(self.bounds()).unwrap_or_default()
    }
}

impl Page {
    /// The page in an answer; `None` when it is none.
    pub(crate) fn read(listing: Listing, answer: &Response) -> Option<Self> {
        let members = MemberList::of(answer)?;
        answer.result()?;
        let array = members.find(listing.items()).filter(|it| it.starts_with('['))?;
        let next_cursor = members.find("nextCursor").and_then(|it| serde_json::from_str(it).ok());
        let ttl = members.find("ttlMs").and_then(|it| serde_json::from_str(it).ok());
        Some(Self { array: array.to_owned(), next_cursor, ttl: ttl.map(Duration::from_millis) })
    }
}

/// The arrays as one.
fn joined(mut arrays: Vec<String>) -> String {
    if arrays.len() < 2 {
        return arrays.pop().unwrap_or_else(|| "[]".to_owned());
    }
    let inside = |it: &'_ String| {
        let inside = it.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        inside.unwrap_or_default().trim().to_owned()
    };
    let inside: Vec<String> = arrays.iter().map(inside).filter(|it| !it.is_empty()).collect();
    format!("[{}]", inside.join(","))
}

#[cfg(test)]
mod tests;
