//! What a session of a legacy client keeps of the gateway.

use std::sync::Arc;

use eyot_service::SessionHandle;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::member::Member;

/// The legs of one session: which servers it has been joined with.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    joined: Mutex<Vec<Member>>,
    /// Counts them.
    count: watch::Sender<usize>,
}

impl Legs {
    /// Those of a session.
    pub(crate) fn of(session: &SessionHandle) -> Arc<Self> {
        session.value_or_else(Arc::<Self>::default)
    }

    /// Notes that the session is joined with a server. Another server that had its slot is let go of.
    pub(crate) fn join(&self, session: &SessionHandle, member: &Member) {
        let mut joined = self.joined.lock();
        if joined.iter().any(|it| it.is(member)) {
            return;
        }
        let before = joined.len();
        joined.retain(|it| it.slot() != member.slot());
        if joined.len() < before {
            session.remove_upstream(member.slot());
        }
        joined.push(member.clone());
        drop(joined);
        self.count.send_modify(|it| *it += 1);
    }

    /// The servers that the session is joined with, in this process or in an earlier one.
    pub(crate) fn joined(&self, session: &SessionHandle, members: &[Member]) -> Vec<Member> {
        let joined = self.joined.lock();
        let is_joined = |it: &&Member| {
            let is_known = || session.look(|state| state.upstreams.get(it.slot()).is_some());
            joined.iter().any(|own| own.is(it)) || is_known()
        };
        members.iter().filter(is_joined).cloned().collect()
    }

    /// Those that it was joined with in this process.
    pub(crate) fn joined_here(&self) -> Vec<Member> {
        self.joined.lock().clone()
    }

    /// Changes when the session is joined with one more.
    pub(crate) fn watch(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }
}
