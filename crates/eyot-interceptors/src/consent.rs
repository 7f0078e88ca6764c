//! The consent of the user of a client: what is asked, how both eras are asked, and what clients keep of it.

mod asked_reply;
mod asker;
mod open_questions;
mod question;
mod rounds;
mod sealing;

pub(crate) use self::asked_reply::AskedReply;
pub(crate) use self::asker::{Asker, Given, ToClient};
pub(crate) use self::open_questions::OpenQuestions;
pub use self::question::Consent;
pub(crate) use self::sealing::Sealing;
