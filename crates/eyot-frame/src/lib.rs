//! Bytes to frames and back: server-sent events and newline-delimited JSON, with limits.
//!
//! Two framings carry MCP messages: the event stream of HTTP (WHATWG HTML, section 9.2,
//! "Server-sent events") and one message per line (2026-07-28, basic/transports/stdio). This crate
//! knows where a frame starts and ends, and nothing of its content.
//!
//! **Invariant:** no I/O, no clock, no spawn. The memory of a decoder grows up to the limit that it
//! was built with, never with the stream, and no split of the input changes the output.
//!
//! Feed a decoder with `push`, and empty it with `next_event` or `next_line` until that has no
//! more. A frame that lies in one chunk comes out as a slice of that chunk, without a copy.

mod encode;
mod error;
mod event;
mod event_decoder;
mod excerpt;
mod line;
mod mark;
mod splitter;

pub use crate::encode::{EventWriter, Frames, encode_event, encode_line, encode_priming, is_plain};
pub use crate::error::FrameError;
pub use crate::event::{Event, EventHead, KEEP_ALIVE, RETRY_MAX};
pub use crate::event_decoder::EventDecoder;
pub use crate::excerpt::Excerpt;
pub use crate::line::LineDecoder;
pub use crate::mark::without_byte_order_mark;
