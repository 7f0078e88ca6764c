//! The members of what a message carries, found once for several readers.

use crate::members::Member;
use crate::message::Message;
use crate::message::rewrite::Changes;

/// The members of the `params`, `result` or `error` of a message, in the order of the text: each
/// key, and the raw JSON of its value.
///
/// For two readers or more, one of which may be [`rewritten`](Self::rewritten); a single reader is
/// served by [`Message::members`], which keeps nothing.
#[derive(Debug)]
pub struct MemberList<'a> {
    message: &'a Message,
    members: Vec<Member<'a>>,
}

impl<'a> MemberList<'a> {
    /// The members of what the message carries; `None` when it carries no object.
    pub fn of(message: &'a Message) -> Option<Self> {
        let mut rest = message.members()?;
        let mut members = Vec::with_capacity(USUAL);
        while let Some(member) = rest.next_member() {
            members.push(member);
        }
        Some(Self { message, members })
    }

    /// The members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|it| (&*it.name, it.value))
    }

    /// The value of the first member of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The message with other members; as [`Message::rewritten`], without another look at its text.
    #[must_use]
    pub fn rewritten(&self, changes: &Changes<'_>, in_meta: &Changes<'_>) -> Message {
        self.message.with_members(&self.members, changes, in_meta)
    }
}

/// Members of most results.
const USUAL: usize = 4;
