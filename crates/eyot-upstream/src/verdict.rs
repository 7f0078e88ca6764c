//! What is known of the era of one upstream.

use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_service::Fault;
use eyot_types::Era;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;

use crate::EraMode;

/// What was found of the era of one upstream, and when; or what it is pinned to, which is never
/// looked into.
///
/// Whoever speaks to the upstream speaks with the same authorization, so that one verdict serves
/// all. "A stale legacy verdict never corrects itself", because an upstream that learns the modern
/// era as well still accepts `initialize`: each verdict holds for [`VERDICT_TTL`], and what an
/// upstream says to the contrary ends it at once.
#[derive(Debug)]
pub struct EraVerdict {
    mode: EraMode,
    /// When a probe last found that it does not speak the modern era.
    found_legacy: Mutex<Option<Instant>>,
    /// When it last refused `initialize` and answered a probe.
    found_modern: Mutex<Option<Instant>>,
}

impl EraVerdict {
    /// Nothing is known but, perhaps, a pin.
    #[must_use]
    pub fn new(mode: EraMode) -> Self {
        Self { mode, found_legacy: Mutex::new(None), found_modern: Mutex::new(None) }
    }

    /// The era that the upstream is taken for, whatever it says.
    pub fn pinned(&self) -> Option<Era> {
        match self.mode {
            EraMode::Legacy => Some(Era::Legacy),
            EraMode::Modern => Some(Era::Modern),
            _ => None,
        }
    }

    /// Whether the upstream is known not to speak this era.
    pub fn lacks(&self, era: Era) -> bool {
        match self.pinned() {
            Some(pinned) => pinned != era,
            None => self.found(era.other()).lock().is_some_and(|it| it.elapsed() < VERDICT_TTL),
        }
    }

    /// The upstream was found to speak this era and not the other.
    pub fn find(&self, era: Era) {
        *self.found(era).lock() = Some(Instant::now());
    }

    /// The upstream has refused this era as one of the other would: what was found of it is not
    /// believed any more.
    pub fn doubt(&self, era: Era) {
        *self.found(era).lock() = None;
    }

    /// Says in a fault that has to do with eras that the upstream is pinned to its era.
    pub fn name_pin(&self, mut fault: Fault) -> Fault {
        self.name_pin_in(&mut fault.error);
        fault
    }

    /// Says the same in an error.
    pub fn name_pin_in(&self, error: &mut ErrorObject) {
        let Some(pinned) = self.pinned() else { return };
        let pin = format!("the upstream is pinned to the {pinned} era by --era {pinned}");
        error.message = format!("{} ({pin})", error.message);
        if let Some(Value::Object(data)) = &mut error.data
            && let Some(Value::String(reason)) = data.get_mut("reason")
        {
            *reason = format!("{reason} ({pin})");
        }
    }

    fn found(&self, era: Era) -> &Mutex<Option<Instant>> {
        match era {
            Era::Legacy => &self.found_legacy,
            Era::Modern => &self.found_modern,
        }
    }
}

/// How long it holds what was found out about the upstream.
pub const VERDICT_TTL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
