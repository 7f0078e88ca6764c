//! Messages of others with some members changed: the rest keeps its bytes, and is not read again.
//!
//! **Invariant:** what comes out is what the scan would have made of the same text. The message was
//! scanned, and what is put into it is [`Json`]; so the places of its parts are moved, not searched.

use std::fmt;
use std::ops::Range;

use bytestring::ByteString;

use crate::draft::json::Json;
use crate::draft::json_array::JsonRun;
use crate::envelope::{Envelope, Kind, Noted};
use crate::members::{Member, Members};
use crate::message::member_list::MemberList;
use crate::message::text::Text;
use crate::message::{Message, SHARED_BYTES};
use crate::scan::{has_line_separators, is_ours};
use crate::span::Span;

/// What becomes of the members of one object.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by its users")]
pub struct Changes<'a> {
    /// The members that stay.
    pub keeps: Keeps<'a>,
    /// Members that take the place of those of their names. They come before the others in `params`,
    /// and behind them everywhere else.
    pub adds: &'a [Option<(&'a str, &'a Json)>],
}

/// Members that stay.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "made by its users")]
pub enum Keeps<'a> {
    /// All of them.
    All,
    /// None of them.
    None,
    /// Those whose name passes.
    If(&'a dyn Fn(&str) -> bool),
}

impl Changes<'_> {
    /// All stay, and none is added.
    pub const NONE: Self = Self { keeps: Keeps::All, adds: &[] };
}

impl fmt::Debug for Keeps<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::All => "All",
            Self::None => "None",
            Self::If(_) => "If",
        })
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
        if changes.is_none() && from.kind != Kind::Response && !from.params.has(Noted::ODD_META) {
            if in_meta.is_none() {
                return Some(self.clone());
            }
            if let Some(rewritten) = self.with_meta(in_meta) {
                return Some(rewritten);
            }
        }
        if from.payload.is_present() {
            return Some(MemberList::of(self)?.rewritten(changes, in_meta));
        }
        if changes.adds.is_empty() && in_meta.adds.is_empty() {
            return Some(self.clone());
        }
        let mut writer = Writer::new(self.text_of_all(), from, (changes, in_meta));
        let len = writer.base.len();
        let end = len.saturating_sub(1);
        writer.keep(0..end);
        writer.text.push_str(",\"params\":");
        let start = writer.at();
        writer.payload(&[], 0, (changes, in_meta));
        writer.to.payload = Span::new(start..writer.at());
        writer.keep(end..len);
        Some(writer.finish().patched_like(self))
    }
}

