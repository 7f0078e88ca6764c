//! The servers that come with the program, made with the builder of the facade.
//!
//! [`demo()`] is small and friendly; [`everything()`] has what tests of clients need. Both are written to be
//! read: they show what a server of handlers looks like.

mod demo;
mod everything;

pub use crate::demo::demo;
pub use crate::everything::everything;
