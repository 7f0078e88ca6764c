//! A client's hold on a call.

use std::sync::Arc;

use eyot_era::parked::Waiter;

use super::call::UpstreamCall;
use super::parked::{ParkedCalls, ParkedDriver};
use super::record::Claim;
use super::shared::{Abandoned, CallShared};

/// One client of a call. Dropped before the call's end, it leaves the call to other clients that wait
/// for the same round, or to the driver, or cancels it.
pub(crate) struct CallGuard {
    calls: Arc<ParkedCalls>,
    pub(crate) shared: Arc<CallShared>,
    pub(crate) waiter: Waiter,
    /// While this client leads.
    pub(crate) upstream: Option<Arc<UpstreamCall>>,
    /// `None` until the call was parked.
    pub(crate) name: Option<Arc<str>>,
    is_released: bool,
}

impl CallGuard {
    /// The client that a call begins with.
    pub(crate) fn first(calls: &Arc<ParkedCalls>, call: Arc<UpstreamCall>) -> Self {
        let (calls, shared) = (Arc::clone(calls), Arc::clone(&call.shared));
        let (waiter, upstream) = (Waiter::FIRST, Some(call));
        Self { calls, shared, waiter, upstream, name: None, is_released: false }
    }

    /// A client that has come back to the call of that name.
    pub(crate) fn again(
        calls: &Arc<ParkedCalls>,
        shared: &Arc<CallShared>,
        waiter: Waiter,
        name: Arc<str>,
    ) -> Self {
        let (calls, shared) = (Arc::clone(calls), Arc::clone(shared));
        Self { calls, shared, waiter, upstream: None, name: Some(name), is_released: false }
    }

    /// Whether the call ends now and here: it was never parked, or has lost its driver.
    pub(crate) fn ends_unstored(&mut self) -> bool {
        let was_parked = self.name.is_some();
        let ends = !was_parked || !self.shared.has_driver();
        if ends {
            self.release();
        }
        ends
    }

    /// Nothing happens to the call when this is dropped.
    pub(crate) fn release(&mut self) {
        self.is_released = true;
        self.upstream = None;
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        if self.is_released {
            return;
        }
        match (self.shared.leave(self.waiter), &self.upstream, &self.name) {
            (Abandoned::ToCancel, Some(call), _) => {
                let driver = ParkedDriver::new(&self.calls, Claim::new(), call);
                call.session.run_on_driver(driver.run());
            }
            (Abandoned::Unconnected, _, Some(name)) => self.calls.remove(name, &self.shared),
            _ => {}
        }
    }
}

impl std::fmt::Debug for CallGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallGuard").field("waiter", &self.waiter).finish_non_exhaustive()
    }
}
