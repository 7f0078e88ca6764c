//! The forms of elicitation: flat objects whose members are one question each.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

use super::fields::Fields;
use super::number::IntoNumber;
use super::select::{MultiSelectSchema, SingleSelectSchema};
use crate::JsonObject;
use crate::open_enum::open_enum;
use crate::tagged;
use crate::with_members::with_members;

/// A form: the restricted JSON Schema of what the user fills in.
///
/// "To simplify client user experience, form mode elicitation schemas are limited to flat objects"
/// (2025-11-25, client/elicitation, Requested Schema).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ElicitSchema {
    /// The dialect of JSON Schema. From 2025-11-25 on.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// The type of the whole: `object`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The questions by their names, in the order in which they are shown.
    pub properties: Fields,
    /// The names of those that must be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Vec<String>>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ElicitSchema {
    /// A form without questions.
    #[must_use]
    pub fn new() -> Self {
        Self {
            dialect: None,
            kind: "object".to_owned(),
            properties: Fields::default(),
            required: None,
            other: JsonObject::new(),
        }
    }

    /// Adds a question that must be answered.
    #[must_use]
    pub fn with_required(
        mut self,
        name: impl Into<String>,
        schema: impl Into<PrimitiveSchema>,
    ) -> Self {
        let name = name.into();
        self.required.get_or_insert_default().push(name.clone());
        self.with_optional(name, schema)
    }

    /// Adds a question that may be left out.
    #[must_use]
    pub fn with_optional(
        mut self,
        name: impl Into<String>,
        schema: impl Into<PrimitiveSchema>,
    ) -> Self {
        self.properties.insert(name.into(), schema.into());
        self
    }
}

impl Default for ElicitSchema {
    fn default() -> Self {
        Self::new()
    }
}

/// One question of a form. What is not known here is kept whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrimitiveSchema {
    /// A text.
    String(StringSchema),
    /// A number.
    Number(NumberSchema),
    /// Yes or no.
    Boolean(BooleanSchema),
    /// One of several texts.
    SingleSelect(SingleSelectSchema),
    /// Any of several texts. From 2025-11-25 on.
    MultiSelect(MultiSelectSchema),
    /// Something else, with all its members.
    Other(JsonObject),
}

impl Serialize for PrimitiveSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(schema) => Typed { kind: "string", schema }.serialize(serializer),
            Self::Number(schema) => schema.serialize(serializer),
            Self::Boolean(schema) => Typed { kind: "boolean", schema }.serialize(serializer),
            Self::SingleSelect(schema) => Typed { kind: "string", schema }.serialize(serializer),
            Self::MultiSelect(schema) => Typed { kind: "array", schema }.serialize(serializer),
            Self::Other(members) => members.serialize(serializer),
        }
    }
}

/// A schema with the type that its own struct does not name.
#[derive(Serialize)]
struct Typed<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    schema: &'a T,
}

impl<'de> Deserialize<'de> for PrimitiveSchema {
    /// Decides by `type`, and for texts by whether there is anything to select from.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = JsonObject::deserialize(deserializer)?;
        let is_select = members.contains_key("enum") || members.contains_key("oneOf");
        match tagged::tag(&members) {
            Some("string") if is_select => tagged::decode(members).map(Self::SingleSelect),
            Some("string") => tagged::decode(members).map(Self::String),
            Some("number" | "integer") => serde_json::from_value(Value::Object(members))
                .map(Self::Number)
                .map_err(D::Error::custom),
            Some("boolean") => tagged::decode(members).map(Self::Boolean),
            Some("array") => tagged::decode(members).map(Self::MultiSelect),
            _ => Ok(Self::Other(members)),
        }
    }
}

impl From<StringSchema> for PrimitiveSchema {
    fn from(schema: StringSchema) -> Self {
        Self::String(schema)
    }
}

impl From<NumberSchema> for PrimitiveSchema {
    fn from(schema: NumberSchema) -> Self {
        Self::Number(schema)
    }
}

impl From<BooleanSchema> for PrimitiveSchema {
    fn from(schema: BooleanSchema) -> Self {
        Self::Boolean(schema)
    }
}

impl From<SingleSelectSchema> for PrimitiveSchema {
    fn from(schema: SingleSelectSchema) -> Self {
        Self::SingleSelect(schema)
    }
}

impl From<MultiSelectSchema> for PrimitiveSchema {
    fn from(schema: MultiSelectSchema) -> Self {
        Self::MultiSelect(schema)
    }
}

open_enum! {
    /// What a text must look like.
    pub enum StringFormat {
        /// An address of e-mail.
        Email = "email",
        /// A URI.
        Uri = "uri",
        /// A date.
        Date = "date",
        /// A date with a time.
        DateTime = "date-time",
    }
}

/// Asks for a text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StringSchema {
    /// The question for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The least number of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// The greatest number of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// What it must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<StringFormat>,
    /// What is filled in at first. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl StringSchema {
    /// Any text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Adds the question for people.
        with_title(title: impl Into<String>),
        /// Says more about it.
        with_description(description: impl Into<String>),
        /// Sets the least number of characters.
        with_min_length(min_length: u64),
        /// Sets the greatest number of characters.
        with_max_length(max_length: u64),
        /// Says what it must look like.
        with_format(format: impl Into<StringFormat>),
        /// Fills something in at first.
        with_default(default: impl Into<String>),
    }
}

open_enum! {
    /// Which numbers are asked for.
    pub enum NumberKind {
        /// Any number.
        Number = "number",
        /// A whole number.
        Integer = "integer",
    }
}

/// Asks for a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NumberSchema {
    /// Which numbers are asked for.
    #[serde(rename = "type")]
    pub kind: NumberKind,
    /// The question for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Number>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Number>,
    /// What is filled in at first. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Number>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl NumberSchema {
    /// Any number.
    #[must_use]
    pub fn number() -> Self {
        Self::of(NumberKind::Number)
    }

    /// Any whole number.
    #[must_use]
    pub fn integer() -> Self {
        Self::of(NumberKind::Integer)
    }

    with_members! {
        /// Adds the question for people.
        with_title(title: impl Into<String>),
        /// Says more about it.
        with_description(description: impl Into<String>),
    }

    /// Sets the least number.
    #[must_use]
    pub fn with_minimum(mut self, minimum: impl IntoNumber) -> Self {
        self.minimum = minimum.into_number();
        self
    }

    /// Sets the greatest number.
    #[must_use]
    pub fn with_maximum(mut self, maximum: impl IntoNumber) -> Self {
        self.maximum = maximum.into_number();
        self
    }

    /// Fills something in at first.
    #[must_use]
    pub fn with_default(mut self, default: impl IntoNumber) -> Self {
        self.default = default.into_number();
        self
    }

    fn of(kind: NumberKind) -> Self {
        Self {
            kind,
            title: None,
            description: None,
            minimum: None,
            maximum: None,
            default: None,
            other: JsonObject::new(),
        }
    }
}

/// Asks for yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BooleanSchema {
    /// The question for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is filled in at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl BooleanSchema {
    /// Yes or no.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Adds the question for people.
        with_title(title: impl Into<String>),
        /// Says more about it.
        with_description(description: impl Into<String>),
        /// Fills something in at first.
        with_default(default: bool),
    }
}

#[cfg(test)]
mod tests;
