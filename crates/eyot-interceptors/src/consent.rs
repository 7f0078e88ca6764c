//! The consent of the user of a client, or of another principal: what is asked, how both eras are asked, and
//! what clients keep of it.

mod approval;
mod approvers;
mod askable;
mod asked_reply;
mod asker;
mod open_questions;
mod question;
mod rounds;
mod sealing;

pub use self::approvers::Approvers;
pub(crate) use self::askable::AskableSessions;
pub(crate) use self::asked_reply::AskedReply;
pub(crate) use self::asker::{Asker, Given, ToClient};
pub(crate) use self::open_questions::OpenQuestions;
pub use self::question::Consent;
pub(crate) use self::sealing::Sealing;
