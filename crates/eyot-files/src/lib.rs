//! Files of the user, read within a bound and replaced at once.
//!
//! **Invariant:** whatever happens, a file has its old text or the new one, and a text that is kept
//! is never written over. This crate knows nothing of what is in the files.
//!
//! - [`read`]: a file, up to a bound.
//! - [`replace`], [`write_new`]: a file gets its text.
//! - [`Backups`]: what it was before, beside it.
//! - [`Watch`]: whether it, or another, has changed.
//! - [`this_process`]: this process, as others of its machine can see it.

mod backups;
mod process;
mod replace;
mod stamp;
mod watch;

pub use crate::backups::Backups;
pub use crate::process::{has_ended, this_process};
pub use crate::replace::{Readers, read, replace, write_new};
pub use crate::watch::Watch;

#[cfg(test)]
mod tests;
