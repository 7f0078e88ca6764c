//! Messages of others with another payload as a whole.

use crate::error::ParseError;
use crate::message::Message;
use crate::scan::limits::ScanLimits;

impl Message {
    /// The message with this JSON text as its `params`, `result` or `error`, whichever it has; what
    /// has none gets `params`. Everything else keeps its bytes, and a new id stays in its place. The
    /// whole is scanned anew: this is for changes that go deeper than [`Message::rewritten`] does.
    ///
    /// # Errors
    /// The scan refuses the text, or what it makes of the message.
    pub fn with_payload(&self, payload: &str) -> Result<Self, ParseError> {
        let text = self.text_of_all();
        let mut changed = String::with_capacity(text.len() + payload.len());
        match self.envelope().payload.range() {
            Some(range) => {
                changed.push_str(text.get(..range.start).unwrap_or_default());
                changed.push_str(payload);
                changed.push_str(text.get(range.end..).unwrap_or_default());
            }
            None => {
                changed.push_str(text.strip_suffix('}').unwrap_or_default());
                changed.push_str(",\"params\":");
                changed.push_str(payload);
                changed.push('}');
            }
        }
        let bytes = changed.into();
        Self::parse_with(&bytes, &ScanLimits::OWN, self.envelope().surrogates)
            .map(|it| it.patched_like(self))
    }
}

#[cfg(test)]
mod tests;
