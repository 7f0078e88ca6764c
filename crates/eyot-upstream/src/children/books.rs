//! Who has how many children, who waits for one, and whose have died.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_service::{Limits, UpstreamLimits};
use eyot_stdx::{Backoff, QuotaLimits, QuotaScope};
use tokio::sync::oneshot;

/// The principal that a child is started for; `None` is every client without a name.
pub(super) type Owner = Option<Arc<str>>;

/// The books of one pool, whose permits are `P`. Time comes in as an argument.
#[derive(Debug)]
pub(super) struct Books<P> {
    limits: UpstreamLimits,
    principal_parts: usize,
    running: usize,
    of_owners: HashMap<Owner, usize>,
    /// A client with a name was here: those without one are one principal among others now.
    has_names: bool,
    waiting: VecDeque<Waiting<P>>,
    next_number: u64,
    deaths: HashMap<Owner, Deaths>,
}

#[derive(Debug)]
struct Waiting<P> {
    number: u64,
    owner: Owner,
    ready: oneshot::Sender<P>,
}

/// The children of one principal that have ended by themselves, one soon after the other.
#[derive(Debug)]
struct Deaths {
    in_a_row: u32,
    last: Instant,
    reason: String,
}

/// The answer to who asks for a child.
#[derive(Debug)]
pub(super) enum Asked<P> {
    Granted,
    /// There is no room now: it waits as this number, because of the bound of this scope.
    Waits(u64, oneshot::Receiver<P>, QuotaScope),
    /// Too many wait already.
    Refused,
    /// Its children have died for this reason, and no other one is started for so long.
    Pauses(String, Duration),
}

/// A place that has become free for one that waited; it is counted already.
#[derive(Debug)]
pub(super) struct Granted<P> {
    pub(super) owner: Owner,
    pub(super) ready: oneshot::Sender<P>,
}

impl<P> Books<P> {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.upstream,
            principal_parts: limits.principal_parts,
            running: 0,
            of_owners: HashMap::new(),
            has_names: false,
            waiting: VecDeque::new(),
            next_number: 0,
            deaths: HashMap::new(),
        }
    }

    /// A child more is wanted.
    pub(super) fn ask(&mut self, owner: &Owner, now: Instant) -> Asked<P> {
        self.has_names |= owner.is_some();
        if let Some((reason, pause)) = self.pause(owner, now) {
            return Asked::Pauses(reason, pause);
        }
        // Those that wait found no room for themselves, so none is overtaken.
        let Some(scope) = self.full(owner) else {
            self.add(owner);
            return Asked::Granted;
        };
        let waiting_max = self.limits.children_waiting_max;
        let of_owner = self.waiting.iter().filter(|it| it.owner == *owner).count();
        if self.waiting.len() >= waiting_max || of_owner >= self.share(owner, waiting_max) {
            return Asked::Refused;
        }
        let (ready, receiver) = oneshot::channel();
        let number = self.next_number;
        self.next_number += 1;
        self.waiting.push_back(Waiting { number, owner: owner.clone(), ready });
        Asked::Waits(number, receiver, scope)
    }

    /// A child more is wanted, but not so much that it would wait, or that another would wait for it.
    pub(super) fn ask_now(&mut self, owner: &Owner, now: Instant) -> bool {
        let is_granted = self.waiting.is_empty()
            && self.pause(owner, now).is_none()
            && self.full(owner).is_none();
        if is_granted {
            self.add(owner);
        }
        is_granted
    }

    /// A child passes from one principal to another; `false`: that one has its share.
    pub(super) fn give(&mut self, from: &Owner, to: &Owner) -> bool {
        self.has_names |= to.is_some();
        if from == to {
            return true;
        }
        let own = self.of_owners.get(to).copied().unwrap_or_default();
        let fits = own < self.share(to, self.limits.children_max);
        if fits {
            self.subtract(from);
            self.add(to);
        }
        fits
    }

    /// One does not wait any more.
    pub(super) fn give_up(&mut self, number: u64) {
        self.waiting.retain(|it| it.number != number);
    }

    /// A child has ended. Those that waited longest get the place, if it is one for them.
    #[must_use]
    pub(super) fn release(&mut self, owner: &Owner) -> Vec<Granted<P>> {
        self.subtract(owner);
        let mut granted = Vec::new();
        let mut index = 0;
        while let Some(next) = self.waiting.get(index) {
            let owner = next.owner.clone();
            if self.full(&owner).is_some() {
                index += 1;
            } else if let Some(Waiting { owner, ready, .. }) = self.waiting.remove(index) {
                self.add(&owner);
                granted.push(Granted { owner, ready });
            }
        }
        granted
    }

    /// A child has ended by itself after so long.
    pub(super) fn note_death(
        &mut self,
        owner: &Owner,
        lived: Duration,
        reason: &str,
        now: Instant,
    ) {
        self.deaths.retain(|_, it| now.duration_since(it.last) < DEATHS_KEPT);
        let fresh = || Deaths { in_a_row: 0, last: now, reason: String::new() };
        let deaths = self.deaths.entry(owner.clone()).or_insert_with(fresh);
        let in_a_row = if lived < LIVES { deaths.in_a_row.saturating_add(1) } else { 1 };
        *deaths = Deaths { in_a_row, last: now, reason: reason.to_owned() };
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    fn add(&mut self, owner: &Owner) {
        self.running += 1;
        *self.of_owners.entry(owner.clone()).or_default() += 1;
    }

    fn subtract(&mut self, owner: &Owner) {
        self.running = self.running.saturating_sub(1);
        if let Some(count) = self.of_owners.get_mut(owner) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.of_owners.remove(owner);
            }
        }
    }

    /// The bound that one child more would break.
    fn full(&self, owner: &Owner) -> Option<QuotaScope> {
        let UpstreamLimits { children_max, .. } = self.limits;
        let own = self.of_owners.get(owner).copied().unwrap_or_default();
        if self.running >= children_max {
            return Some(QuotaScope::All);
        }
        (own >= self.share(owner, children_max)).then_some(QuotaScope::Principal)
    }

    /// What one principal may have of `all`. Where no client has a name, all clients together are
    /// one principal, and have all.
    fn share(&self, owner: &Owner, all: usize) -> usize {
        if owner.is_none() && !self.has_names {
            return all;
        }
        QuotaLimits::things(all).shared_by(self.principal_parts).principal_things_max
    }

    /// How long this principal's next child has to wait, and what the last one died of.
    fn pause(&self, owner: &Owner, now: Instant) -> Option<(String, Duration)> {
        let Deaths { in_a_row, last, reason } = self.deaths.get(owner)?;
        let pause = PAUSE.steady_delay(in_a_row.saturating_sub(DEATHS_FREE));
        let left = pause.checked_sub(now.duration_since(*last)).filter(|it| !it.is_zero())?;
        Some((reason.clone(), left))
    }
}

/// A child that has lived so long has started well: its end is the first of a row.
const LIVES: Duration = Duration::from_secs(10);
/// After so long without another end, a row of them is forgotten.
const DEATHS_KEPT: Duration = Duration::from_secs(60);
/// Ends in a row after which the next child is started at once: a call may bring its server down.
const DEATHS_FREE: u32 = 3;
const PAUSE: Backoff =
    Backoff { base: Duration::from_millis(250), delay_max: Duration::from_secs(15) };

#[cfg(test)]
mod tests;
