//! A call that waits for its client.

mod questions;
mod record;

pub use self::questions::{OpenQuestion, Questions, RoundError, RoundLosses, TooManyQuestions};
pub use self::record::{AnswersDigest, Record, RecordStage};
