//! The old transport.
