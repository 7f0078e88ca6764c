//! What a file says of interceptors: guards that come with the program, rules, and the interceptors of
//! other servers. Read, put together, and kept up to date.
//!
//! [`Settings`] is the form of the file. [`Interception`] is what came of it: a plan at each boundary of a
//! proxy, which stays while the file changes.

mod file;
mod interception;
mod outer;
mod settings;
mod steps;

pub use crate::file::{FileProblems, InterceptorFile, follow};
pub use crate::interception::{Interception, InterceptionDriver};
pub use crate::settings::{
    At, GuardSettings, Hidden, SecretSettings, ServerSettings, Settings, StepSettings,
};
pub use crate::steps::{Kept, SettingsProblem};
