//! A modern client before a legacy server.
//!
//! The client says everything in every request and asks again with answers; the server lives in a
//! session and asks with requests of its own. What a request and its answer become is
//! in [`request()`] and [`answer()`]; the course of a call that is asked questions is in
//! [`parked`](crate::parked).

mod answer;
mod asked;
mod levels;
mod request;
mod subscribers;
mod tasks;

pub use self::answer::{
    Answered, answer, discover, discovered, missing_capability_error, url_elicitations,
};
pub use self::asked::Asked;
pub use self::levels::{Levels, passes};
pub use self::request::{capabilities, initialize, request};
pub use self::subscribers::{Change, Subscribers, granted};
pub use self::tasks::{
    TaskPlan, created, declares_tasks, has_tasks, related_task, task_end, with_task,
};
