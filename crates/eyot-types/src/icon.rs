//! Pictures of programs, tools, prompts and resources.

use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::open_enum::open_enum;
use crate::with_members::with_members;

open_enum! {
    /// The background that an icon is drawn for.
    pub enum IconTheme {
        /// A dark background.
        Dark = "dark",
        /// A light background.
        Light = "light",
    }
}

/// A picture. From 2025-11-25 on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Icon {
    /// Where it is: an `https:` or a `data:` URI. Never fetched here.
    pub src: String,
    /// Its media type. `None`: the one that its source names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The sizes that it has, such as `48x48` or `any`. `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<Vec<String>>,
    /// The background that it is drawn for. `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<IconTheme>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl Icon {
    /// A picture for any size and background.
    #[must_use]
    pub fn new(src: impl Into<String>) -> Self {
        let src = src.into();
        Self { src, mime_type: None, sizes: None, theme: None, other: JsonObject::new() }
    }

    with_members! {
        /// Says its media type.
        with_mime_type(mime_type: impl Into<String>),
        /// Says which sizes it has.
        with_sizes(sizes: impl Into<Vec<String>>),
        /// Says which background it is drawn for.
        with_theme(theme: impl Into<IconTheme>),
    }
}
