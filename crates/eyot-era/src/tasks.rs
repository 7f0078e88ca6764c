//! A call that goes on as a task, as one machine for every program that keeps tasks.
//!
//! A task stands between a client, who looks at it, answers what it asks and may cancel it, and the
//! work behind it: a handler in this process, or a task of a peer that is asked again and again.
//! [`TaskMachine`] is the life of one task, with its permit of a [`Quota`](eyot_stdx::Quota);
//! [`TaskTable`] finds tasks by id and forgets them when their time is over.
//!
//! A driver puts in what it hears (`handle_*`), does what comes out ([`Want`] for the request that
//! looks, [`Action`] for the rest) and shows the client a [`TaskView`].
//!
//! | state | comes from | goes to |
//! |---|---|---|
//! | working | creation, the last answer to a question | input required, or an end |
//! | input required | a question | working, or an end |
//! | completed, failed, cancelled | the work, the client, the clock | nothing |
//!
//! Tasks live in memory: a process that ends takes them with it.

mod due;
mod end;
mod machine;
mod messages;
mod polling;
mod questions;
mod said;
mod seed;
mod table;
mod view;

pub use self::end::{End, EndKind};
pub use self::machine::TaskMachine;
pub use self::messages::{Action, Ending, Look, Report, TaskError, Want, Watcher};
pub use self::polling::PollBounds;
pub use self::questions::{AskedQuestions, TooManyQuestions};
pub use self::said::{Said, Stamp};
pub use self::seed::{TaskBounds, TaskSeed, WorkPlace};
pub use self::table::TaskTable;
pub use self::view::TaskView;
