//! Whether a value is of its shape, in one pass that keeps nothing.
//!
//! Nearly all values are: what is found here to fit need not be taken apart to be mended.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::shape::{Member, Need, Shape};

/// Whether the value fits as it is. `false` may also mean that this pass cannot say.
pub(super) fn fits(shape: &Shape, raw: &str) -> bool {
    let mut reader = serde_json::Deserializer::from_str(raw);
    Fit(shape).deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// Reads a value of this shape; any other is an error.
struct Fit<'s>(&'s Shape);

impl<'de> DeserializeSeed<'de> for Fit<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        match self.0 {
            Shape::Any => reader.deserialize_ignored_any(IgnoredAny).map(|_| ()),
            _ => reader.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Fit<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a value that is a {:?}", self.0)
    }

    fn visit_bool<E: Error>(self, _flag: bool) -> Result<(), E> {
        when(matches!(self.0, Shape::Flag))
    }

    fn visit_u64<E: Error>(self, _number: u64) -> Result<(), E> {
        when(matches!(self.0, Shape::Count | Shape::Number))
    }

    fn visit_i64<E: Error>(self, _number: i64) -> Result<(), E> {
        when(matches!(self.0, Shape::Number))
    }

    fn visit_f64<E: Error>(self, _number: f64) -> Result<(), E> {
        when(matches!(self.0, Shape::Number))
    }

    fn visit_str<E: Error>(self, _text: &str) -> Result<(), E> {
        when(matches!(self.0, Shape::Text | Shape::Cursor))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Shape::Each(item) = self.0 else { return when(false) };
        while items.next_element_seed(Fit(item))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        match self.0 {
            Shape::Object | Shape::Schema => {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(())
            }
            Shape::Record(known) | Shape::Settings(known) => fit_members(known, members),
            // Its type most often stands first; where it does not, this pass cannot say.
            Shape::Tagged(kinds) => {
                if members.next_key_seed(Name(|it: &str| it == "type"))? != Some(true) {
                    return when(false);
                }
                let of_kind = |kind: &str| kinds.iter().find(|it| it.0 == kind).map(|it| it.1);
                fit_members(members.next_value_seed(Name(of_kind))?.unwrap_or(&[]), members)
            }
            _ => when(false),
        }
    }
}

/// The members of an object, but for its `type`.
fn fit_members<'de, A: MapAccess<'de>>(known: &[Member], mut members: A) -> Result<(), A::Error> {
    let mut seen = 0_u64;
    // A member far behind counts as not seen.
    let bit = |index: usize| 1_u64.checked_shl(u32::try_from(index).unwrap_or(64)).unwrap_or(0);
    let find = |name: &str| known.iter().position(|it| it.name == name);
    while let Some(name) = members.next_key_seed(Name(find))? {
        match name.and_then(|it| known.get(it)) {
            Some(member) => members.next_value_seed(Fit(&member.shape))?,
            None => drop(members.next_value::<IgnoredAny>()?),
        }
        seen |= name.map_or(0, bit);
    }
    let has = |index: usize| seen & bit(index) != 0;
    let is_one_of =
        |(index, member): (usize, &Member)| matches!(member.need, Need::OneOf) && has(index);
    when(known.iter().enumerate().all(|(index, member)| match member.need {
        Need::Optional | Need::Exact => true,
        Need::OneOf => known.iter().enumerate().any(is_one_of),
        Need::Required | Need::Else(_) | Need::Absent(_) | Need::Like(_) => has(index),
    }))
}

fn when<E: Error>(fits: bool) -> Result<(), E> {
    if fits { Ok(()) } else { Err(E::custom("does not fit")) }
}

/// Reads a text as what it is the name of.
struct Name<F>(F);

impl<'de, T, F: Fn(&str) -> T> DeserializeSeed<'de> for Name<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<T, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<T, F: Fn(&str) -> T> Visitor<'_> for Name<F> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        Ok((self.0)(name))
    }
}

#[cfg(test)]
mod tests;
