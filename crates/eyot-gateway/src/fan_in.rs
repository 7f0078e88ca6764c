//! What a legacy client hears of all its servers that belongs to no call.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use eyot_jsonrpc::Message;
use eyot_service::{Call, Fault, Input, Messages, ReplyItem, SessionHandle};
use eyot_types::Method;
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;

use crate::cursors::Cursors;
use crate::legs::{Legs, joined};
use crate::listing::Change;
use crate::member::Member;
use crate::merged::{Heard, Merged};
use crate::servers::{Changes, Servers};

/// The stream of one session: of the servers that it is joined with, and from each on as soon as it
/// is.
struct FanIn {
    servers: Arc<Servers>,
    session: Arc<SessionHandle>,
    call: Call,
    merged: Merged,
    cursors: Cursors,
    joined: watch::Receiver<usize>,
    changes: watch::Receiver<Changes>,
    seen: Changes,
    /// Servers that fail: they are listened to again when they are well.
    parked: Vec<Member>,
    /// Messages of our own.
    untold: VecDeque<Message>,
}

/// The messages for a client that listens, from a position on.
pub(crate) fn listen(
    servers: &Arc<Servers>,
    session: &Arc<SessionHandle>,
    call: Call,
    cursor: Option<Bytes>,
) -> Messages {
    let mut changes = servers.changes();
    let seen = *changes.borrow_and_update();
    let fan_in = FanIn {
        servers: Arc::clone(servers),
        session: Arc::clone(session),
        joined: Legs::of(session).watch(),
        parked: Vec::new(),
        call,
        merged: Merged::default(),
        cursors: cursor.map(Cursors::read).unwrap_or_default(),
        changes,
        seen,
        untold: VecDeque::new(),
    };
    Messages::new(stream::unfold(Box::new(fan_in), |mut it| async move {
        let item = it.next().await;
        Some((Ok::<_, Fault>(item), it))
    }))
}

impl FanIn {
    async fn next(&mut self) -> ReplyItem {
        loop {
            if let Some(message) = self.untold.pop_front() {
                return message.into();
            }
            self.begin_new();
            tokio::select! {
                biased;
                heard = self.merged.next() => {
                    if let Some(item) = self.take(heard) {
                        return item;
                    }
                }
                Ok(()) = self.joined.changed() => {}
                Ok(()) = self.changes.changed() => self.note_changes(),
            }
        }
    }

    /// Listens to servers that the session has been joined with since.
    fn begin_new(&mut self) {
        self.joined.mark_unchanged();
        let members = self.servers.members();
        self.merged.keep(&members);
        for member in joined(&self.session, &members) {
            if !self.merged.has(&member) {
                let call = self.call_of(&member);
                self.merged.begin(&member, call);
            }
        }
    }

    fn call_of(&self, member: &Member) -> Call {
        let cursor = self.cursors.get(member.slot()).cloned();
        Call { input: Input::Listen { cursor }, ..self.call.clone() }
    }

    fn begin_again(&mut self, member: &Member) {
        let call = self.call_of(member);
        self.merged.begin_again(member, call);
    }

    fn take(&mut self, heard: Heard) -> Option<ReplyItem> {
        match heard {
            Heard::Said(member, item) => Some(self.said(&member, item)),
            Heard::Lost(member, None) => {
                self.begin_again(&member);
                None
            }
            Heard::Lost(member, Some(fault)) => {
                tracing::debug!(server = member.name(), %fault, "server cannot be listened to");
                self.servers.watch(&member);
                self.parked.push(member);
                None
            }
            Heard::Refused(member) => {
                tracing::debug!(server = member.name(), "server has nothing to listen to");
                None
            }
        }
    }

    fn said(&mut self, member: &Member, item: ReplyItem) -> ReplyItem {
        note_change(member, &item);
        if let Some(cursor) = item.cursor() {
            self.cursors.note(member.slot(), cursor.clone());
        }
        match item {
            ReplyItem::Message { message, cursor } => {
                ReplyItem::Message { message, cursor: cursor.map(|_| self.cursors.write()) }
            }
            ReplyItem::Cursor(_) => ReplyItem::Cursor(self.cursors.write()),
            other @ ReplyItem::HangUp { .. } => other,
        }
    }

    fn note_changes(&mut self) {
        let now = *self.changes.borrow_and_update();
        for change in changed(self.seen, now) {
            let told = Message::notification(change.method().as_str(), &json!({}));
            self.untold.push_back(told);
        }
        self.seen = now;
        for member in std::mem::take(&mut self.parked) {
            self.begin_again(&member);
        }
    }
}

/// The kinds of lists that have changed between two looks.
pub(crate) fn changed(seen: Changes, now: Changes) -> impl Iterator<Item = Change> {
    let both = seen.into_iter().zip(now).zip(Change::ALL);
    both.filter_map(|((seen, now), change)| (seen != now).then_some(change))
}

/// Notes that a server says that one of its lists has changed.
pub(crate) fn note_change(member: &Member, item: &ReplyItem) {
    let ReplyItem::Message { message, .. } = item else { return };
    if !message.is_notification() {
        return;
    }
    let change = message.method().and_then(|it| Change::of(Method::parse(&it)));
    if let Some(change) = change {
        member.handle_changed(change);
    }
}
