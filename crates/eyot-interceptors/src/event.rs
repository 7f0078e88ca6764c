//! Which events a pattern means.

use eyot_types::Method;

/// Methods that no interceptor sees: they make the connection, or are the interceptors' own.
const UNSEEN: &[&str] = &[
    "initialize",
    "server/discover",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/subscriptions/acknowledged",
    LIST,
    INVOKE,
    INVOKE_PLURAL,
];

/// The method that lists the interceptors of a server.
pub const LIST: &str = "interceptors/list";

/// The method that runs one of them.
pub const INVOKE: &str = "interceptor/invoke";

/// Another name of [`INVOKE`], which the text of SEP-2624 has in one place.
pub const INVOKE_PLURAL: &str = "interceptors/invoke";

/// Requests of servers to clients.
pub(crate) const QUESTIONS: [&str; 3] = [
    Method::ElicitationCreate.as_str(),
    Method::SamplingCreateMessage.as_str(),
    Method::RootsList.as_str(),
];

/// Whether interceptors may see messages of this method.
pub(crate) fn is_seen(event: &str) -> bool {
    !UNSEEN.contains(&event)
}

/// Whether the event is a notification: it has a request phase only, and `*` does not mean it.
pub(crate) fn is_notification(event: &str) -> bool {
    event.starts_with("notifications/")
}

/// Whether a pattern means an event: its name, `*`, or a beginning before `*`.
///
/// SEP-2624 has `*` for every event and allows globs like `tools/*`. It is silent on notifications:
/// they are events of the request phase for those that name them.
pub(crate) fn is_meant(pattern: &str, event: &str) -> bool {
    is_seen(event)
        && match pattern.strip_suffix('*') {
            Some("") => !is_notification(event),
            Some(beginning) => event.starts_with(beginning),
            None => pattern == event,
        }
}

/// Whether every event that `narrow` means is meant by `wide`, too.
pub(crate) fn is_within(narrow: &str, wide: &str) -> bool {
    let beginning = narrow.strip_suffix('*').unwrap_or(narrow);
    narrow == wide
        || match wide.strip_suffix('*') {
            Some("") => !is_notification(beginning),
            Some(wide) => beginning.starts_with(wide),
            None => false,
        }
}

/// What two patterns mean both; `None`: they have no event in common.
pub(crate) fn common<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    if is_within(one, other) {
        return Some(one);
    }
    is_within(other, one).then_some(other)
}

/// Whether an event is a call of a tool, a prompt or a resource: it leads to one server, and may wait for
/// input. In the modern era, no other request may.
pub(crate) fn is_call(event: &str) -> bool {
    matches!(Method::parse(event), Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead)
}

#[cfg(test)]
mod tests;
