//! Messages over lines: a child, a stream, a server of this process; and over the one channel of
//! HTTP with SSE, which is like them.
//!
//! A [`connection`] gives orders to the one [`driver`] of its [`link`], which knows from the
//! [`route`] of each message which call it belongs to.

pub(crate) mod connection;
pub(crate) mod driver;
pub(crate) mod item_queue;
pub(crate) mod link;
pub(crate) mod order;
pub(crate) mod route;
pub(crate) mod sse;
pub(crate) mod standalone_queue;
pub(crate) mod suspects;

pub use self::connection::LineConnection;
pub use self::driver::LineDriver;
