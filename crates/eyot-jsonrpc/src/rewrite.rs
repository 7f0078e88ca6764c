//! Messages of others with some members changed: the rest keeps its bytes, and is not read again.
//!
//! **Invariant:** what comes out is what the scan would have made of the same text. The message was
//! scanned, and what is put into it is [`Json`]; so the places of its parts are moved, not searched.

use std::ops::Range;

use bytestring::ByteString;

use crate::envelope::{Envelope, Kind};
use crate::json::Json;
use crate::members::Members;
use crate::message::{Message, SHARED_BYTES};
use crate::scan::has_line_separators;
use crate::span::Span;
use crate::text::Text;

/// What becomes of the members of one object.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "made by its users")]
pub struct Changes<'a> {
    /// Whether a member of this name stays.
    pub keeps: &'a dyn Fn(&str) -> bool,
    /// Members that take the place of those of their names. They come before the others in `params`,
    /// and behind them everywhere else.
    pub adds: &'a [(&'a str, &'a Json)],
}

impl Changes<'_> {
    /// All stay, and none is added.
    pub const NONE: Self = Self { keeps: &|_| true, adds: &[] };
}

impl std::fmt::Debug for Changes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").field("adds", &self.adds).finish_non_exhaustive()
    }
}

impl Message {
    /// The message with other members in its `params` or `result`, and in the `_meta` there. What
    /// stays keeps its bytes and its order; what is long is shared. A `_meta` that comes out empty
    /// is left out, and missing `params` are made if something is put there.
    ///
    /// `None` when the result is no object; `params` always are.
    pub fn rewritten(&self, changes: &Changes<'_>, in_meta: &Changes<'_>) -> Option<Self> {
        let from = self.envelope();
        let mut writer = Writer::new(self.text_of_all(), from);
        let len = writer.base.len();
        match from.payload.range() {
            Some(payload) => {
                let members = self.members()?;
                writer.keep(0..payload.start);
                let start = writer.at();
                writer.payload(Some(members), payload.start, (changes, in_meta));
                writer.to.payload = Span::new(start..writer.at());
                writer.keep(payload.end..len);
            }
            None if changes.adds.is_empty() && in_meta.adds.is_empty() => {
                return Some(self.clone());
            }
            None => {
                let end = len.saturating_sub(1);
                writer.keep(0..end);
                writer.text.push_str(",\"params\":");
                let start = writer.at();
                writer.payload(None, 0, (changes, in_meta));
                writer.to.payload = Span::new(start..writer.at());
                writer.keep(end..len);
            }
        }
        Some(writer.finish().patched_like(self))
    }
}

/// A message that is being written anew.
struct Writer<'m> {
    base: &'m ByteString,
    from: &'m Envelope,
    to: Envelope,
    /// What is complete, and its bytes.
    parts: Vec<ByteString>,
    done: usize,
    text: String,
}

impl<'m> Writer<'m> {
    fn new(base: &'m ByteString, from: &'m Envelope) -> Self {
        let text = String::with_capacity(base.len().min(SHARED_BYTES) + ADDED_BYTES);
        Self { base, from, to: from.without_places(), parts: Vec::new(), done: 0, text }
    }

    /// Byte of the new text that is written next.
    const fn at(&self) -> usize {
        self.done + self.text.len()
    }

    /// Takes over a part of the message.
    fn keep(&mut self, range: Range<usize>) {
        let at = self.at();
        self.to.take_places(self.from, &range, at);
        let kept = self.base.get(range).unwrap_or_default();
        if kept.len() < SHARED_BYTES {
            self.text.push_str(kept);
        } else {
            self.share(self.base.slice_ref(kept));
        }
    }

    fn share(&mut self, part: ByteString) {
        if !self.text.is_empty() {
            self.done += self.text.len();
            self.parts.push(std::mem::take(&mut self.text).into());
        }
        self.done += part.len();
        self.parts.push(part);
    }

    /// Writes `params` or `result`. `origin`: where the object that it was begins.
    fn payload(
        &mut self,
        members: Option<Members<'_>>,
        origin: usize,
        (changes, in_meta): (&Changes<'_>, &Changes<'_>),
    ) {
        let mut object = Object::open(self);
        // A call ends with its arguments, by far its longest part; a result begins with content.
        let is_result = self.from.kind == Kind::Response;
        let mut has_meta = !is_result && !self.from.meta.is_present() && in_meta.adds_any();
        if !is_result {
            self.add(&mut object, changes);
        }
        if has_meta {
            self.meta(&mut object, None, 0, in_meta);
        }
        let mut members = members;
        while let Some(member) = members.as_mut().and_then(Members::next_member) {
            if member.name == "_meta" && (member.value.starts_with('{') || in_meta.adds_any()) {
                object.end_run(self);
                let inner = Members::of(member.value);
                if !std::mem::replace(&mut has_meta, true) {
                    self.meta(&mut object, inner, origin + member.value_start, in_meta);
                }
            } else if changes.keeps(&member.name) {
                self.to.has_round |= self.is_round(&member.name);
                object.keep(member.range, origin);
            } else {
                object.end_run(self);
            }
        }
        object.end_run(self);
        if is_result {
            self.add(&mut object, changes);
        }
        if !has_meta && in_meta.adds_any() {
            self.meta(&mut object, None, 0, in_meta);
        }
        self.text.push('}');
    }

