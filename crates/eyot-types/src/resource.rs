//! Resources: their definitions, their contents, and reading them.

mod contents;
mod read;

use serde::{Deserialize, Serialize};

pub use self::contents::ResourceContents;
pub use self::read::{ReadResourceParams, ReadResourceResult};
use crate::list_result::list_result;
use crate::with_members::with_members;
use crate::{Annotations, Icon, JsonObject};

/// The definition of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Resource {
    /// What it is read by.
    pub uri: String,
    /// The name for programs.
    pub name: String,
    /// The name for people. `None`: use `name`. From 2025-06-18 on.
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

impl Resource {
    /// A resource with a name for programs.
    #[must_use]
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            annotations: None,
            size: None,
            icons: None,
            meta: None,
            other: JsonObject::new(),
        }
    }

    with_members! {
        /// Adds a name for people.
        with_title(title: impl Into<String>),
        /// Says what it is.
        with_description(description: impl Into<String>),
        /// Says the media type of its contents.
        with_mime_type(mime_type: impl Into<String>),
        /// Adds hints on how to show it.
        with_annotations(annotations: impl Into<Annotations>),
        /// Says the size of its contents, in bytes.
        with_size(size: u64),
        /// Adds pictures.
        with_icons(icons: impl Into<Vec<Icon>>),
        /// Adds metadata.
        with_meta(meta: impl Into<JsonObject>),
    }
}

/// The definition of many resources at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceTemplate {
    /// The pattern of what they are read by (RFC 6570).
    pub uri_template: String,
    /// The name for programs.
    pub name: String,
    /// The name for people. `None`: use `name`. From 2025-06-18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What they are, for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The media type of their contents. `None`: unknown, or not the same for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Hints on how to show them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Their pictures. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icons: Option<Vec<Icon>>,
    /// Metadata of the template.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ResourceTemplate {
    /// A template with a name for programs.
    #[must_use]
    pub fn new(uri_template: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            uri_template: uri_template.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            annotations: None,
            icons: None,
            meta: None,
            other: JsonObject::new(),
        }
    }

    with_members! {
        /// Adds a name for people.
        with_title(title: impl Into<String>),
        /// Says what they are.
        with_description(description: impl Into<String>),
        /// Says the media type of their contents.
        with_mime_type(mime_type: impl Into<String>),
        /// Adds hints on how to show them.
        with_annotations(annotations: impl Into<Annotations>),
        /// Adds pictures.
        with_icons(icons: impl Into<Vec<Icon>>),
        /// Adds metadata.
        with_meta(meta: impl Into<JsonObject>),
    }
}

list_result! {
    /// Result of `resources/list`.
    pub struct ListResourcesResult {
        /// The resources of this page.
        resources: Resource
    }
}

list_result! {
    /// Result of `resources/templates/list`.
    pub struct ListResourceTemplatesResult {
        /// The templates of this page.
        resource_templates: ResourceTemplate
    }
}
