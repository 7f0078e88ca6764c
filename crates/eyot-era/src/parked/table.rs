//! Parked calls by their numbers, and when to look at each.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

/// The parked calls of one process. `T` is a call, `K` is what keeps the last word of one that has
/// ended.
#[derive(Debug)]
pub struct ParkedTable<T, K> {
    calls: HashMap<u64, Entry<T>>,
    /// When to look at which.
    by_time: BTreeSet<(Instant, u64)>,
    /// Those that have ended, in the order in which they did.
    ended: VecDeque<(u64, K)>,
    last: u64,
}

#[derive(Debug)]
struct Entry<T> {
    call: T,
    /// Not later than the call wants it, though perhaps too early.
    look_at: Option<Instant>,
}

impl<T, K> Default for ParkedTable<T, K> {
    fn default() -> Self {
        let (calls, by_time) = (HashMap::new(), BTreeSet::new());
        Self { calls, by_time, ended: VecDeque::new(), last: 0 }
    }
}

impl<T: Clone, K> ParkedTable<T, K> {
    /// Takes a call in that is made with its number.
    pub fn insert(&mut self, call: impl FnOnce(u64) -> T) -> T {
        self.last += 1;
        let call = call(self.last);
        self.calls.insert(self.last, Entry { call: call.clone(), look_at: None });
        call
    }

    /// The call of this number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&T> {
        self.calls.get(&number).map(|it| &it.call)
    }

    /// Looks at a call then, or earlier; `true` when it is the next of all.
    pub fn look_at(&mut self, number: u64, time: Instant) -> bool {
        let Some(entry) = self.calls.get_mut(&number) else { return false };
        if entry.look_at.is_some_and(|it| it <= time) {
            return false;
        }
        if let Some(later) = entry.look_at.replace(time) {
            self.by_time.remove(&(later, number));
        }
        self.by_time.insert((time, number));
        self.by_time.first() == Some(&(time, number))
    }

    /// A call that is to be looked at now, each once.
    ///
    /// # Errors
    /// When there is none: the time of the next, if there is one.
    pub fn take_due(&mut self, now: Instant) -> Result<T, Option<Instant>> {
        let next = self.by_time.first().copied();
        let (time, number) = next.ok_or(None)?;
        if time > now {
            return Err(Some(time));
        }
        self.by_time.pop_first();
        let entry = self.calls.get_mut(&number).ok_or(None)?;
        entry.look_at = None;
        Ok(entry.call.clone())
    }

    /// A call has ended, and is kept for its last word. Gives `kept` back when it was forgotten.
    #[must_use]
    pub fn end(&mut self, number: u64, kept: K) -> Option<K> {
        if !self.calls.contains_key(&number) {
            return Some(kept);
        }
        self.ended.push_back((number, kept));
        None
    }

    /// The call that ended first of those that `is_own` accepts; of all, when there is none.
    #[must_use]
    pub fn oldest_ended(&self, is_own: impl Fn(&K) -> bool) -> Option<u64> {
        let own = self.ended.iter().find(|(_, kept)| is_own(kept));
        own.or_else(|| self.ended.front()).map(|(number, _)| *number)
    }

    /// Forgets a call.
    pub fn remove(&mut self, number: u64) -> Option<(T, Option<K>)> {
        let Entry { call, look_at } = self.calls.remove(&number)?;
        if let Some(time) = look_at {
            self.by_time.remove(&(time, number));
        }
        let ended = self.ended.iter().position(|(it, _)| *it == number);
        let kept = ended.and_then(|it| self.ended.remove(it)).map(|(_, kept)| kept);
        Some((call, kept))
    }
}
