//! What is known of the era of one upstream, shared by all its connections.

use eyot_era::detect::{EraCache, EraMode};
use eyot_jsonrpc::ErrorObject;
use eyot_service::Fault;
use eyot_types::Era;
use parking_lot::Mutex;
use tokio::time::Instant;

/// An [`EraCache`] that any number of connections share, with the time of this process.
#[derive(Debug)]
pub struct SharedEraCache {
    mode: EraMode,
    cache: Mutex<EraCache>,
}

impl SharedEraCache {
    /// A cache that knows nothing but the mode, which may be a pin.
    #[must_use]
    pub fn new(mode: EraMode) -> Self {
        Self { mode, cache: Mutex::new(EraCache::new(mode)) }
    }

    /// How the era is chosen.
    pub const fn mode(&self) -> EraMode {
        self.mode
    }

    /// The era that the upstream is pinned to; what it says does not matter.
    pub const fn pinned(&self) -> Option<Era> {
        self.mode.pinned()
    }

    /// Whether the upstream is known not to speak this era.
    pub fn lacks(&self, era: Era) -> bool {
        match self.pinned() {
            Some(pinned) => pinned != era,
            None => self.lacks_until(era).is_some_and(|it| now() < it),
        }
    }

    fn lacks_until(&self, era: Era) -> Option<std::time::Instant> {
        self.cache.lock().lacks_until(era)
    }

    /// Notes that the upstream speaks this era and not the other.
    pub fn find_only(&self, era: Era) {
        self.cache.lock().find_only(era, now());
    }

    /// Notes that the upstream speaks the modern era, and perhaps the other.
    pub fn find_modern(&self) {
        self.cache.lock().find_modern(now());
    }

    /// Forgets that the upstream speaks this era alone: it has refused it as an upstream of the
    /// other era would.
    pub fn invalidate(&self, era: Era) {
        self.cache.lock().invalidate(era);
    }

    /// Notes that the upstream has answered a modern request as a legacy server does. `true`: the
    /// next request has to find out its era anew; see [`EraCache::invalidate_modern`].
    #[must_use]
    pub fn invalidate_modern(&self) -> bool {
        self.cache.lock().invalidate_modern(now())
    }

    /// Adds to a fault about eras that the upstream is pinned to its era.
    pub fn name_pin(&self, mut fault: Fault) -> Fault {
        self.mode.name_pin(&mut fault.error);
        fault
    }

    /// Adds to an error about eras that the upstream is pinned to its era.
    pub fn name_pin_in(&self, error: &mut ErrorObject) {
        self.mode.name_pin(error);
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

#[cfg(test)]
mod tests;
