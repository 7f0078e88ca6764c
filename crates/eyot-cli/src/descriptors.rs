//! File descriptors: which of them children see, and how many there may be.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Keeps descriptors that the parent of this program has left open from its children: a log, a
/// socket or a lock of the parent is none of their business. Early in `main`, before any other
/// thread opens one.
pub(crate) fn keep_from_children() {
    close_fds::set_fds_cloexec(FIRST_INHERITED, &[]);
}

/// How many connections of clients fit into the limit on descriptors, at most `wanted`. Raises the
/// soft limit first, so that each has room for a connection to an upstream as well, if the hard
/// limit allows it.
pub(crate) fn connections_max(wanted: usize) -> usize {
    let wanted_descriptors = RESERVE + 2 * wanted as u64;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = wanted_descriptors.min(maximum.unwrap_or(u64::MAX));
    let current = match current {
        Some(current) if current < raised => {
            let set = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum });
            if set.is_ok() { raised } else { current }
        }
        Some(current) => current,
        None => u64::MAX,
    };
    let connections = fitting(current).min(wanted);
    if connections < wanted {
        let limit = current;
        tracing::info!(connections, limit, "fewer connections, for the limit on descriptors");
    }
    connections
}

/// How many connections fit into so many descriptors.
fn fitting(descriptors: u64) -> usize {
    let left = descriptors - RESERVE.min(descriptors / 4);
    // Most clients of a full process are at rest: every fourth descriptor is for upstreams.
    usize::try_from(left - left / 4).unwrap_or(usize::MAX).max(1)
}

/// The first descriptor after stdin, stdout and stderr.
const FIRST_INHERITED: i32 = 3;

/// For the store, the listeners, and the three pipes of each child.
const RESERVE: u64 = 1_024;

#[cfg(test)]
mod tests;
