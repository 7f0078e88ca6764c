//! The faults of a faulty store, and their times.

use std::collections::BTreeMap;
use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::task::{Poll, Waker};

use eyot_session::{StoreError, StoreFuture};
use parking_lot::Mutex;

/// The fault of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The operation is done, but the caller gets the error.
    AnswerLost(StoreError),
    /// The operation is not done, and the caller gets the error.
    Refused(StoreError),
}

/// Decides what goes wrong in a [`FaultyStore`](crate::FaultyStore). Clones are one handle.
///
/// Operations are counted from 1 in the order of the calls.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    operations: u64,
    planned: BTreeMap<u64, Fault>,
    lasting: Option<Fault>,
    is_held: bool,
    waiting: Vec<Waker>,
}

impl Faults {
    /// How many operations there have been.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    /// Lets the `nth` operation from now go wrong, once; 1 is the next.
    pub fn fail_nth(&self, nth: u64, fault: Fault) {
        let mut state = self.0.lock();
        let operation = state.operations.saturating_add(nth);
        state.planned.insert(operation, fault);
    }

    /// Lets every operation go wrong from now on.
    pub fn fail_all(&self, fault: Fault) {
        self.0.lock().lasting = Some(fault);
    }

    /// Lets nothing go wrong any more, planned faults included. Answers that are held back stay
    /// held.
    pub fn heal(&self) {
        let mut state = self.0.lock();
        state.planned.clear();
        state.lasting = None;
    }

    /// Holds back all answers that have not been given. Operations are still done at once.
    pub fn hold(&self) {
        self.0.lock().is_held = true;
    }

    /// Gives the answers that were held back.
    pub fn release(&self) {
        let mut state = self.0.lock();
        state.is_held = false;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    /// The error of every operation, if every operation fails.
    pub(super) fn check_lasting(&self) -> Result<(), StoreError> {
        match &self.0.lock().lasting {
            Some(Fault::AnswerLost(error) | Fault::Refused(error)) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Counts an operation and does it, unless it is to be refused.
    pub(super) fn apply<T: Send + 'static>(
        &self,
        operation: impl FnOnce() -> StoreFuture<T>,
    ) -> StoreFuture<T> {
        let answer: StoreFuture<T> = match self.next_fault() {
            None => operation(),
            Some(Fault::Refused(error)) => Box::pin(ready(Err(error))),
            Some(Fault::AnswerLost(error)) => {
                let done = operation();
                Box::pin(async move { done.await.and(Err(error)) })
            }
        };
        let faults = self.clone();
        Box::pin(async move {
            let answer = answer.await;
            faults.released().await;
            answer
        })
    }

    fn next_fault(&self) -> Option<Fault> {
        let mut state = self.0.lock();
        state.operations += 1;
        let operation = state.operations;
        state.planned.remove(&operation).or_else(|| state.lasting.clone())
    }

    async fn released(&self) {
        poll_fn(|context| {
            let mut state = self.0.lock();
            if !state.is_held {
                return Poll::Ready(());
            }
            if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                state.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
