//! The servers behind a gateway, and what is done for all of its clients.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_service::{FaultKind, Limits};
use eyot_session::UpstreamName;
use parking_lot::{Mutex, RwLock};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::ask::Asker;
use crate::background::Background;
use crate::item_list::ItemList;
use crate::listing::{Change, Listing};
use crate::member::Member;
use crate::names::Prefix;

/// The servers, in the order of their slots.
#[derive(Debug)]
pub(crate) struct Servers {
    members: RwLock<Arc<[Member]>>,
    pub(crate) prefix: Prefix,
    pub(crate) limits: Arc<Limits>,
    pub(crate) background: Background,
    /// How often each kind of list has changed by more than a server says.
    changes: watch::Sender<Changes>,
    /// The last list of each server: those of most audiences are equal.
    last: Mutex<LastLists>,
}

/// By the slot of the server and the number of the list.
type LastLists = HashMap<(UpstreamName, usize), Weak<ItemList>>;

/// Counts the changes of each kind.
pub(crate) type Changes = [u64; Change::ALL.len()];

impl Servers {
    pub(crate) fn new(
        members: Vec<Member>,
        prefix: Prefix,
        (limits, background): (Arc<Limits>, Background),
    ) -> Self {
        let members = RwLock::new(in_order(members));
        let (changes, last) = (watch::Sender::default(), Mutex::default());
        Self { members, prefix, limits, background, changes, last }
    }

    pub(crate) fn members(&self) -> Arc<[Member]> {
        Arc::clone(&self.members.read())
    }

    pub(crate) fn has(&self, member: &Member) -> bool {
        self.members.read().iter().any(|it| it.is(member))
    }

    /// Puts other servers in the place of these. Those that stay keep all that is known of them.
    pub(crate) fn set_members(&self, members: Vec<Member>) {
        *self.members.write() = in_order(members);
        Change::ALL.into_iter().for_each(|it| self.tell_changed(it));
    }

    /// How long a list holds of which the server says nothing.
    pub(crate) fn list_ttl(&self) -> Duration {
        self.limits.memory.known_lists_ttl
    }

    /// The items, shared with the last list of the server if that is equal.
    pub(crate) fn shared(
        &self,
        member: &Member,
        listing: Listing,
        items: ItemList,
    ) -> Arc<ItemList> {
        let mut last = self.last.lock();
        let last = last.entry((member.slot().clone(), listing.index())).or_default();
        match last.upgrade().filter(|it| **it == items) {
            Some(equal) => equal,
            None => {
                let items = Arc::new(items);
                *last = Arc::downgrade(&items);
                items
            }
        }
    }

    /// Tells all who listen that lists of this kind may have changed.
    pub(crate) fn tell_changed(&self, change: Change) {
        self.changes.send_modify(|it| {
            let [tools, prompts, resources] = it;
            *match change {
                Change::Tools => tools,
                Change::Prompts => prompts,
                Change::Resources => resources,
            } += 1;
        });
    }

    /// What has changed so far, and what changes from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<Changes> {
        self.changes.subscribe()
    }

    /// Looks after a server that fails, until it is well: nothing that its clients do is needed for
    /// that.
    pub(crate) fn watch(self: &Arc<Self>, member: &Member) {
        if !member.begin_watch() {
            return;
        }
        let (servers, member) = (Arc::clone(self), member.clone());
        let watching = async move {
            servers.until_well(&member).await;
            member.end_watch();
            servers.ask_for_instructions(&member).await;
        };
        self.background.spawn(watching);
    }

    async fn until_well(&self, member: &Member) {
        while self.has(member) {
            tokio::time::sleep(member.pause()).await;
            if self.look_at(member).await.is_none() {
                Change::ALL.into_iter().for_each(|it| self.tell_changed(it));
                return;
            }
        }
    }

    /// Asks a server how it is to be used, in Eyot's own name: so what it says is for every client.
    async fn ask_for_instructions(&self, member: &Member) {
        if self.has(member) && member.illness().is_none() {
            let instructions = Asker::ourselves(own_meta()).instructions(member).await;
            member.note_instructions(instructions.as_deref());
        }
    }

    /// Whether a server answers; what is wrong if it does not.
    async fn look_at(&self, member: &Member) -> Option<ErrorObject> {
        let asker = Asker::ourselves(own_meta());
        let asked = asker.ask(member, Listing::Tools, &self.limits).await;
        // A server that has too much to do, or will not have us, lives.
        let failed = asked.err().filter(|it| it.kind == FaultKind::Upstream).map(|it| it.error);
        member.note_health(failed.as_ref());
        failed
    }
}

fn in_order(mut members: Vec<Member>) -> Arc<[Member]> {
    members.sort_by(|one, other| one.slot().cmp(other.slot()));
    members.into()
}

/// How we name ourselves to a modern server.
fn own_meta() -> Value {
    json!({
        eyot_types::meta::PROTOCOL_VERSION: eyot_types::Revision::MODERN.as_str(),
        eyot_types::meta::CLIENT_INFO: { "name": "eyot", "version": env!("CARGO_PKG_VERSION") },
        eyot_types::meta::CLIENT_CAPABILITIES: {},
    })
}
