//! Answers to the questions that a server asks the user.

use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};

use eyot::ErrorObject;
use eyot::jsonrpc::INTERNAL_ERROR;
use eyot::types::{ElicitAction, ElicitMode, ElicitParams, ElicitResult};
use tokio::io::BufReader;
use tokio::sync::Semaphore;

use super::{form, show};
use crate::args::Answer;
use crate::logging;

/// The source of answers.
pub(super) enum Answers {
    /// The flags: the last one answers every question that follows.
    Given(Mutex<VecDeque<Answer>>),
    /// The user at the terminal, one question at a time.
    Terminal(Semaphore),
    /// There is no user.
    Unattended,
}

impl Answers {
    pub(super) fn new(given: Vec<Answer>) -> Self {
        let is_manned = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        match (given.is_empty(), is_manned) {
            (false, _) => Self::Given(Mutex::new(given.into())),
            (true, true) => Self::Terminal(Semaphore::new(1)),
            (true, false) => Self::Unattended,
        }
    }

    /// Whether there is a user who could look at a web page.
    pub(super) fn has_pages(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// Answers one question.
    pub(super) async fn answer(&self, asked: ElicitParams) -> Result<ElicitResult, ErrorObject> {
        match self {
            Self::Terminal(turns) => {
                let turn = turns.acquire().await;
                let answer = ask(asked).await;
                drop(turn);
                let failed = |error: std::io::Error| {
                    ErrorObject::new(INTERNAL_ERROR, format!("the terminal failed: {error}"))
                };
                answer.map_err(failed)
            }
            Self::Given(given) => {
                tell(&asked, "answered as --answer says");
                Ok(match next(given) {
                    Some(Answer::Accept(content)) => ElicitResult::accept(content),
                    Some(Answer::Cancel) => ElicitResult::new(ElicitAction::Cancel),
                    Some(Answer::Decline) | None => ElicitResult::new(ElicitAction::Decline),
                })
            }
            Self::Unattended => {
                tell(&asked, "declined; --answer answers it");
                Ok(ElicitResult::new(ElicitAction::Decline))
            }
        }
    }
}

fn next(given: &Mutex<VecDeque<Answer>>) -> Option<Answer> {
    let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
    match given.len() {
        0 | 1 => given.front().cloned(),
        _ => given.pop_front(),
    }
}

fn tell(asked: &ElicitParams, what: &str) {
    logging::say(&show::plain(&format!("the server asks: {} ({what})", asked.message)));
}

async fn ask(asked: ElicitParams) -> std::io::Result<ElicitResult> {
    let mut terminal = (BufReader::new(tokio::io::stdin()), std::io::stderr());
    if asked.mode == Some(ElicitMode::Url) {
        let url = asked.url.as_deref().unwrap_or_default();
        return form::page(&asked.message, url, &mut terminal).await;
    }
    let questions = asked.requested_schema.unwrap_or_default();
    form::fill_in(&asked.message, &questions, &mut terminal).await
}
