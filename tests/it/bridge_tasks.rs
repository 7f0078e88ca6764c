//! Tasks across the eras: the extension of 2026-07-28 over the experimental tasks of 2025-11-25,
//! and the other way round.

mod legacy_to_modern;
mod modern_to_legacy;
mod peers;
