//! Messages of others with another payload as a whole.

use std::ops::Range;

use bytestring::ByteString;

use crate::envelope::{Envelope, LongSpans};
use crate::error::ParseError;
use crate::message::Message;
use crate::scan::limits::ScanLimits;
use crate::scan::{Scan, has_line_separators};
use crate::span::Span;
use crate::surrogates::Surrogates;

impl Message {
    /// The message with this JSON text, given in parts, as its `params`, `result` or `error`, whichever
    /// it has; what has none gets `params`. Everything else keeps its bytes, and a new id stays in its
    /// place. The whole is copied once and scanned anew, but for long values in parts that are slices of
    /// the payload as it was: this is for changes that go deeper than [`Message::rewritten`] does.
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
        let mut reused = Reused::of(self.envelope(), text);
        for part in all() {
            reused.note(part, changed.len());
            changed.push_str(part);
        }
        let changed = reused.parse(changed.into(), self.envelope().surrogates)?;
        Ok(changed.patched_like(self))
    }
}

/// What is known of a text that is put together of parts of another one.
struct Reused<'m> {
    text: &'m str,
    from: &'m Envelope,
    /// Long values that are there in one piece, in their new places.
    known: LongSpans,
    has_line_separators: bool,
}

impl<'m> Reused<'m> {
    const fn of(from: &'m Envelope, text: &'m str) -> Self {
        let has_line_separators = from.has_line_separators;
        Self { text, from, known: LongSpans::NONE, has_line_separators }
    }

    /// Notes a part that is at byte `at` now.
    fn note(&mut self, part: &str, at: usize) {
        let Some(old) = place_in(self.text, part) else {
            self.has_line_separators |= has_line_separators(part.as_bytes());
            return;
        };
        for value in self.from.long.iter().map(Span::bounds) {
            if old.start <= value.start && value.end <= old.end {
                let moved = |it: usize| at + it - old.start;
                self.known.note(Span::new(moved(value.start)..moved(value.end)));
            }
        }
    }

    /// The message that is the whole of the text.
    fn parse(self, text: ByteString, surrogates: Surrogates) -> Result<Message, ParseError> {
        // What is wrong with halves of pairs depends on where they are.
        if self.known.iter().next().is_none() || surrogates == Surrogates::Lone {
            let bytes = text.into_bytes();
            return Message::parse_with(&bytes, &ScanLimits::OWN, surrogates);
        }
        let scan = Scan::of_input(&text, &ScanLimits::OWN, surrogates);
        let scanned = scan.and_then(|it| it.knowing(self.known).single());
        match scanned {
            Ok((range, mut envelope)) if range == (0..text.len()) => {
                envelope.has_line_separators = self.has_line_separators;
                envelope.is_single_line &= self.from.is_single_line;
                Ok(Message::scanned(text.into(), envelope))
            }
            Ok(_) => Message::parse_with(&text.into_bytes(), &ScanLimits::OWN, surrogates),
            Err(fault) => Err(ParseError::of_text(text.as_bytes(), *fault)),
        }
    }
}

/// Where `part` is in `text`, if it is a slice of it.
fn place_in(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(part.len()).filter(|it| *it <= text.len())?;
    Some(start..end)
}

#[cfg(test)]
mod tests;