impl Message {
    /// The message with other members in place of these, which are those that it has.
    pub(crate) fn with_members(
        &self,
        members: &[Member<'_>],
        changes: &Changes<'_>,
        in_meta: &Changes<'_>,
    ) -> Self {
        let mut writer = Writer::new(self.text_of_all(), self.envelope(), (changes, in_meta));
        let payload = self.envelope().payload.bounds();
        let len = writer.base.len();
        writer.keep(0..payload.start);
        let start = writer.at();
        let is_complete = self.envelope().params.has(Noted::COMPLETE);
        writer.to.params.note(Noted::COMPLETE, is_complete);
        writer.payload(members, payload.start, (changes, in_meta));
        writer.to.payload = Span::new(start..writer.at());
        writer.keep(payload.end..len);
        writer.finish().patched_like(self)
    }

    /// The answer with an array of these items as the first member of its result; `None` when the
    /// result is no object, or all of it would be too long.
    pub(crate) fn with_array(&self, name: &str, runs: &[JsonRun]) -> Option<Self> {
        let from = self.envelope();
        let payload = from.payload.range().filter(|_| from.kind == Kind::Response)?;
        let members = self.result()?.strip_prefix('{')?;
        let mut writer = Writer::new(self.text_of_all(), from, (&Changes::NONE, &Changes::NONE));
        let len = writer.base.len();
        writer.to.params.note(Noted::COMPLETE, from.params.has(Noted::COMPLETE));
        let inside = payload.start + 1;
        writer.keep(0..inside);
        let mut object = Object { is_empty: true, run: None };
        object.key(&mut writer, name);
        writer.text.push('[');
        for (number, run) in runs.iter().enumerate() {
            if number > 0 {
                writer.text.push(',');
            }
            writer.put(run.text());
            writer.to.is_single_line &= run.is_single_line();
            writer.to.has_line_separators |= run.has_line_separators();
        }
        writer.text.push(']');
        if !members.trim_start().starts_with('}') {
            writer.text.push(',');
        }
        writer.keep(inside..payload.end);
        writer.to.payload = Span::new(payload.start..writer.at());
        writer.keep(payload.end..len);
        u32::try_from(writer.at()).ok()?;
        Some(writer.finish().patched_like(self))
    }

    /// The message with another `_meta` in its parameters, which need not be walked through for that;
    /// `None`: they have to be.
    fn with_meta(&self, changes: &Changes<'_>) -> Option<Self> {
        let from = self.envelope();
        let payload = from.payload.range()?;
        let none = &Changes::NONE;
        let mut writer = Writer::new(self.text_of_all(), from, (none, changes));
        let len = writer.base.len();
        for what in [Noted::ROUND, Noted::TASK] {
            writer.to.params.note(what, from.params.has(what));
        }
        let start = payload.start;
        let mut object = Object { is_empty: true, run: None };
        match from.meta.range() {
            Some(meta) if matches!(changes.keeps, Keeps::None) && !changes.adds_any() => {
                let member = member_around(writer.base, &meta)?;
                writer.keep(0..member.start);
                writer.keep(member.end..len);
            }
            Some(meta) => {
                writer.keep(0..meta.start);
                if !writer.meta_value(Members::of(self.meta()?), meta.start, changes) {
                    return None;
                }
                writer.keep(meta.end..len);
            }
            None if changes.adds_any() => {
                writer.keep(0..start + 1);
                writer.meta(&mut object, None, 0, changes);
                let rest = writer.base.get(start + 1..payload.end)?;
                if !rest.trim_start().starts_with('}') {
                    writer.text.push(',');
                }
                writer.keep(start + 1..len);
            }
            None => return Some(self.clone()),
        }
        let grown = writer.at() - len.min(writer.at());
        let shrunk = len - writer.at().min(len);
        writer.to.payload = Span::new(start..payload.end + grown - shrunk);
        Some(writer.finish().patched_like(self))
    }
}

/// The member `_meta` that has its value at this place, with one of the commas around it; `None`: its
/// key is written with escapes.
fn member_around(text: &str, value: &Range<usize>) -> Option<Range<usize>> {
    let before = text.get(..value.start)?.trim_end().strip_suffix(':')?.trim_end();
    let before = before.strip_suffix("\"_meta\"")?;
    let after = text.get(value.end..)?.trim_start();
    if let Some(rest) = after.strip_prefix(',') {
        return Some(before.len()..text.len() - rest.len());
    }
    let before = before.trim_end();
    Some(before.strip_suffix(',').unwrap_or(before).len()..text.len() - after.len())
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
    /// A writer with room for a short message with these members put in.
    fn new(
        base: &'m ByteString,
        from: &'m Envelope,
        (changes, in_meta): (&Changes<'_>, &Changes<'_>),
    ) -> Self {
        let added = changes.adds.iter().chain(in_meta.adds).flatten();
        let added: usize = added.map(|(name, value)| name.len() + value.as_str().len() + 4).sum();
        let room = base.len().min(SHARED_BYTES) + added.min(SHARED_BYTES) + META_BYTES;
        let text = String::with_capacity(room);
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

    /// Writes what is shared if it is long.
    fn put(&mut self, part: &ByteString) {
        match part.len() < SHARED_BYTES {
            true => self.text.push_str(part),
            false => self.share(part.clone()),
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
        members: &[Member<'_>],
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
        for member in members {
            if member.name == "_meta" && (member.value.starts_with('{') || in_meta.adds_any()) {
                object.end_run(self);
                let inner = Members::of(member.value);
                if !std::mem::replace(&mut has_meta, true) {
                    self.meta(&mut object, inner, origin + member.value_start, in_meta);
                }
            } else if changes.keeps(&member.name) {
                self.note_name(&member.name);
                object.keep(&member.range, origin);
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
        for (name, value) in changes.adds.iter().flatten() {
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
        if !self.meta_value(members, origin, changes) {
            // Nothing was shared of it, so that all of it is at the end of this text.
            self.text.truncate(mark.0);
            outer.is_empty = mark.1;
        }
    }

    /// Writes the value of `_meta`, and tells whether there is anything in it.
    fn meta_value(
        &mut self,
        members: Option<Members<'_>>,
        origin: usize,
        changes: &Changes<'_>,
    ) -> bool {
        let start = self.at();
        let mut object = Object::open(self);
        let mut members = members.filter(|_| !matches!(changes.keeps, Keeps::None));
        while let Some(member) = members.as_mut().and_then(Members::next_member) {
            match changes.keeps(&member.name) {
                true => {
                    self.note_meta_name(&member.name);
                    object.keep(&member.range, origin);
                }
                false => object.end_run(self),
            }
        }
        object.end_run(self);
        for (name, value) in changes.adds.iter().flatten() {
            let place = object.add(self, name, value);
            self.to.note_meta(name, value.as_str(), place);
            self.note_meta_name(name);
        }
        self.text.push('}');
        if self.from.kind != Kind::Response && !object.is_empty {
            self.to.meta = Span::new(start..self.at());
        }
        !object.is_empty
    }

    /// Notes what the name of a parameter says of a request.
    fn note_name(&mut self, name: &str) {
        if self.from.kind != Kind::Response {
            let is_round = matches!(name, "inputResponses" | "requestState");
            self.to.params.note(Noted::ROUND, is_round);
            self.to.params.note(Noted::TASK, name == "task");
        }
    }

    /// Notes what the name of a member of `_meta` says of a request.
    fn note_meta_name(&mut self, name: &str) {
        let is_other = self.from.kind != Kind::Response && !is_ours(name);
        self.to.params.note(Noted::OTHER_META, is_other);
    }

    fn finish(mut self) -> Message {
        if self.parts.is_empty() {
            return Message::scanned(ByteString::from(self.text).into(), self.to);
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
    fn keep(&mut self, member: &Range<usize>, origin: usize) {
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
        writer.put(value.text());
        writer.to.is_single_line &= value.is_single_line();
        writer.to.has_line_separators |= has_line_separators(value.as_str().as_bytes());
        Span::new(start..writer.at())
    }
}

impl Changes<'_> {
    /// Whether nothing changes.
    fn is_none(&self) -> bool {
        matches!(self.keeps, Keeps::All) && !self.adds_any()
    }

    fn keeps(&self, name: &str) -> bool {
        let stays = match self.keeps {
            Keeps::All => true,
            Keeps::None => false,
            Keeps::If(stays) => stays(name),
        };
        stays && !self.adds.iter().flatten().any(|(added, _)| *added == name)
    }

    fn adds_any(&self) -> bool {
        self.adds.iter().any(Option::is_some)
    }
}

/// What stands around new members.
const META_BYTES: usize = 24;

#[cfg(test)]
mod tests;
