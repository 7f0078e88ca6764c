//! What a resource holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::with_members::with_members;

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
    /// Metadata of the contents. From 2025-06-18 on.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ResourceContents {
    /// Contents that are text.
    #[must_use]
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::bare(uri.into()) }
    }

    /// Contents that are bytes.
    #[must_use]
    pub fn blob(uri: impl Into<String>, bytes: &[u8]) -> Self {
        Self { blob: Some(STANDARD.encode(bytes)), ..Self::bare(uri.into()) }
    }

    with_members! {
        /// Says the media type of the contents.
        with_mime_type(mime_type: impl Into<String>),
        /// Adds metadata.
        with_meta(meta: impl Into<JsonObject>),
    }

    /// The bytes of a blob. `None`: the contents are text, or not Base64.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.blob.as_ref()?).ok()
    }

    fn bare(uri: String) -> Self {
        Self { uri, mime_type: None, text: None, blob: None, meta: None, other: JsonObject::new() }
    }
}
