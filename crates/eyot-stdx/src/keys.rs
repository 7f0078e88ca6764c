//! Counts by key, of a bounded number of keys.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How often something may happen: a leaky bucket that stores one time per key (GCRA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by its users")]
pub struct Pace {
    /// Between two, in the long run. Not nothing.
    pub interval: Duration,
    /// How much earlier than that they may come.
    pub tolerance: Duration,
}

/// When each key is at rest again.
#[derive(Debug)]
pub struct PacedKeys {
    state: Mutex<Paced>,
    pace: Pace,
    keys_max: usize,
}

impl Pace {
    /// Whether a span can be counted for a key that is at rest at this time; if not, how long to wait.
    fn fits(&self, rest: Instant, span: Duration, now: Instant) -> Result<(), Duration> {
        let early = rest.saturating_duration_since(now);
        let room = (self.tolerance + self.interval).saturating_sub(span);
        if early > room { Err(early - room) } else { Ok(()) }
    }
}

/// Where a key is counted.
#[derive(Clone, Copy, Debug)]
struct PlaceOfKey {
    /// `None`: with all keys for which there is no room.
    key: Option<u64>,
    /// When it is at rest, not before now.
    rest: Instant,
}

#[derive(Debug, Default)]
struct Paced {
    /// When a key is at rest. One that is need not be here.
    rests: HashMap<u64, Instant>,
    /// When all keys for which there is no room are, together.
    others: Option<Instant>,
    /// No key is at rest before.
    looks_again: Option<Instant>,
}

impl PacedKeys {
    /// Nothing is counted yet. `keys_max`: keys that are counted by themselves; all others are counted
    /// as one.
    #[must_use]
    pub fn new(pace: Pace, keys_max: usize) -> Self {
        Self { state: Mutex::default(), pace, keys_max }
    }

    /// Counts one for the key.
    ///
    /// # Errors
    ///
    /// How long to wait: it comes too early, and is not counted.
    pub fn take(&self, key: u64, now: Instant) -> Result<(), Duration> {
        self.take_span(key, self.pace.interval, now)
    }

    /// Counts something for the key that takes another span than one interval: what costs as much as
    /// several takes as many intervals.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take). What takes longer than the tolerance and one interval passes for a key at
    /// rest only.
    pub fn take_span(&self, key: u64, span: Duration, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock();
        let place = state.place(key, self.keys_max, now);
        self.pace.fits(place.rest, span, now)?;
        state.add(place, span);
        Ok(())
    }

    /// Whether a span could be counted for the key now. Counts nothing.
    ///
    /// # Errors
    ///
    /// As [`take_span`](Self::take_span).
    pub fn check_span(&self, key: u64, span: Duration, now: Instant) -> Result<(), Duration> {
        let place = self.state.lock().place(key, self.keys_max, now);
        self.pace.fits(place.rest, span, now)
    }

    /// Counts a span for the key, however early that is: others wait for it.
    pub fn owe_span(&self, key: u64, span: Duration, now: Instant) {
        let mut state = self.state.lock();
        let place = state.place(key, self.keys_max, now);
        state.add(place, span);
    }

    /// How many keys have a place.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a count, not a collection")]
    pub fn len(&self) -> usize {
        self.state.lock().rests.len()
    }
}

impl Paced {
    fn place(&mut self, key: u64, keys_max: usize, now: Instant) -> PlaceOfKey {
        let key = self.has_room(key, keys_max, now).then_some(key);
        let rest = key.map_or(self.others, |it| self.rests.get(&it).copied());
        PlaceOfKey { key, rest: rest.unwrap_or(now).max(now) }
    }

    fn add(&mut self, PlaceOfKey { key, rest }: PlaceOfKey, span: Duration) {
        let rest = rest.checked_add(span).unwrap_or(rest);
        match key {
            Some(key) => drop(self.rests.insert(key, rest)),
            None => self.others = Some(rest),
        }
    }

    /// Whether the key has a place or can get one. When all are taken, those of keys at rest are freed;
    /// that is not tried again before one of them can be, nor for each request.
    fn has_room(&mut self, key: u64, keys_max: usize, now: Instant) -> bool {
        if self.rests.len() < keys_max || self.rests.contains_key(&key) {
            return true;
        }
        if self.looks_again.is_some_and(|it| now < it) {
            return false;
        }
        self.rests.retain(|_, rest| *rest > now);
        let first = self.rests.values().min().copied();
        self.looks_again = first.max(Some(now + LOOK_INTERVAL));
        self.rests.len() < keys_max
    }
}

/// How many run, by key.
#[derive(Debug)]
pub struct RunningKeys {
    running: Mutex<HashMap<Option<u64>, usize>>,
    keys_max: usize,
}

impl RunningKeys {
    /// Nothing runs yet. `keys_max` as for [`PacedKeys::new`].
    #[must_use]
    pub fn new(keys_max: usize) -> Self {
        Self { running: Mutex::default(), keys_max }
    }

    /// Counts one more for the key until it [ends](Self::end), and gives what it is counted as. `None`:
    /// `max` run.
    pub fn begin(&self, key: u64, max: usize) -> Option<Option<u64>> {
        let mut running = self.running.lock();
        let has_room = running.len() < self.keys_max || running.contains_key(&Some(key));
        // `None` is all keys for which there is no room.
        let key = has_room.then_some(key);
        let count = running.entry(key).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(key)
    }

    /// One has ended.
    pub fn end(&self, key: Option<u64>) {
        let mut running = self.running.lock();
        if let Some(count) = running.get_mut(&key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                running.remove(&key);
            }
        }
    }

    /// How many keys have a place.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a count, not a collection")]
    pub fn len(&self) -> usize {
        self.running.lock().len()
    }
}

/// Looking at ten thousand keys takes some ten microseconds.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
