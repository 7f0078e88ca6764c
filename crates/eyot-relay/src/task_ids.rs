//! The ids of a modern server's tasks, as the principals see them: each has a mark that only the
//! owner of the task can show.
//!
//! The mark is a digest and no seal, because ids must be equal each time that they are told.

use eyot_jsonrpc::{Changes, Json, Keeps, Members, Message, Request, Response};
use eyot_stdx::{Secret, ct_eq, keyed_digest};
use eyot_types::Method;
use serde_json::Value;

/// Marks the ids of one upstream's tasks, and takes the marks off.
#[derive(Debug)]
pub(crate) struct TaskIds {
    pub(crate) key: Secret<[u8; 32]>,
    pub(crate) upstream: Box<str>,
}

/// Whether a request names tasks, and its answer may.
pub(crate) fn concern(request: &Request) -> bool {
    request.method().starts_with("tasks/") || is_listening(request)
}

fn is_listening(request: &Request) -> bool {
    request.is_method(Method::SubscriptionsListen.as_str())
}

impl TaskIds {
    /// The request as the server knows its tasks. `None`: it is about a task that is not the
    /// owner's. Of those that a client wants to listen to, foreign ones are left out.
    pub(crate) fn in_request(&self, owner: &str, request: &Request) -> Option<Request> {
        if is_listening(request) {
            let own = |id: &str| self.unmarked(owner, id);
            let changed = filter(request, own).map(|it| with(request, "notifications", &it));
            return changed.unwrap_or_else(|| Some(request.clone()));
        }
        let Some(id) = text(request.params(), ID) else { return Some(request.clone()) };
        with(request, ID, &Json::of(&self.unmarked(owner, &id)?)?)
    }

    /// The answer as the owner of its task sees it.
    pub(crate) fn in_answer(&self, owner: &str, answer: Response) -> Response {
        let Some(id) = text(answer.result(), ID) else { return answer };
        let marked = Json::of(&self.marked(owner, &id));
        marked
            .and_then(|it| answer.rewritten(&put(&[Some((ID, &it))]), &Changes::NONE))
            .unwrap_or(answer)
    }

    /// The notification as the owner of its tasks sees it.
    pub(crate) fn in_notification(&self, owner: &str, message: Message) -> Message {
        let changed = if message.is_method(Method::Tasks.as_str()) {
            let id = text(message.params(), ID).and_then(|id| Json::of(&self.marked(owner, &id)));
            id.map(|it| (ID, it))
        } else if message.is_method(Method::SubscriptionsAcknowledged.as_str()) {
            let marked = |id: &str| Some(self.marked(owner, id));
            filter(&message, marked).map(|it| ("notifications", it))
        } else {
            None
        };
        let Some((name, value)) = changed else { return message };
        message.rewritten(&put(&[Some((name, &value))]), &Changes::NONE).unwrap_or(message)
    }

    fn marked(&self, owner: &str, id: &str) -> String {
        format!("{id}.{}", self.mark(owner, id))
    }

    fn unmarked(&self, owner: &str, marked: &str) -> Option<String> {
        let (id, mark) = marked.rsplit_once('.')?;
        ct_eq(self.mark(owner, id).as_bytes(), mark.as_bytes()).then(|| id.to_owned())
    }

    fn mark(&self, owner: &str, id: &str) -> String {
        let text = serde_json::to_vec(&(owner, &self.upstream, id)).unwrap_or_default();
        let digest = keyed_digest(&self.key, PURPOSE, &text);
        digest.iter().take(MARK_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a client wants to hear of, or is promised, with its task ids changed; `None`: there are none.
fn filter(message: &Message, change: impl Fn(&str) -> Option<String>) -> Option<Json> {
    let mut members = Members::of(message.params()?)?;
    let (_, filter) = members.find(|(name, _)| name == "notifications")?;
    let mut filter: Value = serde_json::from_str(filter).ok()?;
    let ids = filter.get_mut("taskIds")?.as_array_mut()?;
    *ids = ids.iter().filter_map(|id| change(id.as_str()?).map(Value::from)).collect();
    Json::of(&filter)
}

/// The text of a member. Of several, the last one is what readers take.
fn text(members: Option<&str>, name: &str) -> Option<String> {
    let members = Members::of(members?)?;
    let (_, text) = members.filter(|(it, _)| it == name).last()?;
    serde_json::from_str(text).ok()
}

fn with(request: &Request, name: &str, value: &Json) -> Option<Request> {
    request.rewritten(&put(&[Some((name, value))]), &Changes::NONE)
}

const fn put<'a>(adds: &'a [Option<(&'a str, &'a Json)>]) -> Changes<'a> {
    Changes { keeps: Keeps::All, adds }
}

const ID: &str = "taskId";
/// What the key of the store is used for here.
const PURPOSE: &[u8] = b"owner of a task";
/// So many that no guess succeeds.
const MARK_BYTES: usize = 16;

#[cfg(test)]
mod tests;
