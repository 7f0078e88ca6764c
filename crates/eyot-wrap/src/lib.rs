//! Puts Eyot before the servers in people's configuration files, and takes it away again.
//!
//! **Invariant:** this crate does no I/O: the text of a file comes in, and its new text goes out.
//! Whatever stands outside of the entries that are named is the same, byte for byte; a text that
//! could not be changed in this way is refused. No difference that is shown has the value of a
//! variable, a header or a token.
//!
//! - [`Document`]: a file whose entries can be changed.
//! - [`Wrapper`]: what is put before a server.
//! - [`Change`]: the new text, and what became of each entry.

mod change;
mod diff;
mod document;
mod edit;
mod error;
mod mask;
mod rebuild;
mod region;
mod tree;
mod wrap;

pub use crate::change::{Change, Outcome};
pub use crate::document::Document;
pub use crate::error::WrapError;
pub use crate::wrap::Wrapper;

#[cfg(test)]
mod tests;
