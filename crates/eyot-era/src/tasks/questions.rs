//! The open questions of a task: each is answered at most once.

use std::collections::{BTreeMap, VecDeque};

use serde_json::value::RawValue;

/// What the work asks now, by the keys of the questions: each value is an
/// [`InputRequest`](eyot_types::InputRequest), written. Text is a tenth of what it says when it is
/// decoded, and people take their time.
///
/// "Keys MUST be unique over the lifetime of the task" (tasks extension).
pub type AskedQuestions = BTreeMap<String, Box<RawValue>>;

/// The work asks more at once than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a task has at most {0} open questions")]
#[expect(clippy::exhaustive_structs, reason = "the bound is all there is to say")]
pub struct TooManyQuestions(pub usize);

/// The questions of one task.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// What the work waits for, as far as this side knows.
    asked: BTreeMap<String, Question>,
    /// Keys of questions that were answered and that the work waits for no more, the newest last:
    /// a peer that is behind may still name them.
    answered: VecDeque<String>,
}

#[derive(Debug)]
struct Question {
    request: Box<RawValue>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The client has not been asked, or sees the question in the state of the task.
    Open,
    /// The client has been asked in a request of its own.
    Taken,
    /// The client has answered; the work need not have heard it yet.
    Answered,
}

impl Questions {
    /// The work waits for exactly these; says whether the open ones have changed.
    pub(super) fn handle_asked(
        &mut self,
        asked: AskedQuestions,
        max: usize,
    ) -> Result<bool, TooManyQuestions> {
        if asked.len() > max {
            return Err(TooManyQuestions(max));
        }
        let mut before = std::mem::take(&mut self.asked);
        let mut has_changed = false;
        for (key, request) in asked {
            let question = before.remove(&key).unwrap_or_else(|| {
                let was_answered = self.answered.contains(&key);
                has_changed |= !was_answered;
                let stage = if was_answered { Stage::Answered } else { Stage::Open };
                Question { request, stage }
            });
            self.asked.insert(key, question);
        }
        for (key, question) in before {
            match question.stage {
                Stage::Answered => self.remember(key, max),
                Stage::Open | Stage::Taken => has_changed = true,
            }
        }
        Ok(has_changed)
    }

    fn remember(&mut self, key: String, max: usize) {
        self.answered.push_back(key);
        if self.answered.len() > max {
            self.answered.pop_front();
        }
    }

    /// The client answers this question; `false` when it does not wait for an answer.
    pub(super) fn handle_answer(&mut self, key: &str) -> bool {
        let question = self.asked.get_mut(key).filter(|it| it.stage != Stage::Answered);
        question.map(|it| it.stage = Stage::Answered).is_some()
    }

    /// The answer was none, and the client is asked again; `false` when it had not answered.
    pub(super) fn handle_unanswered(&mut self, key: &str) -> bool {
        let question = self.asked.get_mut(key).filter(|it| it.stage == Stage::Answered);
        question.map(|it| it.stage = Stage::Open).is_some()
    }

    /// The questions that the client has not been asked; from here on it has been.
    pub(super) fn take(&mut self) -> AskedQuestions {
        let open = self.asked.iter_mut().filter(|(_, it)| it.stage == Stage::Open);
        let taken = open.map(|(key, question)| {
            question.stage = Stage::Taken;
            (key.clone(), question.request.clone())
        });
        taken.collect()
    }

    /// The driver has stopped asking this question, and the client has not answered it.
    pub(super) fn give_back(&mut self, key: &str) {
        if let Some(question) = self.asked.get_mut(key).filter(|it| it.stage == Stage::Taken) {
            question.stage = Stage::Open;
        }
    }

    /// What the client owes an answer to.
    pub(super) fn open(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        let open = self.asked.iter().filter(|(_, it)| it.stage != Stage::Answered);
        open.map(|(key, question)| (key.as_str(), &*question.request))
    }

    /// Nothing is asked any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
