//! Servers of handlers, as clients of both eras see them over a pipe.

mod calls;
mod changes;
mod http;
mod layers;
mod listening;
mod offers;
mod peer;
mod pressure;
mod questions;
mod retries;
mod revisions;
mod rounds;
mod tasks;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Json, Server, ServerBuilder, tool};

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

/// A server with one tool that adds.
fn calculator() -> ServerBuilder {
    let add = tool("add", |add: Add, _| async move { Json(Sum { sum: add.a + add.b }) })
        .description("Adds two numbers.");
    Server::builder("calc", "1.0").tool(add)
}
