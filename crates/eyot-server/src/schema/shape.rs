//! The part of JSON Schema that describes most arguments, checked in the raw text.
//!
//! The schema accepts everything that its shape accepts. A schema with any other word in it has no
//! shape, and neither has an invalid schema. What a shape does not accept is left to the schema. So
//! most calls need no tree of values, and nothing is accepted that the schema refuses.

use std::ops::RangeInclusive;

use eyot_jsonrpc::{Items, Members};
use eyot_types::JsonObject;
use serde_json::Value;

/// A schema of which every word is understood here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The types that a value may have.
    types: Types,
    /// The values that it may be, as raw JSON.
    values: Option<Box<[String]>>,
    /// The range of the value, if it is a number.
    range: Option<Box<RangeInclusive<i128>>>,
    /// The shape of the members, if the value is an object.
    members: Option<Box<MemberShapes>>,
    /// The shape of each item, if the value is an array.
    items: Option<Box<Self>>,
}

#[derive(Debug, PartialEq, Eq)]
struct MemberShapes {
    /// Each member stands at its place in `required`; without a shape if only `required` names it.
    named: Vec<(String, Option<Shape>)>,
    /// One bit for each required member.
    required: u64,
    /// Whether other members are allowed.
    is_open: bool,
}

/// A set of types, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Types(u8);

impl Types {
    const NULL: Self = Self(1);
    const BOOLEAN: Self = Self(1 << 1);
    const INTEGER: Self = Self(1 << 2);
    /// Every integer is a number too.
    const NUMBER: Self = Self(1 << 2 | 1 << 3);
    const FRACTION: Self = Self(1 << 3);
    const STRING: Self = Self(1 << 4);
    const ARRAY: Self = Self(1 << 5);
    const OBJECT: Self = Self(1 << 6);
    const ALL: Self = Self(u8::MAX);

    fn named(name: &Value) -> Option<Self> {
        Some(match name.as_str()? {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The types of `type`: one name, or a list of them.
    fn of(names: &Value) -> Option<Self> {
        let Value::Array(names) = names else { return Self::named(names) };
        let is_twice = |(at, name)| names.iter().take(at).any(|it| it == name);
        if names.is_empty() || names.iter().enumerate().any(is_twice) {
            return None;
        }
        names.iter().try_fold(Self(0), |all, name| Some(Self(all.0 | Self::named(name)?.0)))
    }

    /// The type of a value in raw JSON. An integer that is written as a fraction (`1.0`) counts
    /// as a fraction.
    fn of_raw(raw: &str) -> Self {
        match raw.as_bytes().first() {
            Some(b'{') => Self::OBJECT,
            Some(b'[') => Self::ARRAY,
            Some(b'"') => Self::STRING,
            Some(b't' | b'f') => Self::BOOLEAN,
            Some(b'n') => Self::NULL,
            _ if raw.contains(['.', 'e', 'E']) => Self::FRACTION,
            _ => Self::INTEGER,
        }
    }

    const fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }
}

impl Shape {
    const ANYTHING: Self =
        Self { types: Types::ALL, values: None, range: None, members: None, items: None };

    /// The shape that a schema describes; `None` when the schema says more than a shape can.
    pub(crate) fn of(schema: &JsonObject) -> Option<Self> {
        let mut shape = Self::ANYTHING;
        let mut members = MemberShapes { named: Vec::new(), required: 0, is_open: true };
        for (word, said) in schema {
            match word.as_str() {
                "type" => shape.types = Types::of(said)?,
                "properties" => {
                    for (name, schema) in said.as_object()? {
                        members.place(name, Some(Self::of_value(schema)?))?;
                    }
                }
                "required" => {
                    for name in said.as_array()? {
                        members.require(name.as_str()?)?;
                    }
                }
                "additionalProperties" => members.is_open = said.as_bool()?,
                "enum" => {
                    shape.values = Some(said.as_array()?.iter().map(Value::to_string).collect())
                }
                "minimum" => shape.narrow(whole(said)?, i128::MAX),
                "maximum" => shape.narrow(i128::MIN, whole(said)?),
                "items" => shape.items = Some(Box::new(Self::of_value(said)?)),
                // In this dialect the words have the meaning that is assumed here.
                "$schema" if said == DIALECT => {}
                "title" | "description" | "$comment" if said.is_string() => {}
                "examples" if said.is_array() => {}
                "deprecated" if said.is_boolean() => {}
                "default" => {}
                _ if word.starts_with("x-") => {}
                _ => return None,
            }
        }
        if !members.named.is_empty() || !members.is_open {
            shape.members = Some(Box::new(members));
        }
        Some(shape)
    }

    fn of_value(schema: &Value) -> Option<Self> {
        match schema {
            Value::Bool(true) => Some(Self::ANYTHING),
            Value::Object(schema) => Self::of(schema),
            _ => None,
        }
    }

    fn narrow(&mut self, from: i128, to: i128) {
        let range = self.range.get_or_insert_with(|| Box::new(i128::MIN..=i128::MAX));
        **range = from.max(*range.start())..=to.min(*range.end());
    }

    /// Whether a value has this shape. The text is a part of a message.
    pub(crate) fn accepts(&self, raw: &str) -> bool {
        let types = Types::of_raw(raw);
        if !self.types.has(types) {
            return false;
        }
        if self.values.as_ref().is_some_and(|values| !values.iter().any(|it| it == raw)) {
            return false;
        }
        if types.has(Types::NUMBER)
            && let Some(range) = &self.range
            && !raw.parse().is_ok_and(|it| range.contains(&it))
        {
            return false;
        }
        match (&self.members, &self.items, raw.as_bytes().first()) {
            (Some(shapes), _, Some(b'{')) => shapes.accept(raw),
            (_, Some(shape), Some(b'[')) => {
                Items::of(raw).is_some_and(|mut items| items.all(|item| shape.accepts(item)))
            }
            _ => true,
        }
    }
}

impl MemberShapes {
    /// The place of a member, which `required` and `properties` may name in any order.
    fn place(&mut self, name: &str, shape: Option<Shape>) -> Option<usize> {
        if let Some(place) = self.named.iter().position(|(known, _)| known == name) {
            let (_, known) = self.named.get_mut(place)?;
            *known = known.take().or(shape);
            return Some(place);
        }
        self.named.push((name.to_owned(), shape));
        Some(self.named.len() - 1).filter(|place| *place < PLACES_MAX)
    }

    /// Notes a required member; `None` if it is named twice.
    fn require(&mut self, name: &str) -> Option<()> {
        let bit = 1 << self.place(name, None)?;
        let is_new = self.required & bit == 0;
        self.required |= bit;
        is_new.then_some(())
    }

    fn accept(&self, raw: &str) -> bool {
        let Some(members) = Members::of(raw) else { return false };
        let mut missing = self.required;
        for (name, value) in members {
            let mut named = self.named.iter().enumerate();
            let found = named.find(|(_, (known, _))| *known == name);
            missing &= found.map_or(u64::MAX, |(place, _)| !(1 << place));
            let is_accepted = match found.and_then(|(_, (_, shape))| shape.as_ref()) {
                Some(shape) => shape.accepts(value),
                None => self.is_open,
            };
            if !is_accepted {
                return false;
            }
        }
        missing == 0
    }
}

/// A bound that is a whole number.
fn whole(bound: &Value) -> Option<i128> {
    bound.as_i64().map(i128::from).or_else(|| bound.as_u64().map(i128::from))
}

/// The dialect of schemas that name none, and of schemas that are made from Rust types.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// How many members a set of bits has room for.
const PLACES_MAX: usize = 64;

#[cfg(test)]
mod tests;
