//! Objects whose `type` member says what they are.

use serde::de::{DeserializeOwned, Error};
use serde_json::Value;

use crate::JsonObject;

/// Defines an enum of known types that keeps an object of any other type whole.
///
/// The `type` member alone decides: an object of a known type that lacks a member is an error,
/// never an unknown object.
macro_rules! tagged {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $( $(#[$variant_attribute:meta])* $tag:literal => $variant:ident($content:ty), )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_attribute])* #[serde(rename = $tag)] $variant($content), )+
            /// Something else, with all its members.
            #[serde(untagged)]
            Other(crate::JsonObject),
        }

        impl $name {
            /// The `type` member.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $tag, )+
                    Self::Other(members) => crate::tagged::tag(members).unwrap_or_default(),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let members = <crate::JsonObject as serde::Deserialize>::deserialize(deserializer)?;
                match crate::tagged::tag(&members) {
                    $( Some($tag) => crate::tagged::decode(members).map(Self::$variant), )+
                    Some(_) => Ok(Self::Other(members)),
                    None => Err(serde::de::Error::missing_field("type")),
                }
            }
        }
    };
}

pub(crate) use tagged;

pub(crate) fn tag(members: &JsonObject) -> Option<&str> {
    members.get("type").and_then(Value::as_str)
}

pub(crate) fn decode<T: DeserializeOwned, E: Error>(mut members: JsonObject) -> Result<T, E> {
    // The enum writes the tag; without this it would also be kept among the other members.
    members.remove("type");
    serde_json::from_value(Value::Object(members)).map_err(E::custom)
}
