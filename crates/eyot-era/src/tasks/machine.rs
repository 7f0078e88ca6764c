//! The life of one task.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_stdx::QuotaPermit;
use eyot_types::{LegacyTask, TaskStatus};

use super::due::Due;
use super::end::{End, EndKind};
use super::messages::{Action, Ending, Look, Report, TaskError, Want, Watcher};
use super::questions::{AskedQuestions, Questions, TooManyQuestions};
use super::said::{Said, Stamp};
use super::seed::{TaskBounds, TaskSeed, WorkPlace};
use super::view::{self, TaskView};

/// One task: what is known of it, what it asks, how it has ended, and until when it is kept.
///
/// Its driver calls the `handle_*` methods with what the client and the work say, and afterwards
/// does every [`Action`] that [`poll_action`](Self::poll_action) gives. An action that is lost,
/// because its future was dropped, leaves the task as it is: the client may ask again, and the
/// time of the task runs out.
#[derive(Debug)]
pub struct TaskMachine {
    id: Arc<str>,
    permit: Option<QuotaPermit>,
    place: WorkPlace,
    bounds: TaskBounds,
    begun: Instant,
    begun_unix_ms: u64,
    expires: Instant,
    ttl_ms: u64,
    said: Said,
    stage: Stage,
    questions: Questions,
    /// Counts what a client could see change; the creation is the first.
    version: u64,
    looks: Looks,
    due: Due,
}

#[derive(Debug)]
enum Stage {
    Running,
    /// It has ended, and how can be had from the work.
    EndedAtWork(EndKind),
    Ended(End),
}

#[derive(Debug)]
struct Looks {
    begun: u64,
    /// The newest that was answered.
    heard: u64,
    /// When the next one is due, if the task is watched.
    next: Instant,
    /// What the task has come to, heard before the work said that it is over.
    early: Option<End>,
    is_listening: bool,
}

impl TaskMachine {
    /// A task that begins.
    #[must_use]
    pub fn new(seed: TaskSeed, bounds: TaskBounds, now: Instant) -> Self {
        let TaskSeed { id, permit, place, said, ttl_ms, unix_ms } = seed;
        let ttl_max = bounds.ttl_max.min(TTL_MAX);
        let ttl = ttl_ms.map_or(ttl_max, |it| Duration::from_millis(it).min(ttl_max));
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
        let next = now + bounds.polling.interval(said.poll_interval_ms);
        Self {
            id,
            permit,
            place,
            bounds,
            begun: now,
            begun_unix_ms: unix_ms,
            expires: now + Duration::from_millis(ttl_ms),
            ttl_ms,
            said,
            stage: Stage::Running,
            questions: Questions::default(),
            version: 1,
            looks: Looks { begun: 0, heard: 0, next, early: None, is_listening: false },
            due: Due::default(),
        }
    }

    /// The id that the client knows.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Whose task it is, if it has a permit. `None`: a client without a name.
    #[must_use]
    pub fn principal(&self) -> Option<&Arc<str>> {
        self.permit.as_ref()?.principal()
    }

    /// How long the task is kept from its creation on, in milliseconds.
    #[must_use]
    pub fn ttl_ms(&self) -> u64 {
        self.ttl_ms
    }

    /// When its time is over, whether the work is done or not.
    #[must_use]
    pub fn expires(&self) -> Instant {
        self.expires
    }

    /// The state that a modern client sees.
    #[must_use]
    pub fn status(&self) -> TaskStatus {
        match self.stage {
            Stage::Running if self.is_asking() => TaskStatus::InputRequired,
            Stage::Running => TaskStatus::Working,
            Stage::Ended(End::Cancelled) | Stage::EndedAtWork(EndKind::Cancelled) => {
                TaskStatus::Cancelled
            }
            Stage::Ended(End::Error(_)) | Stage::EndedAtWork(EndKind::Error) => TaskStatus::Failed,
            Stage::Ended(End::Result(_)) | Stage::EndedAtWork(_) => TaskStatus::Completed,
        }
    }

    /// What the task has come to, if it has ended and that is kept here.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        match &self.stage {
            Stage::Ended(end) => Some(end),
            Stage::Running | Stage::EndedAtWork(_) => None,
        }
    }

    /// How the task has ended. `None`: it has not.
    #[must_use]
    pub fn ended_as(&self) -> Option<EndKind> {
        match &self.stage {
            Stage::Running => None,
            Stage::EndedAtWork(kind) => Some(*kind),
            Stage::Ended(end) => Some(end.kind()),
        }
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !matches!(self.stage, Stage::Running)
    }

    /// The task for a modern client. `end` is the end of a task that has ended and whose end was
    /// not kept here. `None`: the task has ended, and its end is neither here nor given.
    #[must_use]
    pub fn view<'m>(&'m self, end: Option<&'m End>) -> Option<TaskView<'m>> {
        TaskView::of(self, end)
    }

    /// The task for a client of 2025-11-25, who gets results and questions in other ways.
    #[must_use]
    pub fn legacy_view(&self) -> LegacyTask {
        view::legacy(self)
    }

    pub(super) fn said(&self) -> &Said {
        &self.said
    }

    pub(super) fn questions(&self) -> &Questions {
        &self.questions
    }

    pub(super) fn is_asking(&self) -> bool {
        self.questions.open().next().is_some()
    }
}

