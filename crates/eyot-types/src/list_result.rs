//! Results of the requests that list something: they differ in what they list.

/// Defines the result of a list.
macro_rules! list_result {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident { $(#[$items_attribute:meta])* $items:ident: $item:ty }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            /// What kind of result this is. `None` in the legacy era.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub result_type: Option<crate::ResultType>,
            $(#[$items_attribute])*
            pub $items: Vec<$item>,
            /// Where the next page starts. `None`: this is the last one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub next_cursor: Option<String>,
            /// How long the result may be cached, in milliseconds. `None` in the legacy era.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub ttl_ms: Option<u64>,
            /// Who may share the cached result. `None` in the legacy era.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub cache_scope: Option<crate::CacheScope>,
            /// Metadata of the result.
            #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
            pub meta: Option<crate::JsonObject>,
            /// Members that this type does not name.
            #[serde(flatten)]
            pub other: crate::JsonObject,
            /// What of it was odd when it was read; never sent.
            #[serde(skip)]
            pub oddities: crate::Oddities,
        }

        impl $name {
            /// The last page, as a legacy server sends it.
            #[must_use]
            pub fn new($items: Vec<$item>) -> Self {
                Self { $items, ..Self::default() }
            }

            /// The page with another one after it.
            #[must_use]
            pub fn with_next_cursor(mut self, next_cursor: impl Into<String>) -> Self {
                self.next_cursor = Some(next_cursor.into());
                self
            }
        }

        crate::result::cacheable!($name);
    };
}

pub(crate) use list_result;
