//! Messages of others with another payload as a whole.

use crate::error::ParseError;
use crate::message::Message;
use crate::scan::limits::ScanLimits;

impl Message {
    /// The message with this JSON text, given in parts, as its `params`, `result` or `error`, whichever
    /// it has; what has none gets `params`. Everything else keeps its bytes, and a new id stays in its
    /// place. The whole is copied once and scanned anew: this is for changes that go deeper than
    /// [`Message::rewritten`] does.
    ///
    /// # Errors
    /// The scan refuses the text, or what it makes of the message.
    pub fn with_payload(&self, parts: &[&str]) -> Result<Self, ParseError> {
        let text = self.text_of_all();
        let (before, key, after) = match self.envelope().payload.range() {
            Some(range) => (text.get(..range.start), "", text.get(range.end..)),
            None => (text.strip_suffix('}'), ",\"params\":", Some("}")),
        };
        let (before, after) = ([before.unwrap_or_default(), key], [after.unwrap_or_default()]);
        let all = || before.iter().chain(parts).chain(&after);
        let mut changed = String::with_capacity(all().map(|it| it.len()).sum());
        all().for_each(|it| changed.push_str(it));
        let bytes = changed.into();
        Self::parse_with(&bytes, &ScanLimits::OWN, self.envelope().surrogates)
            .map(|it| it.patched_like(self))
    }
}

#[cfg(test)]
mod tests;
