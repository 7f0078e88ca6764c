//! What a session of a legacy client keeps of the gateway.

use std::sync::Arc;

use eyot_service::SessionHandle;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::member::Member;

/// The legs of one session: the servers that it has turned to.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    entered: Mutex<Vec<Leg>>,
    /// Counts those that are open.
    open: watch::Sender<usize>,
}

#[derive(Debug)]
struct Leg {
    member: Member,
    is_open: bool,
}

impl Legs {
    /// Those of a session.
    pub(crate) fn of(session: &SessionHandle) -> Arc<Self> {
        session.value_or_else(Arc::<Self>::default)
    }

    /// The session turns to a server. Another server that had its slot before is let go of.
    pub(crate) fn enter(&self, session: &SessionHandle, member: &Member) {
        let mut entered = self.entered.lock();
        if entered.iter().any(|it| it.member.is(member)) {
            return;
        }
        let before = entered.len();
        entered.retain(|it| it.member.slot() != member.slot());
        if entered.len() < before {
            session.remove_upstream(member.slot());
        }
        entered.push(Leg { member: member.clone(), is_open: false });
    }

    /// The server has answered: there is something to listen to.
    pub(crate) fn note_open(&self, member: &Member) {
        let mut entered = self.entered.lock();
        let mut closed = entered.iter_mut().filter(|it| !it.is_open);
        if let Some(leg) = closed.find(|it| it.member.is(member)) {
            leg.is_open = true;
            drop(entered);
            self.open.send_modify(|it| *it += 1);
        }
    }

    /// The servers that are open in this process.
    pub(crate) fn open_here(&self) -> Vec<Member> {
        let entered = self.entered.lock();
        entered.iter().filter(|it| it.is_open).map(|it| it.member.clone()).collect()
    }

    /// Changes when one more is open.
    pub(crate) fn watch(&self) -> watch::Receiver<usize> {
        self.open.subscribe()
    }
}

/// The servers at which the session has a session, of this process or of an earlier one.
pub(crate) fn joined(session: &SessionHandle, members: &[Member]) -> Vec<Member> {
    session.look(|state| {
        let is_joined = |it: &&Member| state.upstreams.get(it.slot()).is_some();
        members.iter().filter(is_joined).cloned().collect()
    })
}
