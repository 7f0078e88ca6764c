//! What is known of the era of one upstream, and for how long.

use std::time::{Duration, Instant};

use eyot_types::Era;

use super::mode::EraMode;

/// What was found of the eras of one upstream, and when; or what it is pinned to, which is never
/// looked into.
///
/// Everything that is spoken to the upstream carries the same authorization, so that one cache
/// serves all. "A stale legacy verdict never corrects itself", because an upstream that learns the
/// modern era as well still accepts `initialize`: that an era is missing is believed for
/// [`ERA_TTL`], and what the upstream says to the contrary ends it at once. A modern era that is
/// there corrects itself: it is believed until the upstream answers as a legacy one does.
#[derive(Clone, Debug, Default)]
pub struct EraCache {
    mode: EraMode,
    /// When it was last found to speak the legacy era alone.
    only_legacy: Option<Instant>,
    /// When it was last found to speak the modern era alone.
    only_modern: Option<Instant>,
    /// When it was last found to speak the modern era, whatever else it speaks.
    modern: Option<Instant>,
}

impl EraCache {
    /// Nothing is known but, perhaps, a pin.
    #[must_use]
    pub const fn new(mode: EraMode) -> Self {
        Self { mode, only_legacy: None, only_modern: None, modern: None }
    }

    /// Whether the upstream is known not to speak this era.
    #[must_use]
    pub fn lacks(&self, era: Era, now: Instant) -> bool {
        match self.mode.pinned() {
            Some(pinned) => pinned != era,
            None => self.lacks_until(era).is_some_and(|it| now < it),
        }
    }

    /// Until when the upstream is believed not to speak this era; `None`: that was not found, and
    /// the time need not be asked for.
    #[must_use]
    pub fn lacks_until(&self, era: Era) -> Option<Instant> {
        let found = match era {
            Era::Legacy => self.only_modern,
            Era::Modern => self.only_legacy,
        };
        found.map(|it| it + ERA_TTL)
    }

    /// The upstream was found to speak this era and not the other.
    pub const fn find_only(&mut self, era: Era, now: Instant) {
        *self.only(era) = Some(now);
    }

    /// The upstream was found to speak the modern era; nothing is known of the other.
    pub const fn find_modern(&mut self, now: Instant) {
        self.modern = Some(now);
    }

    /// The upstream has refused this era as one of the other would: that it speaks this era alone
    /// is forgotten.
    pub const fn invalidate(&mut self, era: Era) {
        *self.only(era) = None;
    }

    /// The upstream has answered a modern request as a legacy server does. Whether the next request
    /// has to find out anew what it is: not if that was done just now, because one that refuses
    /// something for other reasons is not looked at for each refusal. A pin is never looked into.
    #[must_use]
    pub fn invalidate_modern(&mut self, now: Instant) -> bool {
        let is_old = |it| now.saturating_duration_since(it) >= RECHECK_PAUSE;
        let is_due = self.mode.pinned().is_none() && self.modern.is_some_and(is_old);
        if is_due {
            self.modern = None;
        }
        is_due
    }

    const fn only(&mut self, era: Era) -> &mut Option<Instant> {
        match era {
            Era::Legacy => &mut self.only_legacy,
            Era::Modern => &mut self.only_modern,
        }
    }
}

/// How long what was found out about an upstream is believed.
pub const ERA_TTL: Duration = Duration::from_secs(60);
/// The least time between two looks at the era of a modern upstream.
pub const RECHECK_PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
