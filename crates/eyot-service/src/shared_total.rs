//! The totals that principals share, each under one name in errors, in metrics and in the docs.

use std::sync::{Arc, OnceLock};

use eyot_jsonrpc::ErrorObject;
use eyot_stdx::{Quota, QuotaFull, QuotaLimits, QuotaPermit, QuotaUsage};

use crate::{Limits, limit_reached};

/// A total of which one principal may have a part: see [`Limits::principal_parts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedTotal {
    /// Connections of HTTP clients.
    Connections,
    /// Sessions of legacy clients, and the bytes of their states.
    Sessions,
    /// Calls that wait for their client's next round.
    ParkedCalls,
    /// The last answers of such calls, and their bytes.
    LastWords,
    /// Tasks, and the bytes of their results.
    Tasks,
    /// Tools of one upstream, and the bytes of what is known of them.
    KnownTools,
    /// Pages of lists of one upstream that are remembered, and their bytes.
    KnownLists,
    /// Sessions that are held at one upstream of the other era.
    UpstreamSessions,
    /// Child processes, and the calls that wait for one.
    Children,
    /// Upstreams that the clients of a forward server have named.
    Targets,
}

impl SharedTotal {
    /// Every shared total.
    pub const ALL: [Self; 10] = [
        Self::Connections,
        Self::Sessions,
        Self::ParkedCalls,
        Self::LastWords,
        Self::Tasks,
        Self::KnownTools,
        Self::KnownLists,
        Self::UpstreamSessions,
        Self::Children,
        Self::Targets,
    ];

    /// Its name in errors for clients, and the label of its metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Sessions => "sessions",
            Self::ParkedCalls => "parked calls",
            Self::LastWords => "last words of parked calls",
            Self::Tasks => "tasks",
            Self::KnownTools => "known tools",
            Self::KnownLists => "known lists",
            Self::UpstreamSessions => "upstream sessions",
            Self::Children => "children",
            Self::Targets => "targets",
        }
    }

    /// The bounds in all, and for one principal.
    #[must_use]
    pub const fn of(self, limits: &Limits) -> QuotaLimits {
        let Limits { http, sessions, memory, upstream, .. } = limits;
        let total =
            match self {
                Self::Connections => QuotaLimits::things(http.connections_max),
                Self::Sessions => {
                    QuotaLimits::things(sessions.in_all_max).with_bytes(sessions.state_bytes_max)
                }
                Self::ParkedCalls => QuotaLimits::things(memory.parked_calls_max),
                Self::LastWords => QuotaLimits::things(memory.parked_calls_max)
                    .with_bytes(memory.last_words_bytes_max),
                Self::Tasks => {
                    QuotaLimits::things(memory.tasks_max).with_bytes(memory.task_results_bytes_max)
                }
                Self::KnownTools => QuotaLimits::things(memory.known_tools_max)
                    .with_bytes(memory.known_tools_bytes_max),
                Self::KnownLists => QuotaLimits::things(memory.known_lists_max)
                    .with_bytes(memory.known_lists_bytes_max),
                Self::UpstreamSessions => QuotaLimits::things(upstream.sessions_max),
                Self::Children => QuotaLimits::things(upstream.children_max),
                Self::Targets => QuotaLimits::things(upstream.targets_max),
            };
        total.shared_by(limits.principal_parts)
    }

    /// The refusal for a client, counted.
    #[must_use]
    pub fn refusal(self) -> ErrorObject {
        limit_reached(self.name())
    }
}

/// The quotas of one program, each made when it is first needed: what is made for each of many
/// upstreams counts in common books. Cheap to clone; clones share the quotas.
#[derive(Clone, Debug)]
pub struct Totals(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Arc<Limits>,
    quotas: [OnceLock<TotalQuota>; SharedTotal::ALL.len()],
}

impl Totals {
    /// Quotas within these limits, of which nothing is taken.
    #[must_use]
    pub fn new(limits: Arc<Limits>) -> Self {
        Self(Arc::new(Shared { limits, quotas: Default::default() }))
    }

    /// The quota of a total.
    #[must_use]
    pub fn of(&self, total: SharedTotal) -> TotalQuota {
        let Shared { limits, quotas } = &*self.0;
        let made = || TotalQuota::new(total, limits);
        let place = SharedTotal::ALL.iter().position(|it| *it == total);
        let cell = place.and_then(|it| quotas.get(it));
        cell.map_or_else(made, |it| it.get_or_init(made).clone())
    }
}

/// Counts what is kept of one [`SharedTotal`]. A clone counts in the books of the original; the
/// metrics show the usage for as long as one of them is there.
#[derive(Clone, Debug)]
pub struct TotalQuota {
    total: SharedTotal,
    quota: Quota,
}

impl TotalQuota {
    /// A quota of which nothing is taken.
    #[must_use]
    pub fn new(total: SharedTotal, limits: &Limits) -> Self {
        let limits = total.of(limits);
        let quota = Quota::new(limits);
        let watched = quota.downgrade();
        let read = move || watched.upgrade().map(|it| it.usage());
        let name = total.name();
        eyot_metrics::watch_limit(name, limits.things_max, {
            let read = read.clone();
            move || read().map(|it| it.things)
        });
        if limits.bytes_max < usize::MAX {
            let used = move || read().map(|it| it.bytes);
            eyot_metrics::watch_limit_bytes(name, limits.bytes_max, used);
        }
        Self { total, quota }
    }

    /// A permit to keep one thing more, of so many bytes. `None` is every client without a name.
    ///
    /// # Errors
    ///
    /// The error for the client names the total; the log tells whose part of it is used up.
    pub fn acquire(
        &self,
        principal: Option<&Arc<str>>,
        bytes: usize,
    ) -> Result<QuotaPermit, ErrorObject> {
        self.quota.acquire(principal, bytes).map_err(|full| self.refused(full))
    }

    /// Lets a permit of this quota take more bytes.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire); the permit stays as it was.
    pub fn grow(&self, permit: &mut QuotaPermit, bytes: usize) -> Result<(), ErrorObject> {
        permit.grow(bytes).map_err(|full| self.refused(full))
    }

    /// What all principals use together.
    #[must_use]
    pub fn usage(&self) -> QuotaUsage {
        self.quota.usage()
    }

    /// The quota without its name, for what counts by itself.
    #[must_use]
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    fn refused(&self, full: QuotaFull) -> ErrorObject {
        tracing::debug!(total = self.total.name(), %full, "refused");
        self.total.refusal()
    }
}

#[cfg(test)]
mod tests;
