//! Parameters of a request, kept as the JSON that will be sent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use eyot_jsonrpc::{Id, Request};
use eyot_types::JsonObject;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::ClientError;

/// The members of `params` in the order of sending, without `_meta`.
///
/// Arguments are written once: further rounds and attempts send that text again.
#[derive(Clone, Default)]
pub(crate) struct Params {
    members: Vec<(Cow<'static, str>, Box<RawValue>)>,
    /// The caller's own `_meta`.
    pub(crate) meta: JsonObject,
}

impl Params {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The members of any object; `null` stands for none.
    pub(crate) fn of(value: &impl Serialize) -> Result<Self, ClientError> {
        let raw = to_raw(value)?;
        if raw.get() == "null" {
            return Ok(Self::new());
        }
        let members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(raw.get()).map_err(|_| unfit("parameters are no object"))?;
        let mut params = Self::new();
        for (name, value) in members {
            if name == "_meta" {
                let meta = serde_json::from_str(value.get());
                params.meta = meta.map_err(|_| unfit("`_meta` is no object"))?;
            } else {
                params.members.push((name.into(), value));
            }
        }
        Ok(params)
    }

    /// Adds a member.
    pub(crate) fn with(
        mut self,
        name: &'static str,
        value: &impl Serialize,
    ) -> Result<Self, ClientError> {
        self.set(name, to_raw(value)?);
        Ok(self)
    }

    /// Adds `arguments`: an object, or nothing when it is `null`.
    pub(crate) fn with_arguments(mut self, value: &impl Serialize) -> Result<Self, ClientError> {
        let raw = to_raw(value)?;
        match raw.get().as_bytes().first() {
            Some(b'{') => self.set("arguments", raw),
            _ if raw.get() == "null" => {}
            _ => return Err(unfit("arguments are no object")),
        }
        Ok(self)
    }

    /// Adds a member, or replaces it.
    pub(crate) fn set(&mut self, name: &'static str, value: Box<RawValue>) {
        match self.members.iter_mut().find(|it| it.0 == name) {
            Some(member) => member.1 = value,
            None => self.members.push((name.into(), value)),
        }
    }

    /// The JSON text of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|it| it.0 == name).map(|it| it.1.get())
    }

    /// All members as one text: equal texts are equal requests.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.members {
            text.push_str(name);
            text.push('=');
            text.push_str(value.get());
            text.push('\n');
        }
        text
    }

    /// The request, with this `_meta` behind its members.
    pub(crate) fn request(&self, id: Id, method: &str, meta: &JsonObject) -> Request {
        Request::new(id, method, &Body { params: self, meta })
    }
}

/// Shows what a log may hold: names, no values.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members.iter().map(|it| &it.0)).finish()
    }
}

struct Body<'a> {
    params: &'a Params,
    meta: &'a JsonObject,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.params.members {
            map.serialize_entry(name.as_ref(), value)?;
        }
        if !self.meta.is_empty() {
            map.serialize_entry("_meta", self.meta)?;
        }
        map.end()
    }
}

pub(crate) fn to_raw(value: &impl Serialize) -> Result<Box<RawValue>, ClientError> {
    to_raw_value(value).map_err(|error| unfit(&error.to_string()))
}

fn unfit(reason: &str) -> ClientError {
    ClientError::Request { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
