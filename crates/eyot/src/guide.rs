//! The pages of `docs/guide`, so that their examples are compiled and run.

#[doc = include_str!("../../../docs/guide/first-server.md")]
mod first_server {}

#[doc = include_str!("../../../docs/guide/first-client.md")]
mod first_client {}

#[doc = include_str!("../../../docs/guide/elicitation.md")]
mod elicitation {}

#[doc = include_str!("../../../docs/guide/tasks.md")]
mod tasks {}

#[doc = include_str!("../../../docs/guide/errors.md")]
mod errors {}

#[doc = include_str!("../../../docs/guide/testing.md")]
mod testing {}

#[doc = include_str!("../../../docs/guide/policy.md")]
mod policy {}

#[doc = include_str!("../../../docs/guide/interceptors.md")]
mod interceptors {}

#[doc = include_str!("../../../docs/guide/embed.md")]
mod embed {}

#[doc = include_str!("../../../docs/guide/interceptor-servers.md")]
mod interceptor_servers {}
