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

pub use self::answers::{Carried, carry_answer, carry_tools};
pub use self::notices::carry_notification;
pub use self::request::ClientMeta;
pub use self::rounds::{Leg, RoundError, RoundLimits, Rounds, Step};
pub use self::tasks::{
    TaskRounds, TaskView, call_goes_on, ended_as, has_tasks, initialize, outcome_of, requires_task,
    task_created, task_result, task_view, tell_support, wanted_task,
};
