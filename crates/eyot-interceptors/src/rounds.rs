//! Operations inside of others: the questions of a server in a result that waits for input, and the
//! client's answers to them in the next round.

use std::ops::Range;

use eyot_jsonrpc::{Members, Message};
use eyot_types::Method;

use crate::denial::Denial;
use crate::descriptor::Phase;
use crate::edit::{Edit, Splice};
use crate::origin::Origin;
use crate::plan::Plan;
use crate::pointer::range_in;
use crate::run::{Crossing, Passed, Run};
use crate::shapes;
use crate::subject::Subject;

/// Passes each answer of a request's `inputResponses` through the steps of what it answers.
pub(crate) async fn answers(
    plan: &Plan,
    crossing: Crossing,
    round: Subject,
    origin: &Origin,
) -> Result<Passed, Denial> {
    let mut parts = Parts { plan, crossing, origin, splices: Vec::new() };
    let payload = round.text();
    for answer in entries(payload, "inputResponses") {
        let events = shapes::questions_answered_by(answer);
        parts.pass(range_in(payload, answer).into(), answer, Phase::Response, &events).await?;
    }
    Ok(parts.applied_to(round))
}

/// Passes each question of a result's `inputRequests` through the steps of what is asked.
pub(crate) async fn questions(
    plan: &Plan,
    crossing: Crossing,
    result: Subject,
    origin: &Origin,
) -> Result<Passed, Denial> {
    let mut parts = Parts { plan, crossing, origin, splices: Vec::new() };
    let payload = result.text();
    for question in entries(payload, "inputRequests") {
        let Some((method, params)) = question_of(question) else { continue };
        let whole = range_in(payload, question);
        let place = match params {
            Some(params) => Place { range: range_in(payload, params), before: "" },
            None => Place { range: whole.end - 1..whole.end - 1, before: ",\"params\":" },
        };
        parts.pass(place, params.unwrap_or("{}"), Phase::Request, &[&method]).await?;
    }
    Ok(parts.applied_to(result))
}

/// Passes what the state of a task has inside through the steps of what it is: the questions that it waits
/// for, and the result or the error of its call.
pub(crate) async fn task(
    plan: &Plan,
    crossing: Crossing,
    state: Subject,
    origin: &Origin,
) -> Result<Passed, Denial> {
    let asked = questions(plan, crossing, state, origin).await?;
    let mut parts = Parts { plan, crossing, origin, splices: Vec::new() };
    let state = asked.subject;
    let payload = state.text();
    let events = [Method::ToolsCall.as_str()];
    for text in members(payload, "result") {
        parts.pass(range_in(payload, text).into(), text, Phase::Response, &events).await?;
    }
    for text in members(payload, "error").filter(|_| plan.steps_of(events[0]).response.sees_errors)
    {
        let error = Subject::error_part(text);
        parts.pass_subject(range_in(payload, text).into(), error, Phase::Response, &events).await?;
    }
    let mut passed = parts.applied_to(state);
    passed.is_changed |= asked.is_changed;
    Ok(passed)
}

/// Where a part goes.
struct Place {
    range: Range<usize>,
    /// What stands before it, if it was not there.
    before: &'static str,
}

impl From<Range<usize>> for Place {
    fn from(range: Range<usize>) -> Self {
        Self { range, before: "" }
    }
}

/// Parts of one payload on their way through a plan.
struct Parts<'a> {
    plan: &'a Plan,
    crossing: Crossing,
    origin: &'a Origin,
    splices: Vec<Splice>,
}

impl Parts<'_> {
    async fn pass(
        &mut self,
        place: Place,
        text: &str,
        phase: Phase,
        events: &[&str],
    ) -> Result<(), Denial> {
        self.pass_subject(place, Subject::part(text), phase, events).await
    }

    async fn pass_subject(
        &mut self,
        place: Place,
        mut subject: Subject,
        phase: Phase,
        events: &[&str],
    ) -> Result<(), Denial> {
        let Self { plan, crossing, origin, .. } = *self;
        let mut is_changed = false;
        for event in events {
            let steps = plan.steps_of(event);
            let steps = steps.of(phase);
            let passed = Run { plan, steps, crossing, event, phase, origin }.pass(subject).await?;
            is_changed |= passed.is_changed;
            subject = passed.subject;
        }
        if is_changed {
            let text = [place.before, subject.text()].concat();
            self.splices.push(Splice { range: place.range, text });
        }
        Ok(())
    }

    /// The whole with its parts as they have passed.
    fn applied_to(self, whole: Subject) -> Passed {
        let edited = whole.edited(Edit::Splices(self.splices)).unwrap_or_else(|failure| {
            eyot_stdx::never!("parts that have passed do not fit: {failure}");
            None
        });
        Passed { is_changed: edited.is_some(), subject: edited.unwrap_or(whole), to: None }
    }
}

/// The values of the object that is the member of this name.
fn entries<'a>(payload: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    members(payload, name).filter_map(Members::of).flatten().map(|(_, value)| value)
}

/// The member of this name; all of them if there are several, for readers may take any.
fn members<'a>(payload: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let members = Members::of(payload).into_iter().flatten();
    members.filter(move |(key, _)| key == name).map(|(_, value)| value)
}

/// The method of a question and its `params`, if it has any.
fn question_of(question: &str) -> Option<(String, Option<&str>)> {
    let members: Vec<_> = Members::of(question)?.collect();
    let find = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    Some((serde_json::from_str(find("method")?).ok()?, find("params")))
}

/// What kind of result an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultKind {
    /// The operation is done.
    Complete,
    /// It waits for input.
    InputRequired,
    /// It goes on as a task.
    Task,
}

impl ResultKind {
    /// The kind of an answer. Of a kind that is not known nothing is known: it is taken for the result.
    pub(crate) fn of(answer: &Message, has_asked_for_task: bool) -> Self {
        let Some(result) = answer.result() else { return Self::Complete };
        let Some(mut members) = Members::of(result) else { return Self::Complete };
        let kind = members.find_map(|(name, value)| match &*name {
            "resultType" => Some(match value {
                "\"input_required\"" => Self::InputRequired,
                "\"task\"" => Self::Task,
                _ => Self::Complete,
            }),
            // A result of 2025-11-25 in place of one that comes later.
            "task" if has_asked_for_task => Some(Self::Task),
            _ => None,
        });
        kind.unwrap_or(Self::Complete)
    }
}
