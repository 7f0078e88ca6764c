//! Tasks by the ids that their clients know, until their time is over.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// Every task that has not expired. `T` is what a driver keeps of one, its machine among it: what
/// is taken out here gives its room back when it is dropped, which is best done without a lock.
#[derive(Debug)]
pub struct TaskTable<T> {
    rows: HashMap<Arc<str>, Row<T>>,
    by_expiry: BTreeSet<(Instant, Arc<str>)>,
}

#[derive(Debug)]
struct Row<T> {
    /// Who may ask for it. `None`: the id alone opens it.
    principal: Option<Arc<str>>,
    expires: Instant,
    task: T,
}

impl<T> Default for TaskTable<T> {
    fn default() -> Self {
        Self { rows: HashMap::new(), by_expiry: BTreeSet::new() }
    }
}

impl<T> TaskTable<T> {
    /// Adds a task: from here on its client finds it. Ids are random and long: "servers MUST
    /// generate them with sufficient entropy that a third party cannot enumerate or guess them"
    /// (tasks extension, Security Considerations).
    pub fn insert(&mut self, id: Arc<str>, principal: Option<Arc<str>>, expires: Instant, task: T) {
        self.remove(&id);
        self.by_expiry.insert((expires, Arc::clone(&id)));
        self.rows.insert(id, Row { principal, expires, task });
    }

    /// The task of that id at `now`, if `principal` may ask for it: an unknown task, one whose time
    /// is over and one of another principal are the same to a client. "Servers MUST perform
    /// authentication and authorization checks on each task-related request" (tasks extension,
    /// Security Considerations).
    #[must_use]
    pub fn find(&self, id: &str, principal: Option<&Arc<str>>, now: Instant) -> Option<&T> {
        let row = self.rows.get(id)?;
        let is_theirs = row.principal.as_ref() == principal && now < row.expires;
        is_theirs.then_some(&row.task)
    }

    /// Takes a task out.
    pub fn remove(&mut self, id: &str) -> Option<T> {
        let (id, row) = self.rows.remove_entry(id)?;
        self.by_expiry.remove(&(row.expires, id));
        Some(row.task)
    }

    /// Takes out the tasks whose time is over.
    #[must_use]
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<T> {
        let mut expired = Vec::new();
        while let Some((expires, _)) = self.by_expiry.first()
            && *expires <= now
            && let Some((_, id)) = self.by_expiry.pop_first()
        {
            expired.extend(self.rows.remove(&id).map(|it| it.task));
        }
        expired
    }

    /// When the time of the next task is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.by_expiry.first().map(|(expires, _)| *expires)
    }

    /// Every task, the first to expire first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let rows = self.by_expiry.iter().filter_map(|(_, id)| self.rows.get(id));
        rows.map(|it| &it.task)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[cfg(test)]
mod tests;
