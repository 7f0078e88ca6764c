//! Answers that cannot be read and do not say whose they are, on a link that carries all calls.
//!
//! No call may get an answer that could be another's, and none should wait for an answer that has
//! come already. So each such answer has its suspects: the calls that ran when it came. A call that
//! the upstream has a word for afterwards is cleared. The last suspect was meant, and ends at once;
//! where several are left after a while of silence, all of them end with the reason.

use std::collections::BTreeSet;
use std::time::Duration;

use eyot_jsonrpc::UpstreamId;
use eyot_service::Fault;
use tokio::time::Instant;

/// The answers of a link that were lost, with those that they may have been for.
#[derive(Debug)]
pub(crate) struct Suspects {
    lost: Vec<LostAnswer>,
    patience: Duration,
}

#[derive(Debug)]
struct LostAnswer {
    among: BTreeSet<UpstreamId>,
    fault: Fault,
    until: Instant,
}

impl Suspects {
    /// No suspects yet. Calls that may be silent for `timeout` without suspicion have a quarter of
    /// that with it.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { lost: Vec::new(), patience: timeout / 4 }
    }

    /// Whether no answer was lost; almost always.
    pub(crate) fn is_empty(&self) -> bool {
        self.lost.is_empty()
    }

    /// An answer to one of these calls was lost, with this fault for it.
    pub(crate) fn handle_lost(
        &mut self,
        among: impl Iterator<Item = UpstreamId>,
        fault: Fault,
        now: Instant,
    ) {
        let among: BTreeSet<_> = among.collect();
        if among.is_empty() {
            return;
        }
        self.lost.push(LostAnswer { among, fault, until: now + self.patience });
        if self.lost.len() > LOST_MAX
            && let Some(oldest) = self.lost.first_mut()
        {
            oldest.until = now;
        }
    }

    /// The upstream has a word for this call: no answer of it was lost.
    pub(crate) fn handle_heard_of(&mut self, ours: UpstreamId) {
        for lost in &mut self.lost {
            lost.among.remove(&ours);
        }
        self.lost.retain(|it| !it.among.is_empty());
    }

    /// A call that was meant, with its fault: the last suspect, or one whose time is over.
    pub(crate) fn poll_meant(&mut self, now: Instant) -> Option<(UpstreamId, Fault)> {
        let is_over = |it: &LostAnswer| it.among.len() == 1 || it.until <= now;
        let lost = self.lost.iter_mut().find(|it| is_over(it))?;
        let meant = lost.among.pop_first().map(|it| (it, lost.fault.clone()));
        if let Some((ours, _)) = &meant {
            self.handle_heard_of(*ours);
        }
        meant
    }

    /// When the first suspects have been silent for too long.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.lost.iter().map(|it| it.until).min()
    }
}

/// Lost answers whose suspects wait; the suspects of the oldest end for one more.
const LOST_MAX: usize = 16;

#[cfg(test)]
mod tests;
