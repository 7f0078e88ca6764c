//! Parked calls, behind one lock: they are few, and people answer them slowly.

use std::collections::HashMap;

use eyot_session::{Fence, ParkedCall, StoreError};

#[derive(Debug, Default)]
pub(crate) struct Parked(HashMap<String, ParkedCall>);

impl Parked {
    pub(crate) fn park(&mut self, call: ParkedCall) -> Result<(), StoreError> {
        if self.0.get(&call.name).is_some_and(|it| it.fence != call.fence) {
            return Err(StoreError::Fenced);
        }
        self.0.insert(call.name.clone(), call);
        Ok(())
    }

    pub(crate) fn take_over(&mut self, name: &str, now_ms: u64) -> Option<ParkedCall> {
        let call = self.0.get_mut(name).filter(|it| it.expires_ms > now_ms)?;
        call.fence = call.fence.next();
        Some(call.clone())
    }

    pub(crate) fn unpark(&mut self, name: &str, fence: Fence) -> Result<(), StoreError> {
        match self.0.get(name) {
            Some(call) if call.fence != fence => Err(StoreError::Fenced),
            _ => {
                self.0.remove(name);
                Ok(())
            }
        }
    }

    pub(crate) fn sweep(&mut self, now_ms: u64) {
        self.0.retain(|_, call| call.expires_ms > now_ms);
    }
}
