//! The children of this process: how many there may be, and who waits for one.

mod books;
mod spare;

use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_service::{Fault, Limits, SharedTotal};
use eyot_stdx::QuotaScope;
use eyot_types::codes::{self, Outcome};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::books::{Asked, Books, Granted, Owner};
pub(crate) use self::spare::SpareOf;
use self::spare::SparePlace;
use crate::clock::now;

/// The children that one [`Runtime`](crate::Runtime) may have. Cheap to clone; clones count
/// together.
///
/// There is no way to a child but through here. A child more than the bound waits until another
/// one has ended, in the order of those that wait.
#[derive(Clone, Debug)]
pub struct Children(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    books: Mutex<Books<ChildPermit>>,
    wait_timeout: Duration,
    holders: Mutex<Vec<Weak<dyn HoldChildren>>>,
    spare: SparePlace,
}

/// Holds children, some of which may not be in use.
pub trait HoldChildren: std::fmt::Debug + Send + Sync {
    /// Closes the one that was used least lately, of those that are not in use; `false`: there is
    /// none. With `only_of`, only a child of that principal is closed.
    fn close_idle(&self, only_of: Option<Option<&Arc<str>>>) -> bool;
}

/// The place of one child. Dropping it gives the place to the next that waits.
#[derive(Debug)]
pub(crate) struct ChildPermit {
    children: Children,
    owner: Owner,
    since: Instant,
}

impl Children {
    /// No child was started yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let shared = Arc::new(Shared {
            books: Mutex::new(Books::new(limits)),
            wait_timeout: limits.upstream.children_wait_timeout,
            holders: Mutex::default(),
            spare: SparePlace::default(),
        });
        let watched = Arc::downgrade(&shared);
        let running = move || Some(watched.upgrade()?.books.lock().running());
        let name = SharedTotal::Children.name();
        eyot_metrics::watch_limit(name, limits.upstream.children_max, running);
        Self(shared)
    }

    /// `holder` is asked to close a child when another one waits for a place.
    pub fn add_holder(&self, holder: Weak<dyn HoldChildren>) {
        let mut holders = self.0.holders.lock();
        holders.retain(|it| it.strong_count() > 0);
        holders.push(holder);
    }

    /// How many there are now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.books.lock().running()
    }

    /// A place for one child more of this principal, in its turn.
    pub(crate) async fn admit(&self, owner: Option<&Arc<str>>) -> Result<ChildPermit, Fault> {
        let owner = owner.cloned();
        let asked = self.0.books.lock().ask(&owner, now());
        match asked {
            Asked::Granted => Ok(self.permit(owner)),
            Asked::Waits(number, receiver, scope) => {
                let waiting = Waiting { children: self.clone(), number, receiver };
                waiting.wait(&owner, scope).await
            }
            Asked::Refused => Err(full()),
            Asked::Pauses(reason, pause) => {
                let reason = format!("{reason}; it may start again in {pause:.1?}");
                Err(Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true)))
            }
        }
    }

    /// A place for one child more, if there is room for it and no other is waited for.
    fn admit_now(&self, owner: &Owner) -> Option<ChildPermit> {
        let is_granted = self.0.books.lock().ask_now(owner, now());
        is_granted.then(|| self.permit(owner.clone()))
    }

    /// The permit for a place that is counted already.
    fn permit(&self, owner: Owner) -> ChildPermit {
        eyot_metrics::children(self.running());
        ChildPermit { children: self.clone(), owner, since: Instant::now() }
    }

    /// Lets a child be closed that is not in use.
    fn close_idle(&self, owner: &Owner, scope: QuotaScope) -> bool {
        if self.close_spare() {
            return true;
        }
        let holders = self.0.holders.lock().clone();
        let only_of = (scope == QuotaScope::Principal).then_some(owner.as_ref());
        let mut holders = holders.iter().filter_map(Weak::upgrade);
        holders.any(|it| it.close_idle(only_of))
    }
}

impl ChildPermit {
    /// The place is this principal's from now on; `false`: that would be more than its share.
    pub(crate) fn give_to(&mut self, owner: Option<&Arc<str>>) -> bool {
        let owner = owner.cloned();
        let is_given = self.children.0.books.lock().give(&self.owner, &owner);
        if is_given {
            self.owner = owner;
        }
        is_given
    }

    /// The child has ended by itself.
    pub(crate) fn note_death(&self, reason: &str) {
        let lived = self.since.elapsed();
        self.children.0.books.lock().note_death(&self.owner, lived, reason, now());
    }
}

impl Drop for ChildPermit {
    fn drop(&mut self) {
        let granted = self.children.0.books.lock().release(&self.owner);
        eyot_metrics::children(self.children.running());
        for Granted { owner, ready } in granted {
            // Should the other side have gone, the permit comes back and the next one gets it.
            drop(ready.send(self.children.permit(owner)));
        }
    }
}

/// One that waits for a place.
struct Waiting {
    children: Children,
    number: u64,
    receiver: oneshot::Receiver<ChildPermit>,
}

impl Waiting {
    async fn wait(mut self, owner: &Owner, scope: QuotaScope) -> Result<ChildPermit, Fault> {
        let until = Instant::now() + self.children.0.wait_timeout;
        let mut has_closed = false;
        loop {
            has_closed = has_closed || self.children.close_idle(owner, scope);
            // A child that is in use now may not be a moment later.
            let next_look = Instant::now() + LOOK_INTERVAL;
            let look = if has_closed { until } else { until.min(next_look) };
            match tokio::time::timeout_at(look, &mut self.receiver).await {
                Ok(Ok(permit)) => return Ok(permit),
                Err(_elapsed) if look < until => {}
                Ok(Err(_)) | Err(_) => {
                    tracing::debug!("no child has ended in time for another one");
                    return Err(full());
                }
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.children.0.books.lock().give_up(self.number);
    }
}

fn full() -> Fault {
    eyot_metrics::children_refused();
    Fault::overloaded(SharedTotal::Children.refusal(), RETRY_AFTER)
}

/// How often those that wait look for a child that is not in use.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Children live longer than calls.
const RETRY_AFTER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
