//! Which engine keeps the sessions.
//!
//! [`StoreUrl`] names an engine and where it is; [`StoreUrl::open`] opens it with the [`Durability`] that is
//! asked for, and says what is promised.

mod durability;
mod url;

pub use crate::durability::{Durability, InvalidDurability};
pub use crate::url::{InvalidStoreUrl, StoreUrl};
