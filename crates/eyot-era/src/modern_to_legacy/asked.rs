//! Whose the open questions of one server are.

use std::collections::HashMap;

use eyot_jsonrpc::Id;

/// Where a server has asked, by its ids of the questions; a `T` is a call or a task.
///
/// Nothing tells when a question is answered. So those that are not open any more are looked for when
/// there are twice as many as after the last look: that is a look at two for each that is added.
#[derive(Debug)]
pub struct Asked<T> {
    targets: HashMap<Id, T>,
    /// As many were open at the last look.
    open: usize,
}

impl<T: Clone> Asked<T> {
    /// Adds questions that were asked in `target`.
    pub fn add(&mut self, ids: impl IntoIterator<Item = Id>, target: &T) {
        self.targets.extend(ids.into_iter().map(|id| (id, target.clone())));
    }

    /// Takes a question out that the server takes back.
    pub fn take(&mut self, id: &Id) -> Option<T> {
        self.targets.remove(id)
    }

    /// All questions, if they are due to be looked at; then [`forget`](Self::forget) ends the look.
    #[must_use]
    pub fn due(&self) -> Option<Vec<(Id, T)>> {
        let is_due = self.targets.len() >= (2 * self.open).max(LOOK_MIN);
        is_due.then(|| self.targets.iter().map(|(id, it)| (id.clone(), it.clone())).collect())
    }

    /// Forgets questions that are not open any more: no id is used twice.
    pub fn forget(&mut self, closed: &[Id]) {
        closed.iter().for_each(|id| drop(self.targets.remove(id)));
        self.open = self.targets.len();
    }
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self { targets: HashMap::new(), open: 0 }
    }
}

/// So few are not looked through.
const LOOK_MIN: usize = 64;

#[cfg(test)]
mod tests;
