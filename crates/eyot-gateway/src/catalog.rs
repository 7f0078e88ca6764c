//! What the servers list for clients that are told the same.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use futures_util::future::{FutureExt as _, Shared, join_all};
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::ask::{Asker, Listed};
use crate::item_list::ItemList;
use crate::listing::Listing;
use crate::member::Member;
use crate::servers::Servers;
use crate::view::{Part, View};

/// The lists of all servers, as clients of one audience have been told them.
#[derive(Debug)]
pub(crate) struct Catalog {
    shelves: [Shelf; Listing::COUNT],
    used: Mutex<Instant>,
}

/// One list of all servers.
#[derive(Debug, Default)]
struct Shelf {
    lists: Mutex<Vec<List>>,
    /// What comes out of them, until one of them changes.
    view: Mutex<Option<Arc<View>>>,
}

/// The list of one server.
#[derive(Debug)]
struct List {
    member: Member,
    known: Option<Known>,
    /// Why it could not be learnt, the last time.
    failed: Option<ErrorObject>,
    /// It is asked for at the moment.
    asking: Option<Asking>,
}

#[derive(Debug)]
struct Known {
    items: Arc<ItemList>,
    /// It is not asked for anew before this.
    fresh_until: Instant,
    /// The changes that had been told before it was asked for.
    change_no: u64,
}

/// A question on its way, which those who want its answer wait for together.
#[derive(Clone, Debug)]
struct Asking {
    task: Shared<Finished>,
    /// Those who waited for it gave up before it had an answer.
    is_missed: Arc<Mutex<bool>>,
}

type Finished = futures_util::future::Map<JoinHandle<()>, fn(Result<(), tokio::task::JoinError>)>;

/// A server whose list is not what it would say now.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) member: Member,
    pub(crate) reason: String,
    /// What it said before is in the list.
    pub(crate) is_known: bool,
}

impl Catalog {
    pub(crate) fn new() -> Self {
        Self { shelves: Default::default(), used: Mutex::new(Instant::now()) }
    }

    /// Notes that a client uses it now.
    pub(crate) fn touch(&self) {
        *self.used.lock() = Instant::now();
    }

    pub(crate) fn used(&self) -> Instant {
        *self.used.lock()
    }

    /// The merged list as it was made last; `None`: no client has asked for it yet.
    pub(crate) fn known_view(&self, listing: Listing) -> Option<Arc<View>> {
        self.shelf(listing).view.lock().clone()
    }

    /// The merged list, for which those servers are asked whose list is not fresh: side by side, and
    /// not for longer than [`list_timeout`](eyot_service::UpstreamLimits). Of a server that does not
    /// answer in time the list comes as it was.
    pub(crate) async fn view(
        self: &Arc<Self>,
        servers: &Arc<Servers>,
        listing: Listing,
        asker: &Asker,
    ) -> Arc<View> {
        let members = servers.members();
        let asked: Vec<Asking> =
            members.iter().filter_map(|it| self.ask(servers, listing, it, asker)).collect();
        if !asked.is_empty() {
            let all = join_all(asked.iter().map(|it| it.task.clone()));
            if timeout(servers.limits.upstream.list_timeout, all).await.is_err() {
                for asking in asked.iter().filter(|it| it.task.peek().is_none()) {
                    *asking.is_missed.lock() = true;
                }
            }
        }
        self.shelf(listing).view_of(&members, listing, servers)
    }

    /// The servers whose list is not what they would say now.
    pub(crate) fn missing(&self, servers: &Servers, listing: Listing) -> Vec<Missing> {
        let lists = self.shelf(listing).lists.lock();
        let missing = |member: &Member| {
            let list = lists.iter().find(|it| it.member.is(member))?;
            let reason = match (&list.failed, &list.asking) {
                (Some(error), _) => crate::member::reason(error).to_owned(),
                (None, Some(_)) => "it has not answered yet".to_owned(),
                (None, None) => return None,
            };
            Some(Missing { member: member.clone(), reason, is_known: list.known.is_some() })
        };
        servers.members().iter().filter_map(missing).collect()
    }