    fn add(&mut self, object: &mut Object, changes: &Changes<'_>) {
        for (name, value) in changes.adds {
            let place = object.add(self, name, value);
            self.to.note_param(name, value.as_str(), place);
        }
    }

    /// Writes `_meta`, unless it is empty.
    fn meta(
        &mut self,
        outer: &mut Object,
        members: Option<Members<'_>>,
        origin: usize,
        changes: &Changes<'_>,
    ) {
        let mark = (self.text.len(), outer.is_empty);
        outer.key(self, "_meta");
        let start = self.at();
        let mut object = Object::open(self);
        let mut members = members;
        while let Some(member) = members.as_mut().and_then(Members::next_member) {
            match changes.keeps(&member.name) {
                true => object.keep(member.range, origin),
                false => object.end_run(self),
            }
        }
        object.end_run(self);
        for (name, value) in changes.adds {
            let place = object.add(self, name, value);
            self.to.note_meta(name, value.as_str(), place);
        }
        self.text.push('}');
        if object.is_empty {
            // Nothing was shared of it, so that all of it is at the end of this text.
            self.text.truncate(mark.0);
            outer.is_empty = mark.1;
        } else if self.from.kind != Kind::Response {
            self.to.meta = Span::new(start..self.at());
        }
    }

    /// Whether a parameter belongs to a later round of a call.
    fn is_round(&self, name: &str) -> bool {
        self.from.kind != Kind::Response && matches!(name, "inputResponses" | "requestState")
    }

    fn finish(mut self) -> Message {
        if self.parts.is_empty() {
            return Message::scanned(Text::from(ByteString::from(self.text)), self.to);
        }
        if !self.text.is_empty() {
            self.parts.push(self.text.into());
        }
        Message::scanned(Text::of_parts(self.parts), self.to)
    }
}

/// An object that is being written.
struct Object {
    is_empty: bool,
    /// Members in a row that stay: they are taken over in one piece, with what stands between them.
    run: Option<Range<usize>>,
}

impl Object {
    fn open(writer: &mut Writer<'_>) -> Self {
        writer.text.push('{');
        Self { is_empty: true, run: None }
    }

    /// Lets a member stay. `origin`: where the object begins that it is in.
    fn keep(&mut self, member: Range<usize>, origin: usize) {
        let start = self.run.as_ref().map_or(origin + member.start, |run| run.start);
        self.run = Some(start..origin + member.end);
    }

    fn end_run(&mut self, writer: &mut Writer<'_>) {
        if let Some(run) = self.run.take() {
            self.separate(writer);
            writer.keep(run);
        }
    }

    fn separate(&mut self, writer: &mut Writer<'_>) {
        if !std::mem::take(&mut self.is_empty) {
            writer.text.push(',');
        }
    }

    /// Writes a key; the names of the protocol need no escapes.
    fn key(&mut self, writer: &mut Writer<'_>, name: &str) {
        self.separate(writer);
        for part in ["\"", name, "\":"] {
            writer.text.push_str(part);
        }
    }

    /// Writes a member, and tells where its value is.
    fn add(&mut self, writer: &mut Writer<'_>, name: &str, value: &Json) -> Span {
        self.key(writer, name);
        let start = writer.at();
        if value.as_str().len() < SHARED_BYTES {
            writer.text.push_str(value.as_str());
        } else {
            writer.share(value.text().clone());
        }
        writer.to.is_single_line &= value.is_single_line();
        writer.to.has_line_separators |= has_line_separators(value.as_str().as_bytes());
        Span::new(start..writer.at())
    }
}

impl Changes<'_> {
    fn keeps(&self, name: &str) -> bool {
        (self.keeps)(name) && !self.adds.iter().any(|(added, _)| *added == name)
    }

    const fn adds_any(&self) -> bool {
        !self.adds.is_empty()
    }
}

/// More than what the bridge adds to most messages.
const ADDED_BYTES: usize = 512;

#[cfg(test)]
mod tests;