/// What the client does.
impl TaskMachine {
    /// A client looks at the task, or a driver on its behalf.
    pub fn handle_look(&mut self, now: Instant) -> Want {
        if self.place == WorkPlace::Here || self.due.is_released() {
            return Want::Nothing;
        }
        self.looks.begun += 1;
        // One look serves all that would look now.
        self.looks.next = now + self.interval();
        Want::Report(Look(self.looks.begun))
    }

    /// The client answers a question; `false` when the question is not open. From here on the
    /// question is answered, whether the work hears it or not.
    ///
    /// "A server SHOULD ignore any `inputResponses` responses mapped to a key that is not currently
    /// outstanding for the task" (tasks extension, Task Update Requests).
    pub fn handle_answer(&mut self, key: &str, now: Instant) -> bool {
        let is_taken = self.questions.handle_answer(key);
        if is_taken {
            self.touch(now);
        }
        is_taken
    }

    /// The work can make nothing of an answer, so that its question is open again.
    pub fn handle_unanswered(&mut self, key: &str, now: Instant) {
        if self.questions.handle_unanswered(key) {
            self.touch(now);
        }
    }

    /// The open questions that the client has not been asked. The caller asks them.
    ///
    /// "Clients SHOULD track which keys they have already responded to" (tasks extension).
    pub fn take_questions(&mut self) -> AskedQuestions {
        self.questions.take()
    }

    /// A question that was taken is put to the client no longer, and has no answer.
    pub fn handle_given_back(&mut self, key: &str) {
        self.questions.give_back(key);
    }

    /// The client does not want the task any more. Work in this process ends at once; a peer is
    /// asked to stop, however often the client says so.
    ///
    /// # Errors
    /// How the task has ended, when it has.
    pub fn handle_cancel(&mut self, now: Instant) -> Result<(), EndKind> {
        if let Some(kind) = self.ended_as() {
            return Err(kind);
        }
        match self.place {
            WorkPlace::Here => self.give_up(End::Cancelled, now),
            WorkPlace::Peer => self.due.cancel = true,
        }
        Ok(())
    }
}

/// What the work does.
impl TaskMachine {
    /// The work says what it does, for people.
    pub fn handle_message(&mut self, message: String, now: Instant) {
        if !self.is_over() && self.said.status_message.as_ref() != Some(&message) {
            self.said.status_message = Some(message);
            self.touch(now);
        }
    }

    /// The work waits for the answers to exactly these questions.
    ///
    /// # Errors
    /// When there are too many; then nothing has changed.
    pub fn handle_questions(
        &mut self,
        asked: AskedQuestions,
        now: Instant,
    ) -> Result<(), TooManyQuestions> {
        let max = self.bounds.questions_max;
        if !self.is_over() && self.questions.handle_asked(asked, max)? {
            self.touch(now);
        }
        Ok(())
    }

    /// The work says how far it is.
    ///
    /// # Errors
    /// When the work had ended and says now that it has not, or asks too much.
    pub fn handle_report(
        &mut self,
        look: &Look,
        report: Report,
        now: Instant,
    ) -> Result<Want, TaskError> {
        let Look(look) = *look;
        let is_late = look <= self.looks.heard;
        self.looks.heard = self.looks.heard.max(look);
        match &self.stage {
            Stage::Ended(_) => return Ok(Want::Nothing),
            _ if report.is_over => return Ok(Want::End(Ending(report.said))),
            Stage::EndedAtWork(_) if is_late => return Ok(self.handle_look(now)),
            Stage::EndedAtWork(_) => return Err(TaskError::Contradiction),
            Stage::Running if is_late => return Ok(Want::Nothing),
            Stage::Running => {}
        }
        if self.said != report.said {
            self.said = report.said;
            self.version += 1;
        }
        if let Some(asked) = report.asked {
            self.handle_questions(asked, now)?;
        }
        self.looks.next = now + self.interval();
        self.due.listen |= report.needs_listener && !self.looks.is_listening;
        Ok(Want::Nothing)
    }

    /// What the task has come to, brought for a request that looks. An end for which there is no
    /// room is given back, and stays at the work, which is asked again the next time.
    ///
    /// # Errors
    /// When the task had ended in another way.
    pub fn handle_ending(&mut self, ending: Ending, end: End) -> Result<Option<End>, TaskError> {
        match self.stage {
            Stage::Ended(_) => return Ok(None),
            Stage::EndedAtWork(kind) if kind != end.kind() => {
                return Err(TaskError::Contradiction);
            }
            Stage::EndedAtWork(_) | Stage::Running => {}
        }
        let was_running = !self.is_over();
        let Ending(said) = ending;
        if self.has_room(&end) {
            self.enter(Stage::Ended(end));
            self.said = said;
            return Ok(None);
        }
        if was_running {
            self.enter(Stage::EndedAtWork(end.kind()));
            self.said = said;
        }
        Ok(Some(end))
    }

