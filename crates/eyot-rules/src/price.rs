//! What a message costs of a quota.

use std::fmt;

use crate::glob::Globs;
use crate::json;
use crate::path::{Path, Twice};
use crate::view::View;

/// What a message takes of a quota, in the units that the quota is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know all ways to count")]
pub enum Cost {
    /// So many units, before it goes on.
    Units(u64),
    /// As many as its answer will have bytes, which are taken once the answer is there, whatever is left:
    /// until then the message goes on if anything is left at all.
    ResponseBytes,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Units(units) => units.fmt(f),
            Self::ResponseBytes => f.write_str(RESPONSE_BYTES),
        }
    }
}

/// How a rule finds out what a message costs.
#[derive(Debug)]
pub(crate) enum Price {
    /// Whatever it is.
    Units(u64),
    /// By what it names, the first that fits.
    Items { items: Vec<(Globs, u64)>, others: u64 },
    /// The bytes of its payload.
    PayloadBytes,
    /// The size of what stands at a place of its payload, as `match` counts it, and 1 at least.
    Size(Path),
    /// The bytes of its answer.
    ResponseBytes,
}

impl Price {
    /// What a message costs.
    ///
    /// # Errors
    ///
    /// Readers could find another value at the place, so that the size of it is not known.
    pub(crate) fn of(&self, view: &View<'_>, payload: Option<&str>) -> Result<Cost, String> {
        let payload = payload.unwrap_or("{}");
        Ok(match self {
            Self::Units(units) => Cost::Units(*units),
            Self::Items { items, others } => {
                let item = view.item();
                let found = item.and_then(|item| items.iter().find(|(it, _)| it.matches(item)));
                Cost::Units(found.map_or(*others, |(_, units)| *units))
            }
            Self::PayloadBytes => Cost::Units(units(payload.len())),
            Self::Size(path) => {
                let values = path.values(payload, Twice::Refuse).map_err(|it| it.to_string())?;
                let sizes = values.into_iter().filter_map(json::size);
                Cost::Units(units(sizes.sum()).max(1))
            }
            Self::ResponseBytes => Cost::ResponseBytes,
        })
    }
}

fn units(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The word for it in a file of rules.
pub(crate) const RESPONSE_BYTES: &str = "response_bytes";
