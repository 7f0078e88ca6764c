//! The source of the stores that are checked.

use std::sync::Arc;

use eyot_session::{LogLimits, Store};

/// Makes an empty store with the given limits.
pub type MakeStore<'a> = &'a dyn Fn(LogLimits) -> Arc<dyn Store>;