    /// Asks a server for its list, unless it is fresh. Returns what is to be waited for.
    fn ask(
        self: &Arc<Self>,
        servers: &Arc<Servers>,
        listing: Listing,
        member: &Member,
        asker: &Asker,
    ) -> Option<Asking> {
        let mut lists = self.shelf(listing).lists.lock();
        let at = match lists.iter().position(|it| it.member.is(member)) {
            Some(at) => at,
            None => {
                lists.push(List::of(member.clone()));
                lists.len() - 1
            }
        };
        let list = lists.get_mut(at)?;
        if let Some(asking) = list.asking.as_ref().filter(|it| it.task.peek().is_none()) {
            return Some(asking.clone());
        }
        list.asking = None;
        if list.is_fresh(listing) {
            return None;
        }
        if let Some(error) = member.illness() {
            list.failed = Some(error);
            return None;
        }
        let is_missed = Arc::new(Mutex::new(false));
        let asking = Question {
            catalog: Arc::clone(self),
            servers: Arc::clone(servers),
            member: member.clone(),
            listing,
            asker: asker.clone(),
            is_missed: Arc::clone(&is_missed),
        };
        let task = servers.background.spawn(asking.ask());
        let task = task.map((|_| ()) as fn(Result<(), tokio::task::JoinError>)).shared();
        let asking = Asking { task, is_missed };
        list.asking = Some(asking.clone());
        Some(asking)
    }

    fn shelf(&self, listing: Listing) -> &Shelf {
        let [tools, prompts, resources, templates] = &self.shelves;
        match listing {
            Listing::Tools => tools,
            Listing::Prompts => prompts,
            Listing::Resources => resources,
            Listing::Templates => templates,
        }
    }
}

impl Shelf {
    fn view_of(&self, members: &[Member], listing: Listing, servers: &Servers) -> Arc<View> {
        let parts: Vec<Part> = {
            let mut lists = self.lists.lock();
            // Of servers that are gone nothing is kept.
            lists.retain(|list| members.iter().any(|it| it.is(&list.member)));
            let part = |member: &Member| {
                let known = lists.iter().find(|it| it.member.is(member))?.known.as_ref()?;
                Some(Part { member: member.clone(), items: Arc::clone(&known.items) })
            };
            members.iter().filter_map(part).collect()
        };
        let mut view = self.view.lock();
        if let Some(view) = view.as_ref().filter(|it| it.is_of(&parts)) {
            return Arc::clone(view);
        }
        let made = Arc::new(View::new(parts, listing, servers.prefix, view.as_deref()));
        *view = Some(Arc::clone(&made));
        made
    }
}

impl List {
    const fn of(member: Member) -> Self {
        Self { member, known: None, failed: None, asking: None }
    }

    fn is_fresh(&self, listing: Listing) -> bool {
        let change_no = self.member.change_no(listing.change());
        let is_fresh = |it: &Known| it.change_no == change_no && Instant::now() < it.fresh_until;
        self.failed.is_none() && self.known.as_ref().is_some_and(is_fresh)
    }
}

/// A question for one list of one server.
struct Question {
    catalog: Arc<Catalog>,
    servers: Arc<Servers>,
    member: Member,
    listing: Listing,
    asker: Asker,
    is_missed: Arc<Mutex<bool>>,
}

impl Question {
    async fn ask(self) {
        let Self { catalog, servers, member, listing, asker, is_missed } = self;
        let change_no = member.change_no(listing.change());
        let asked = asker.ask(&member, listing, &servers.limits).await;
        let failed = match &asked {
            Ok(_) => None,
            Err(fault) => Some(fault.error.clone()),
        };
        let was_ill = match &asked {
            // What concerns this client alone says nothing of the server.
            Err(fault) if fault.kind != eyot_service::FaultKind::Upstream => false,
            _ => member.note_health(failed.as_ref()),
        };
        if failed.is_some() {
            servers.watch(&member);
        }
        let known = asked.ok().map(|Listed { items, ttl }| Known {
            items: servers.shared(&member, listing, items),
            fresh_until: Instant::now() + ttl.unwrap_or(Duration::ZERO).max(servers.list_ttl()),
            change_no,
        });
        {
            let mut lists = catalog.shelf(listing).lists.lock();
            if let Some(list) = lists.iter_mut().find(|it| it.member.is(&member)) {
                list.asking = None;
                list.failed = failed;
                list.known = known.or_else(|| list.known.take());
            }
        }
        if *is_missed.lock() || was_ill {
            servers.tell_changed(listing.change());
        }
    }
}
