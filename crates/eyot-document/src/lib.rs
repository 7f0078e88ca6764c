//! A text of YAML, TOML or JSON as one tree, in which every value has its place.
//!
//! **Invariant:** this crate does no I/O, and knows nothing of what a text is for. Whatever the
//! text is, there is no panic, nesting and aliases have a bound, and no value is in any message or
//! debug output: it may be a secret.
//!
//! - [`parse`]: a text of one [`Format`], as a tree of [`Node`]s and what is wrong with it.
//! - [`Fault`]: something wrong, and its [`Position`].
//! - [`shown_name`]: a name of the text, as a message may show it.

mod formats;
mod name;
mod node;
mod position;

pub use crate::formats::{Format, json_options, parse};
pub use crate::name::shown_name;
pub use crate::node::{Fault, Member, Node, Value};
pub use crate::position::{Position, Positions};
