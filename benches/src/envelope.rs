//! The envelope of a message, borrowed from its bytes: the least that an inspecting hop reads.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// One message; `params`, `result` and `error` stay as they are.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading it is the work that is measured")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of a message.
    ///
    /// # Errors
    ///
    /// When the text is not JSON, or not an object with these members.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }
}
