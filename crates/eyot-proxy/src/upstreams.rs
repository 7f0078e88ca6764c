//! What a proxy stands before.

use std::sync::Arc;

use eyot_upstream::Target;

use crate::many::Many;
use crate::named::Targets;

/// The upstreams of a proxy, as far as it has to look after them.
#[derive(Debug)]
pub(crate) enum Upstreams {
    One(Target),
    Many(Arc<Many>),
    Named(Arc<Targets>),
}

impl Upstreams {
    /// Starts what is to be started at once.
    pub(crate) fn start(&self) {
        if let Self::Many(many) = self {
            many.start();
        }
    }

    /// The names of the servers that rules can choose; `None`: they cannot choose one.
    pub(crate) fn server_names(&self) -> Option<Vec<String>> {
        match self {
            Self::Many(many) => Some(many.server_names()),
            Self::One(_) | Self::Named(_) => None,
        }
    }

    /// Closes connections that nothing has used for too long.
    pub(crate) fn sweep(&self) {
        match self {
            Self::One(target) => target.sweep(),
            Self::Many(many) => many.sweep(),
            Self::Named(targets) => targets.sweep(),
        }
    }
}
