//! Whose turn it is where messages do not say which call they belong to.

mod aside;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

pub use self::aside::Aside;

/// The turns of the calls in one session of one channel. Each gets its turn in the order in which
/// the calls have come; cheap to clone.
///
/// A message of such a session often names no call. It belongs to a call beyond doubt if no other
/// one runs that it could belong to, and that is what a turn ensures.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// A call takes one permit, or all.
    running: Arc<Semaphore>,
    /// Held by the one call that may be asked.
    asking: Arc<Semaphore>,
    line: Mutex<Line>,
}

/// How those that wait get on.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// When a call has ended last that others had to wait for.
    moved: Option<Instant>,
    /// Since when a call at rest holds its turn: its client, who may be a person, is asked.
    resting_since: Option<Instant>,
}

/// What a call needs to have for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "what a message without a name can be")]
pub enum Needs {
    /// Nothing: all that the server says to it names it.
    Nothing,
    /// The questions of the server.
    Questions,
    /// All that the server says: no other call runs meanwhile, because log messages name none.
    Everything,
}

/// The turn of one call, which ends when it is dropped.
#[derive(Debug)]
#[must_use = "the turn ends when it is dropped"]
pub struct Turn {
    turns: Turns,
    /// Others may have to wait for this one alone.
    is_exclusive: bool,
    _running: OwnedSemaphorePermit,
    _asking: Option<OwnedSemaphorePermit>,
}

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Shared {
            running: Arc::new(Semaphore::new(ALL as usize)),
            asking: Arc::new(Semaphore::new(1)),
            line: Mutex::default(),
        }))
    }
}

impl Turns {
    /// A turn, if no call has to be waited for.
    #[must_use]
    pub fn try_take(&self, needs: Needs) -> Option<Turn> {
        let Shared { running, asking, .. } = &*self.0;
        let asking = match needs {
            Needs::Questions => Some(Arc::clone(asking).try_acquire_owned().ok()?),
            Needs::Nothing | Needs::Everything => None,
        };
        let running = Arc::clone(running).try_acquire_many_owned(needs.permits()).ok()?;
        Some(self.turn(needs, running, asking))
    }

    /// Waits for a turn.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the line.
    pub async fn take(&self, needs: Needs) -> Turn {
        let Shared { running, asking, .. } = &*self.0;
        // First the questions, so that those who wait for them do not hold up the others.
        let asking = match needs {
            Needs::Questions => Some(acquire(asking, 1).await),
            Needs::Nothing | Needs::Everything => None,
        };
        let running = acquire(running, needs.permits()).await;
        self.turn(needs, running, asking)
    }

    /// Waits until waiting for a turn is of little use: no turn has ended for `patience`, or one
    /// that holds its turn is at rest, or it takes several times as long although turns come and go.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn impatience(&self, patience: Duration) {
        let begun = Instant::now();
        let until = begun + patience * PATIENCE_MAX;
        loop {
            let now = Instant::now();
            let Line { moved, resting_since } = *self.0.line.lock();
            let stands_until = moved.map_or(begun, |it| it.max(begun)) + patience;
            let rests_until = resting_since.map_or(until, |it| it + REST_PATIENCE);
            let next = until.min(stands_until).min(rests_until);
            if now >= next {
                return;
            }
            // Looks again now and then: a call may come to rest meanwhile.
            tokio::time::sleep_until(next.min(now + REST_PATIENCE)).await;
        }
    }

    fn turn(
        &self,
        needs: Needs,
        running: OwnedSemaphorePermit,
        asking: Option<OwnedSemaphorePermit>,
    ) -> Turn {
        let is_exclusive = needs != Needs::Nothing;
        Turn { turns: self.clone(), is_exclusive, _running: running, _asking: asking }
    }
}

impl Turn {
    /// The call is at rest until its client comes back, or goes on again.
    pub fn set_resting(&self, is_resting: bool) {
        if self.is_exclusive {
            self.turns.0.line.lock().resting_since = is_resting.then(Instant::now);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_exclusive {
            let moved = Some(Instant::now());
            *self.turns.0.line.lock() = Line { moved, resting_since: None };
        }
    }
}

impl Needs {
    const fn permits(self) -> u32 {
        match self {
            Self::Nothing | Self::Questions => 1,
            Self::Everything => ALL,
        }
    }
}

async fn acquire(semaphore: &Arc<Semaphore>, permits: u32) -> OwnedSemaphorePermit {
    match Arc::clone(semaphore).acquire_many_owned(permits).await {
        Ok(permit) => permit,
        // It is never closed.
        Err(_closed) => std::future::pending().await,
    }
}

/// More calls than run at once in one session.
const ALL: u32 = 1 << 20;
/// How many times its patience a call waits in a line that moves.
const PATIENCE_MAX: u32 = 6;
/// How long a client that was asked is waited for: programs answer at once, people do not.
const REST_PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
