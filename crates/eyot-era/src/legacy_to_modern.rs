//! A legacy client before a modern server.
//!
//! What the client has said once, in `initialize`, every request must say; what the server asks in
//! an answer, the client is asked with requests; what the server says, the client hears in its own
//! revision.

mod answers;
mod notices;
mod request;
mod rounds;
mod tasks;

pub use self::answers::{Converted, convert_answer, convert_tools};
pub use self::notices::convert_notification;
pub use self::request::ClientMeta;
pub use self::rounds::{Leg, RoundError, RoundLimits, Rounds, Step};
pub use self::tasks::{
    TaskReport, TaskRounds, call_goes_on, has_tasks, initialize, requires_task, task_created,
    task_report, task_result, tell_support, wanted_task,
};
