//! Newline-delimited JSON: child processes, this process's own streams, and any other pair.
//!
//! An MCP server behind stdio is a child process: one message per line on its stdin and stdout,
//! log text on its stderr (2026-07-28, basic/transports/stdio). This crate starts the server,
//! carries lines both ways, keeps the last lines of its stderr, and sees that it ends. It is also
//! the other end when this process is the server that was started. The crate does not know what a
//! message is: lines are bytes, and the caller judges them. Both ends are a
//! [`MessageIo`](eyot_service::MessageIo).
//!
//! - [`Command`]: the program to start. No shell anywhere; the environment is an allow-list.
//! - [`Child`]: the running process, driven by one task through [`Child::next`].
//! - [`Reaper`]: the process that ends the children of a process that was killed.
//! - [`LineIo`]: lines over this process's own streams, or over any reader and writer.
//! - [`ChildLimits`], [`LineLimits`]: the bounds of lines, queues and patience.
//!
//! **Invariant:** no process outlives its [`Child`], and nothing that it does makes its owner wait
//! without bound. A child leads a process group of its own, and the group is killed with it; only a
//! descendant that has left the group by itself (`setsid`) escapes. If this process itself is
//! killed, its children see the end of their stdin, and its [`Reaper`], if it has one, ends those
//! that do not leave by themselves. As the first process of a container it inherits
//! its children's orphans, and needs an init process beside it to reap them.
//!
//! Unix only: the orderly end uses process groups and signals.

mod child;
mod command;
mod group;
mod ladder;
mod limits;
mod line_io;
mod message_io;
mod reader;
mod reaper;
mod report;
mod stderr;
mod tail;
mod timer;
mod writer;

pub use crate::child::{Child, ChildEvent};
pub use crate::command::{Command, SpawnError};
pub use crate::limits::{ChildLimits, LineLimits};
pub use crate::line_io::{LineEvent, LineIo};
pub use crate::reaper::{Reaper, reap};
pub use crate::report::ExitReport;
