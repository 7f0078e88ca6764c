//! Identity towards servers: where the access tokens of requests come from.
//!
//! A [`TokenProvider`] gives each request its token and hears when a server refuses one; a
//! [`TokenGate`] sees that many requests at once ask it once.

mod token;

pub use crate::token::{
    AccessToken, Authorization, StaticToken, TokenError, TokenFuture, TokenGate, TokenProvider,
};
