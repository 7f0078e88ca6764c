//! How an [`InputRequest`] is read: in one pass, because a form keeps its questions in order only
//! when it is decoded from where it stands.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{InputRequest, Question};
use crate::{JsonObject, Method};

impl<'de> Deserialize<'de> for InputRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RequestVisitor)
    }
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = InputRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a method")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<InputRequest, A::Error> {
        let (mut method, mut params) = (None, Params::None);
        let mut other = JsonObject::new();
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "method" if method.is_some() => return Err(Error::duplicate_field("method")),
                "method" => method = Some(members.next_value::<String>()?),
                "params" if params.is_some() => return Err(Error::duplicate_field("params")),
                "params" => params = Params::read(method.as_deref(), &mut members)?,
                _ => {
                    other.insert(name, members.next_value()?);
                }
            }
        }
        let method = method.ok_or_else(|| Error::missing_field("method"))?;
        let question = match params {
            Params::Typed(question) => question,
            Params::Raw(params) => {
                Question::decode(&method, Some(params)).map_err(Error::custom)?
            }
            Params::None => Question::decode(&method, None).map_err(Error::custom)?,
        };
        Ok(InputRequest { question, other })
    }
}

/// The parameters, as far as they can be understood when they come.
enum Params {
    None,
    Typed(Question),
    /// The method was unknown, or not there yet.
    Raw(Value),
}

impl Params {
    fn read<'de, A: MapAccess<'de>>(
        method: Option<&str>,
        members: &mut A,
    ) -> Result<Self, A::Error> {
        let question = match method.map(Method::parse) {
            Some(Method::ElicitationCreate) => Question::Elicitation(members.next_value()?),
            Some(Method::SamplingCreateMessage) => Question::Sampling(members.next_value()?),
            Some(Method::RootsList) => Question::Roots(Some(members.next_value()?)),
            _ => return members.next_value().map(Self::Raw),
        };
        Ok(Self::Typed(question))
    }

    const fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }
}
