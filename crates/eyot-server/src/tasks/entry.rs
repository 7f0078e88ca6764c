//! A task in this process: its record, the call that does the work, and those who watch.

use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Response};
use eyot_service::unix_ms;
use eyot_types::JsonObject;
use parking_lot::Mutex;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::kept::Kept;
use super::record::TaskRecord;
use crate::call::exchange::QuestionName;
use crate::call::running::RunningCall;

/// One task. All changes go through here, so that whoever watches sees each.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    /// The call that does the work, as long as it does.
    call: Weak<dyn RunningCall>,
    expires: Instant,
    kept: Arc<Kept>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    record: TaskRecord,
    /// Counts the changes; the creation is the first.
    version: u64,
    /// Who waits for the next change, by their numbers: one for each listening client.
    watchers: Vec<(u64, Waker)>,
}

impl TaskEntry {
    pub(crate) fn new(
        record: TaskRecord,
        call: Weak<dyn RunningCall>,
        expires: Instant,
        kept: Arc<Kept>,
    ) -> Self {
        let state = State { record, version: 1, watchers: Vec::new() };
        Self { call, expires, kept, state: Mutex::new(state) }
    }

    /// When its time is over, done or not.
    pub(crate) fn expires(&self) -> Instant {
        self.expires
    }

    /// Reads the record.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&TaskRecord) -> R) -> R {
        read(&self.state.lock().record)
    }

    /// Changes the record; `edit` tells whether it did. Those who watch are woken.
    fn edit(&self, edit: impl FnOnce(&mut TaskRecord, u64) -> bool) -> bool {
        let mut state = self.state.lock();
        if !edit(&mut state.record, unix_ms()) {
            return false;
        }
        state.version += 1;
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        watchers.into_iter().for_each(|(_, waker)| waker.wake());
        true
    }

    /// What the task does, for people.
    pub(crate) fn say(&self, message: String) {
        self.edit(|record, now_ms| record.handle_message(message, now_ms));
    }

    /// Brings what the client owes into the record.
    ///
    /// The questions are read under the record's lock: of two that do this at once, the later
    /// sees what the earlier saw or more.
    pub(crate) fn sync_inputs(&self) {
        let Some(call) = self.call.upgrade() else { return };
        self.edit(|record, now_ms| {
            let open = call.exchange().open_inputs();
            let inputs = open.into_iter().map(|(key, it)| (key, json!(it))).collect();
            record.handle_inputs(inputs, now_ms)
        });
    }

    /// Gives the client's answers to the handler. "A server SHOULD ignore any `inputResponses`
    /// responses mapped to a key that is not currently outstanding for the task" (tasks extension,
    /// Task Update Requests).
    pub(crate) fn answer(&self, responses: JsonObject) {
        let Some(call) = self.call.upgrade() else { return };
        for (key, answer) in responses {
            call.exchange().set_answer(&QuestionName::Key(key), Ok(answer));
        }
        self.sync_inputs();
    }

    /// Ends the task at its client's wish; one that is over stays as it is.
    pub(crate) fn cancel(&self) {
        let is_cancelled = self.edit(|record, now_ms| record.handle_cancelled(now_ms));
        if is_cancelled && let Some(call) = self.call.upgrade() {
            call.exchange().cancel();
        }
    }

    /// The call has answered. "The `tasks/get` endpoint returns exactly what the underlying request
    /// would have returned" (tasks extension, Task Execution Errors).
    pub(crate) fn finish(&self, answer: &Response) {
        if let Some(error) = answer.error_object() {
            return self.fail(error);
        }
        match RawValue::from_string(answer.result().unwrap_or_default().to_owned()) {
            Ok(result) => self.complete(result),
            Err(_) => self.fail(internal("the answer cannot be read")),
        }
    }

    fn complete(&self, result: Box<RawValue>) {
        let bytes = result.get().len();
        if let Err(full) = self.kept.take(bytes) {
            return self.fail(full);
        }
        if !self.edit(|record, now_ms| record.handle_completed(result, now_ms)) {
            self.kept.give_back(bytes);
        }
    }

    /// The call has no answer; nothing happens if the task is over.
    pub(crate) fn fail(&self, error: ErrorObject) {
        self.edit(|record, now_ms| record.handle_failed(error, now_ms));
    }

    /// Waits until the task has changed since the version `seen`, which moves to the present, and
    /// reads it then.
    pub(crate) fn poll_changed<R>(
        &self,
        watcher: u64,
        seen: &mut u64,
        read: impl FnOnce(&TaskRecord) -> R,
        cx: &Context<'_>,
    ) -> Poll<R> {
        let mut state = self.state.lock();
        if state.version != *seen {
            *seen = state.version;
            return Poll::Ready(read(&state.record));
        }
        match state.watchers.iter_mut().find(|(number, _)| *number == watcher) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => state.watchers.push((watcher, cx.waker().clone())),
        }
        Poll::Pending
    }

    /// Forgets a watcher.
    pub(crate) fn forget(&self, watcher: u64) {
        self.state.lock().watchers.retain(|(number, _)| *number != watcher);
    }
}

impl Drop for TaskEntry {
    fn drop(&mut self) {
        self.kept.give_back(self.state.get_mut().record.result_bytes());
    }
}

/// An error of the server itself.
pub(crate) fn internal(message: &str) -> ErrorObject {
    ErrorObject::new(INTERNAL_ERROR, message)
}
