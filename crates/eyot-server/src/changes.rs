//! What changes while a server runs, and the clients that want to hear of it.

mod listen;
pub(crate) mod log;
