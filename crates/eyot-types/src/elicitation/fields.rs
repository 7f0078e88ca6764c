//! The questions of a form, in their order: JSON objects have none, but forms do.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::schema::PrimitiveSchema;

/// The questions of a form by their names, in the order in which they were written.
///
/// The order is that of the text that they were decoded from: a [`serde_json::Value`] has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(String, PrimitiveSchema)>);

impl Fields {
    /// The question of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PrimitiveSchema> {
        self.iter().find_map(|(known, schema)| (known == name).then_some(schema))
    }

    /// Adds a question at the end, or replaces the one of that name where it is.
    pub fn insert(&mut self, name: String, schema: PrimitiveSchema) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = schema,
            None => self.0.push((name, schema)),
        }
    }

    /// The names and questions in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PrimitiveSchema)> {
        self.0.iter().map(|(name, schema)| (name.as_str(), schema))
    }

    /// The questions in their order, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut PrimitiveSchema> {
        self.0.iter_mut().map(|(_, schema)| schema)
    }

    /// Puts the questions of these names first, in this order; the others follow as they were.
    pub fn arrange(&mut self, names: &[&str]) {
        let place = |name: &str| names.iter().position(|it| *it == name).unwrap_or(names.len());
        self.0.sort_by_key(|(name, _)| place(name));
    }

    /// How many questions there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no questions.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of schemas")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fields, A::Error> {
        // A name that comes twice was refused by the scan that every message has to pass.
        let mut fields = Vec::new();
        while let Some(field) = members.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}
