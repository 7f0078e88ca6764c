//! Parked calls, behind one lock: they are few, and people answer them slowly.

use std::collections::{BTreeSet, HashMap};

use eyot_session::{Fence, ParkedCall, StoreError};

#[derive(Debug, Default)]
pub(crate) struct Parked {
    calls: HashMap<String, ParkedCall>,
    /// The names, each after the time at which the call is forgotten.
    ends: BTreeSet<(u64, String)>,
}

impl Parked {
    pub(crate) fn park(&mut self, call: ParkedCall) -> Result<(), StoreError> {
        if self.calls.get(&call.name).is_some_and(|it| it.fence != call.fence) {
            return Err(StoreError::Fenced);
        }
        self.forget(&call.name);
        self.ends.insert((call.expires_ms, call.name.clone()));
        self.calls.insert(call.name.clone(), call);
        Ok(())
    }

    pub(crate) fn take_over(&mut self, name: &str, now_ms: u64) -> Option<ParkedCall> {
        let call = self.calls.get_mut(name).filter(|it| it.expires_ms > now_ms)?;
        call.fence = call.fence.next();
        Some(call.clone())
    }

    pub(crate) fn unpark(&mut self, name: &str, fence: Fence) -> Result<(), StoreError> {
        match self.calls.get(name) {
            Some(call) if call.fence != fence => Err(StoreError::Fenced),
            _ => {
                self.forget(name);
                Ok(())
            }
        }
    }

    pub(crate) fn sweep(&mut self, now_ms: u64) {
        while self.ends.first().is_some_and(|(expires_ms, _)| *expires_ms <= now_ms)
            && let Some((_, name)) = self.ends.pop_first()
        {
            self.calls.remove(&name);
        }
    }

    fn forget(&mut self, name: &str) {
        if let Some(ParkedCall { name, expires_ms, .. }) = self.calls.remove(name) {
            self.ends.remove(&(expires_ms, name));
        }
    }
}
