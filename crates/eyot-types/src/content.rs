//! What tools and prompts answer with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::tagged::tagged;
use crate::with_members::with_members;
use crate::{Annotations, Icon, JsonObject, Resource, ResourceContents};

tagged! {
    /// One piece of content. A type that is not known here is kept whole.
    pub enum ContentBlock {
        /// Text.
        "text" => Text(TextContent),
        /// A picture.
        "image" => Image(MediaContent),
        /// Sound. From 2025-03-26 on.
        "audio" => Audio(MediaContent),
        /// The contents of a resource.
        "resource" => Resource(EmbeddedResource),
        /// The place of a resource. From 2025-06-18 on.
        "resource_link" => ResourceLink(ResourceLink),
    }
}

impl ContentBlock {
    /// A piece of text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextContent::new(text))
    }

    /// A picture of the media type `mime_type`.
    #[must_use]
    pub fn image(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::Image(MediaContent::new(bytes, mime_type))
    }

    /// A sound of the media type `mime_type`.
    #[must_use]
    pub fn audio(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::Audio(MediaContent::new(bytes, mime_type))
    }

    /// The contents of a resource.
    #[must_use]
    pub fn resource(contents: ResourceContents) -> Self {
        Self::Resource(EmbeddedResource::new(contents))
    }

    /// The place of a resource.
    #[must_use]
    pub fn resource_link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self::ResourceLink(ResourceLink::new(uri, name))
    }

    /// The hints on how to show it. `None`: there are none, or its type is not known here.
    #[must_use]
    pub const fn annotations(&self) -> Option<&Annotations> {
        match self {
            Self::Text(content) => content.annotations.as_ref(),
            Self::Image(content) | Self::Audio(content) => content.annotations.as_ref(),
            Self::Resource(content) => content.annotations.as_ref(),
            Self::ResourceLink(content) => content.annotations.as_ref(),
            Self::Other(_) => None,
        }
    }

    /// Adds hints on how to show it. Content of an unknown type stays as it is.
    #[must_use]
    pub fn with_annotations(mut self, annotations: Annotations) -> Self {
        let place = match &mut self {
            Self::Text(content) => &mut content.annotations,
            Self::Image(content) | Self::Audio(content) => &mut content.annotations,
            Self::Resource(content) => &mut content.annotations,
            Self::ResourceLink(content) => &mut content.annotations,
            Self::Other(_) => return self,
        };
        *place = Some(annotations);
        self
    }
}

impl From<&str> for ContentBlock {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for ContentBlock {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TextContent {
    /// The text.
    pub text: String,
    /// Hints on how to show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Metadata of the content. From 2025-06-18 on.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl TextContent {
    /// A piece of text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), annotations: None, meta: None, other: JsonObject::new() }
    }
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
    /// Hints on how to show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Metadata of the content. From 2025-06-18 on.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl MediaContent {
    /// Content of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::from_base64(STANDARD.encode(bytes), mime_type)
    }

    /// Content of bytes that are encoded already.
    #[must_use]
    pub fn from_base64(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            mime_type: mime_type.into(),
            annotations: None,
            meta: None,
            other: JsonObject::new(),
        }
    }

    /// The bytes. `None`: they are not Base64.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.data).ok()
    }
}

/// The contents of a resource as a piece of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EmbeddedResource {
    /// The contents.
    pub resource: ResourceContents,
    /// Hints on how to show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Metadata of the content. From 2025-06-18 on.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl EmbeddedResource {
    /// These contents.
    #[must_use]
    pub fn new(resource: ResourceContents) -> Self {
        Self { resource, annotations: None, meta: None, other: JsonObject::new() }
    }
}

/// The place of a resource as a piece of content: the definition of a resource that need not be in
/// any list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceLink {
    /// The resource.
    pub uri: String,
    /// Its name for programs.
    pub name: String,
    /// The name for people. `None`: use `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is, for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The media type of its contents. `None`: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Hints on how to show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// The size of its contents in bytes, before any encoding. `None`: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Its pictures. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icons: Option<Vec<Icon>>,
    /// Metadata of the resource.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ResourceLink {
    /// The place of a resource.
    #[must_use]
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Resource::new(uri, name).into()
    }

    with_members! {
        /// Adds a name for people.
        with_title(title: impl Into<String>),
        /// Says what it is.
        with_description(description: impl Into<String>),
        /// Says the media type of its contents.
        with_mime_type(mime_type: impl Into<String>),
        /// Says the size of its contents, in bytes.
        with_size(size: u64),
    }
}

impl From<Resource> for ResourceLink {
    fn from(resource: Resource) -> Self {
        Self {
            uri: resource.uri,
            name: resource.name,
            title: resource.title,
            description: resource.description,
            mime_type: resource.mime_type,
            annotations: resource.annotations,
            size: resource.size,
            icons: resource.icons,
            meta: resource.meta,
            other: resource.other,
        }
    }
}

#[cfg(test)]
mod tests;