    /// What the task has come to, heard before the work says that it has ended: kept until it does,
    /// which is soon.
    pub fn handle_early_end(&mut self, end: End, now: Instant) {
        if !self.is_over() {
            self.looks.early = Some(end);
            self.looks.next = now;
        }
    }

    /// What [`handle_early_end`](Self::handle_early_end) has brought.
    pub fn take_early_end(&mut self) -> Option<End> {
        self.looks.early.take()
    }

    /// Something may have changed at the work: the next look is due at once.
    pub fn handle_changed(&mut self, now: Instant) {
        self.looks.next = self.looks.next.min(now);
    }

    /// The driver has stopped listening to the stream of the work.
    pub fn handle_unheard(&mut self) {
        self.looks.is_listening = false;
    }

    /// The work has ended, is lost, or has stopped at the client's wish; `false` when the task had
    /// ended before. A result for which there is no room is nowhere, so that the task has failed.
    pub fn handle_end(&mut self, end: End, now: Instant) -> bool {
        if self.is_over() {
            return false;
        }
        let end = if self.has_room(&end) { end } else { End::no_room() };
        // "The `tasks/get` response SHOULD include a `statusMessage` field with diagnostic
        // information about the failure" (tasks extension, Task Execution Errors).
        if let End::Error(error) = &end {
            self.said.status_message = Some(error.message.clone());
        }
        self.enter(Stage::Ended(end));
        self.said.last_updated_at = self.stamp(now);
        true
    }

    /// The task ends here, whatever the work does, which is told to stop; `false` when the task had
    /// ended before.
    pub fn handle_failure(&mut self, end: End, now: Instant) -> bool {
        let is_first = !self.is_over();
        if is_first {
            self.give_up(end, now);
        }
        is_first
    }
}

/// Time, and what comes out.
impl TaskMachine {
    /// Time has passed: a task whose time is over ends, lets go of its work, and gives its room
    /// back. "Servers MAY mark a task as `failed` at any point after the TTL elapses" (tasks
    /// extension, Task Polling).
    pub fn handle_timeout(&mut self, now: Instant) {
        if now < self.expires {
            return;
        }
        if !self.is_over() {
            self.give_up(End::internal("the task took longer than it is kept"), now);
        }
        self.due.release();
        self.permit = None;
    }

    /// When [`handle_timeout`](Self::handle_timeout) must be called. `None`: the task has let go of
    /// its work, or is about to.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        (!self.due.is_released()).then_some(self.expires)
    }

    /// When the next look is due, if the task is watched. `None`: looking would bring nothing new.
    #[must_use]
    pub fn poll_look(&self) -> Option<Instant> {
        let is_there_more = self.place == WorkPlace::Peer && !self.due.is_released();
        is_there_more.then_some(self.looks.next)
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = self.due.take();
        self.looks.is_listening |= action == Some(Action::Listen);
        action
    }

    /// Whether the task has changed since the watcher saw it, which it does now.
    pub fn poll_news(&self, watcher: &mut Watcher) -> bool {
        let has_news = watcher.seen != self.version;
        watcher.seen = self.version;
        has_news
    }

    /// Takes room for what the task has come to. No result is dropped for a new one: "the server
    /// may discard the task after the TTL elapses" (tasks extension, Tasks), and not before.
    fn has_room(&mut self, end: &End) -> bool {
        self.permit.as_mut().is_none_or(|it| it.grow(end.bytes()).is_ok())
    }

    fn interval(&self) -> Duration {
        self.bounds.polling.interval(self.said.poll_interval_ms)
    }

    fn give_up(&mut self, end: End, now: Instant) {
        self.handle_end(end, now);
        self.due.cancel = true;
    }

    /// The one place where a task ends. "A terminal state is left for no other" (tasks extension,
    /// Task Status State Diagram).
    fn enter(&mut self, stage: Stage) {
        if matches!(stage, Stage::Ended(_)) {
            self.due.release();
        }
        if !self.is_over() {
            self.version += 1;
        }
        self.stage = stage;
        self.questions.clear();
        self.looks.early = None;
        self.due.clear();
    }

    /// A client could see a change. A peer says itself when its task has changed.
    fn touch(&mut self, now: Instant) {
        self.version += 1;
        if self.place == WorkPlace::Here {
            self.said.last_updated_at = self.stamp(now);
        }
    }

    /// The time of day by the clock that only goes on, so that no task was changed before it was.
    fn stamp(&self, now: Instant) -> Stamp {
        let age = now.saturating_duration_since(self.begun).as_millis();
        let age_ms = u64::try_from(age).unwrap_or(u64::MAX);
        let unix_ms = self.begun_unix_ms.saturating_add(age_ms);
        match self.said.last_updated_at {
            Stamp::Unix(last_ms) => Stamp::Unix(unix_ms.max(last_ms)),
            Stamp::Text(_) => Stamp::Unix(unix_ms),
        }
    }
}

/// Longer than any process runs, and short enough to be added to any point in time.
const TTL_MAX: Duration = Duration::from_secs(10 * 365 * 86_400);

#[cfg(test)]
mod tests;
