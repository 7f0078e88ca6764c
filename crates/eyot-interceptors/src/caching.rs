//! Results that interceptors have seen belong to one client, and to now.

use eyot_jsonrpc::Members;

use crate::edit::{Edit, Splice};
use crate::pointer::range_in;
use crate::run::Passed;
use crate::subject::Subject;

/// The result as one that nothing may keep for others or for later: interceptors may have made something
/// else of it for another client. What says nothing of caching stays as it is.
pub(crate) fn private(event: &str, result: Subject) -> Passed {
    let mut splices = Vec::new();
    if CACHED.contains(&event)
        && !result.is_error()
        && let Some(members) = Members::of(result.text())
    {
        for (name, value) in members {
            let other = match &*name {
                "ttlMs" => "0",
                "cacheScope" => "\"private\"",
                _ => continue,
            };
            if value != other {
                let range = range_in(result.text(), value);
                splices.push(Splice { range, text: other.to_owned() });
            }
        }
    }
    let edited = result.edited(Edit::Splices(splices)).unwrap_or_else(|failure| {
        eyot_stdx::never!("a result cannot be made private: {failure}");
        None
    });
    Passed { is_changed: edited.is_some(), subject: edited.unwrap_or(result), to: None }
}

/// Requests whose results say how long they may be kept (2026-07-28, server/utilities/caching).
const CACHED: &[&str] =
    &["prompts/list", "resources/list", "resources/read", "resources/templates/list", "tools/list"];
