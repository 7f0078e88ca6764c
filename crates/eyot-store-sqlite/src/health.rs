//! Whether writes are possible.

use eyot_session::StoreError;
use parking_lot::Mutex;

#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Good,
    /// The last write failed; the next may succeed.
    Failed(StoreError),
    /// Nothing more is written until the file is opened anew.
    Stopped(StoreError),
}

impl Health {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &*self.0.lock() {
            State::Good => Ok(()),
            State::Failed(error) | State::Stopped(error) => Err(error.clone()),
        }
    }

    /// The reason why nothing more is written, if so.
    pub(crate) fn stopped(&self) -> Option<StoreError> {
        match &*self.0.lock() {
            State::Stopped(error) => Some(error.clone()),
            State::Failed(_) | State::Good => None,
        }
    }

    pub(crate) fn succeed(&self) {
        self.change(State::Good);
    }

    pub(crate) fn fail(&self, error: StoreError) {
        self.change(State::Failed(error));
    }

    pub(crate) fn stop(&self, error: StoreError) {
        self.change(State::Stopped(error));
    }

    /// The first reason to stop stays.
    fn change(&self, next: State) {
        let mut state = self.0.lock();
        if !matches!(*state, State::Stopped(_)) {
            *state = next;
        }
    }
}
