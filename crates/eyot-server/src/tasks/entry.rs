//! A task in this process: its machine, the call that does the work, and its watchers.

use std::sync::Weak;
use std::task::{Context, Poll, Waker};

use eyot_era::tasks::{Action, AskedQuestions, End, TaskMachine, TaskView, Watcher};
use eyot_jsonrpc::Response;
use eyot_types::JsonObject;
use parking_lot::Mutex;
use serde_json::value::to_raw_value;
use tokio::time::Instant;

use crate::call::exchange::QuestionName;
use crate::call::running::RunningCall;

/// One task. All changes go through here, so that every watcher sees each one.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    /// The call that does the work, until it has ended.
    call: Weak<dyn RunningCall>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    task: TaskMachine,
    /// The last change that watchers were woken for.
    woken_for: Watcher,
    /// Wakers of the watchers, by watcher number: one for each listening client.
    watchers: Vec<(u64, Waker)>,
}

impl TaskEntry {
    pub(crate) fn new(task: TaskMachine, call: Weak<dyn RunningCall>) -> Self {
        let state = State { task, woken_for: Watcher::default(), watchers: Vec::new() };
        Self { call, state: Mutex::new(state) }
    }

    /// The end of the task's time, whether it is done or not.
    pub(crate) fn expires(&self) -> Instant {
        Instant::from_std(self.read(TaskMachine::expires))
    }

    /// Reads the task.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&TaskMachine) -> R) -> R {
        read(&self.state.lock().task)
    }

    /// Reads what the client sees.
    pub(crate) fn show<R>(&self, read: impl FnOnce(TaskView<'_>) -> R) -> Option<R> {
        self.state.lock().task.view(None).map(read)
    }

    /// Changes the task. Wakes the watchers if a client could see the change.
    fn handle<R>(&self, handle: impl FnOnce(&mut TaskMachine) -> R) -> R {
        let mut state = self.state.lock();
        let State { task, woken_for, watchers } = &mut *state;
        let handled = handle(task);
        let watchers = match task.poll_news(woken_for) {
            true => std::mem::take(watchers),
            false => Vec::new(),
        };
        let mut is_cancelled = false;
        while let Some(action) = task.poll_action() {
            // The work drops the task by itself, and has no watchers of its own.
            is_cancelled |= action == Action::Cancel;
        }
        drop(state);
        watchers.into_iter().for_each(|(_, waker)| waker.wake());
        if is_cancelled && let Some(call) = self.call.upgrade() {
            call.exchange().cancel();
        }
        handled
    }

    /// Sets the text for people about what the task does.
    pub(crate) fn say(&self, message: String) {
        self.handle(|task| task.handle_message(message, now()));
    }

    /// Updates the questions that the task shows to its client.
    ///
    /// The questions are read under the task's lock: when two threads do this at once, the later
    /// one sees at least what the earlier one saw.
    pub(crate) fn sync_inputs(&self) {
        let Some(call) = self.call.upgrade() else { return };
        let synced = self.handle(|task| {
            let open = call.exchange().open_inputs().into_iter();
            let asked = open.filter_map(|(key, it)| Some((key, to_raw_value(&it).ok()?)));
            task.handle_questions(asked.collect::<AskedQuestions>(), now())
        });
        if let Err(error) = synced {
            tracing::debug!(%error, "questions of a task are not asked");
        }
    }

    /// Gives the client's answers to the handler.
    pub(crate) fn answer(&self, mut responses: JsonObject) {
        let Some(call) = self.call.upgrade() else { return };
        // The watchers are woken below, after the handler: they see its new state at once.
        let mut state = self.state.lock();
        responses.retain(|key, _| state.task.handle_answer(key, now()));
        drop(state);
        for (key, answer) in responses {
            call.exchange().set_answer(&QuestionName::Key(key), Ok(answer));
        }
        self.sync_inputs();
    }

    /// Ends the task because its client wishes it. A task that is over does not change.
    pub(crate) fn cancel(&self) {
        if let Err(ended_as) = self.handle(|task| task.handle_cancel(now())) {
            tracing::debug!(?ended_as, "a task that is over is not cancelled");
        }
    }

    /// Ends the task with the answer of the call.
    pub(crate) fn finish(&self, answer: &Response) {
        self.handle(|task| task.handle_end(End::of_answer(answer), now()));
    }

    /// Ends the task because the work ended without an answer; a task that is over does not change.
    pub(crate) fn fail(&self, error: &str) {
        self.handle(|task| task.handle_end(End::internal(error), now()));
    }

    /// Ends the task because its time is over.
    pub(crate) fn expire(&self) {
        self.handle(|task| task.handle_timeout(now()));
    }

    /// Waits until the task has changed since the watcher last saw it, and then reads it. `number`
    /// is the watcher's number.
    pub(crate) fn poll_changed<R>(
        &self,
        number: u64,
        watcher: &mut Watcher,
        read: impl FnOnce(TaskView<'_>) -> R,
        cx: &Context<'_>,
    ) -> Poll<R> {
        let mut state = self.state.lock();
        if state.task.poll_news(watcher)
            && let Some(view) = state.task.view(None)
        {
            return Poll::Ready(read(view));
        }
        match state.watchers.iter_mut().find(|(it, _)| *it == number) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => state.watchers.push((number, cx.waker().clone())),
        }
        Poll::Pending
    }

    /// Removes a watcher.
    pub(crate) fn forget(&self, number: u64) {
        self.state.lock().watchers.retain(|(it, _)| *it != number);
    }
}

/// The clock of tasks, which never goes back. Tests move it.
pub(super) fn now() -> std::time::Instant {
    Instant::now().into_std()
}
