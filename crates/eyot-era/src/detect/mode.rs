//! Which era an upstream is spoken to in.

use eyot_jsonrpc::ErrorObject;
use eyot_types::Era;
use serde_json::Value;

/// Which era an upstream is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EraMode {
    /// The server's: it is asked, unless it is known from before.
    #[default]
    Auto,
    /// The legacy era; the server is not asked.
    Legacy,
    /// The modern era; a server of the other is refused.
    Modern,
}

impl EraMode {
    /// The era that the server is taken for, whatever it says; `None`: it is found out.
    #[must_use]
    pub const fn pinned(self) -> Option<Era> {
        match self {
            Self::Auto => None,
            Self::Legacy => Some(Era::Legacy),
            Self::Modern => Some(Era::Modern),
        }
    }

    /// Says in an error that has to do with eras that the upstream is pinned to its era.
    pub fn name_pin(self, error: &mut ErrorObject) {
        let Some(pinned) = self.pinned() else { return };
        let pin = format!("the upstream is pinned to the {pinned} era by --era {pinned}");
        error.message = format!("{} ({pin})", error.message);
        if let Some(Value::Object(data)) = &mut error.data
            && let Some(Value::String(reason)) = data.get_mut("reason")
        {
            *reason = format!("{reason} ({pin})");
        }
    }
}

#[cfg(test)]
mod tests;
