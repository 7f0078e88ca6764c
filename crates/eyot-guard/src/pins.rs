//! The definitions of tools that their user has approved.

use std::collections::BTreeMap;

use eyot_jsonrpc::{Members, canonical};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// The definitions of tools that their user has approved: what a file of pins holds, by server and by
/// tool. They stand in the file as they are, so that a change can be read as one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pins {
    /// The version of the form of this file: 1.
    pub version: u32,
    /// Servers by name; the only server of a program has the empty name.
    #[serde(default)]
    pub servers: BTreeMap<String, BTreeMap<String, Box<RawValue>>>,
}

impl Pins {
    /// No pins.
    #[must_use]
    pub fn new() -> Self {
        Self { version: VERSION, servers: BTreeMap::new() }
    }

    /// Reads a file of pins.
    ///
    /// # Errors
    ///
    /// [`InvalidPins`].
    pub fn parse(text: &str) -> Result<Self, InvalidPins> {
        let pins: Self =
            serde_json::from_str(text).map_err(|it| InvalidPins::Form(it.to_string()))?;
        match pins.version {
            VERSION => Ok(pins),
            version => Err(InvalidPins::Version(version)),
        }
    }

    /// The file: JSON with one tool in a line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let servers = self.servers.iter().map(|(server, tools)| {
            let lines = tools
                .iter()
                .map(|(name, it)| format!("\n      {}: {}", quoted(name), canonical(it.get())));
            let tools = lines.collect::<Vec<_>>().join(",");
            format!("\n    {}: {{{tools}\n    }}", quoted(server))
        });
        let servers = servers.collect::<Vec<_>>().join(",");
        format!("{{\n  \"version\": {VERSION},\n  \"servers\": {{{servers}\n  }}\n}}\n")
    }

    /// Pins the tools of a server: the raw JSON of each, as it lists them. What it had before is replaced,
    /// and how that differs is returned, one line for each tool. What has no name is left out.
    pub fn pin<'a>(
        &mut self,
        server: &str,
        tools: impl IntoIterator<Item = &'a str>,
    ) -> Vec<String> {
        let pinned = tools.into_iter().filter_map(|it| {
            let definition = definition(it)?;
            Some((definition.name.clone(), RawValue::from_string(definition.text).ok()?))
        });
        let now: BTreeMap<String, Box<RawValue>> = pinned.collect();
        let before = self.servers.insert(server.to_owned(), now.clone()).unwrap_or_default();
        changes(&before, &now)
    }
}

/// How tools differ from what they were.
fn changes(
    before: &BTreeMap<String, Box<RawValue>>,
    now: &BTreeMap<String, Box<RawValue>>,
) -> Vec<String> {
    let gone = before.keys().filter(|it| !now.contains_key(*it));
    let gone = gone.map(|name| format!("{name}: is gone"));
    let others = now.iter().filter_map(|(name, now)| {
        let Some(before) = before.get(name) else { return Some(format!("{name}: is new")) };
        let members = differing(&canonical(before.get()), now.get());
        (!members.is_empty()).then(|| format!("{name}: {} changed", members.join(", ")))
    });
    gone.chain(others).collect()
}

/// A file that holds no pins.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPins {
    /// It is no JSON of the right form.
    #[error("the file of pins cannot be read: {0}")]
    Form(String),
    /// A later program has written it.
    #[error("the file of pins has version {0}, and this program knows 1")]
    Version(u32),
}

/// What of a tool is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pinned {
    pub(crate) name: String,
    /// The members that say what the tool is, in canonical JSON.
    pub(crate) text: String,
    pub(crate) digest: [u8; 32],
}

/// What of a listed tool is pinned; `None`: it has no name. Icons and `_meta` may change.
pub(crate) fn definition(item: &str) -> Option<Pinned> {
    let mut kept = Vec::new();
    let mut name = None;
    for (member, value) in Members::of(item)? {
        if member == "name" {
            name = serde_json::from_str::<String>(value).ok();
        }
        if PINNED.contains(&&*member) {
            kept.push(format!("\"{member}\":{value}"));
        }
    }
    let text = canonical(&format!("{{{}}}", kept.join(",")));
    let digest = Sha256::digest(text.as_bytes()).into();
    Some(Pinned { name: name?, text, digest })
}

/// The members in which two definitions differ.
pub(crate) fn differing(one: &str, other: &str) -> Vec<&'static str> {
    let find = |text: &str, name: &str| {
        let found = Members::of(text).and_then(|mut it| it.find(|(key, _)| key == name));
        found.map(|(_, value)| value.to_owned())
    };
    PINNED.iter().filter(|it| find(one, it) != find(other, it)).copied().collect()
}

/// The members that say what a tool is, to a model and to its user.
const PINNED: [&str; 6] =
    ["name", "title", "description", "inputSchema", "outputSchema", "annotations"];

const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
