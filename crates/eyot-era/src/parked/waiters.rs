//! The clients that wait for a call.

use super::action::Waiter;

/// The requests that wait for the same word.
#[derive(Debug)]
pub(super) struct Waiters {
    leader: Option<Waiter>,
    /// In the order in which they came.
    followers: Vec<Waiter>,
    next: u32,
}

/// What it means that a client has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// Another leads now.
    Replaced(Waiter),
    /// No client is left.
    Last,
    /// The other clients wait as before.
    Unnoticed,
}

impl Waiters {
    /// The client that a call began with.
    pub(super) fn first() -> Self {
        Self { leader: Some(Waiter::FIRST), followers: Vec::new(), next: 1 }
    }

    /// None.
    pub(super) fn none() -> Self {
        Self { leader: None, followers: Vec::new(), next: 1 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.leader.is_none()
    }

    pub(super) fn is_leader(&self, waiter: Waiter) -> bool {
        self.leader == Some(waiter)
    }

    /// One more; it leads if there was none. `None`: there are as many as there may be.
    pub(super) fn enter(&mut self) -> Option<Waiter> {
        if self.followers.len() >= FOLLOWERS_MAX {
            return None;
        }
        let waiter = Waiter(self.next);
        self.next = self.next.wrapping_add(1);
        match self.leader {
            None => self.leader = Some(waiter),
            Some(_) => self.followers.push(waiter),
        }
        Some(waiter)
    }

    /// One has gone; the next in line takes the place of the leader.
    pub(super) fn leave(&mut self, waiter: Waiter) -> Gone {
        if !self.is_leader(waiter) {
            self.followers.retain(|it| *it != waiter);
            return Gone::Unnoticed;
        }
        let next = if self.followers.is_empty() { None } else { Some(self.followers.remove(0)) };
        self.leader = next;
        next.map_or(Gone::Last, Gone::Replaced)
    }

    /// Takes out all of them: they are told what they wait for.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Waiter> + use<> {
        let followers = std::mem::take(&mut self.followers);
        self.leader.take().into_iter().chain(followers)
    }
}

/// Clients that wait for what another one is told.
const FOLLOWERS_MAX: usize = 8;
