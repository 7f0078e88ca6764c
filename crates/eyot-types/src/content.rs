//! What tools and prompts answer with.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::JsonObject;

/// One piece of content. A type that is not known here is kept whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ContentBlock {
    /// Text.
    Text(TextContent),
    /// A picture.
    Image(MediaContent),
    /// Sound. From 2025-03-26 on.
    Audio(MediaContent),
    /// The contents of a resource.
    Resource(EmbeddedResource),
    /// The place of a resource. From 2025-06-18 on.
    ResourceLink(ResourceLink),
    /// Something else, with all its members.
    #[serde(untagged)]
    Other(JsonObject),
}

impl ContentBlock {
    /// A piece of text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextContent { text: text.into(), other: JsonObject::new() })
    }
}

impl<'de> Deserialize<'de> for ContentBlock {
    /// Decides by the `type` member alone: a block of a known type that lacks a member is an
    /// error, never an unknown block.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = JsonObject::deserialize(deserializer)?;
        let kind = members.get("type").and_then(Value::as_str).map(str::to_owned);
        match kind.as_deref() {
            Some("text") => decode(&mut members).map(Self::Text),
            Some("image") => decode(&mut members).map(Self::Image),
            Some("audio") => decode(&mut members).map(Self::Audio),
            Some("resource") => decode(&mut members).map(Self::Resource),
            Some("resource_link") => decode(&mut members).map(Self::ResourceLink),
            Some(_) => Ok(Self::Other(members)),
            None => Err(de::Error::missing_field("type")),
        }
    }
}

fn decode<T: de::DeserializeOwned, E: de::Error>(members: &mut JsonObject) -> Result<T, E> {
    // The enum writes the tag; without this it would also be kept among the other members.
    members.remove("type");
    serde_json::from_value(Value::Object(std::mem::take(members))).map_err(E::custom)
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TextContent {
    /// The text.
    pub text: String,
    /// Members that this type does not name, such as annotations.
    #[serde(flatten)]
    pub other: JsonObject,
}

/// A picture or a sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MediaContent {
    /// The bytes, in Base64.
    pub data: String,
    /// The media type of the bytes.
    pub mime_type: String,
    /// Members that this type does not name, such as annotations.
    #[serde(flatten)]
    pub other: JsonObject,
}

/// The contents of a resource as a piece of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EmbeddedResource {
    /// The contents.
    pub resource: ResourceContents,
    /// Members that this type does not name, such as annotations.
    #[serde(flatten)]
    pub other: JsonObject,
}

/// The contents of a resource: text or bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceContents {
    /// The resource.
    pub uri: String,
    /// The media type of the contents. `None`: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The contents as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The contents as bytes, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ResourceContents {
    /// Contents that are text.
    #[must_use]
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        let (uri, text) = (uri.into(), Some(text.into()));
        Self { uri, mime_type: None, text, blob: None, other: JsonObject::new() }
    }
}

/// The place of a resource as a piece of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceLink {
    /// The resource.
    pub uri: String,
    /// Its name for programs.
    pub name: String,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

#[cfg(test)]
mod tests;
