//! Tasks across the eras: the extension of 2026-07-28 over the experimental tasks of 2025-11-25,
//! and the other way round.

mod peers;
mod to_legacy;
mod to_modern;
