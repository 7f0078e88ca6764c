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

use eyot_jsonrpc::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::exchange::Exchange;
use crate::call::running::RunningCall;
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

/// A call that is over already.
pub(crate) fn gone() -> std::sync::Weak<dyn RunningCall> {
    #[derive(Debug)]
    struct Gone(Exchange);
    impl RunningCall for Gone {
        fn request_id(&self) -> Id {
            Id::from_text("gone")
        }

        fn exchange(&self) -> &Exchange {
            &self.0
        }
    }
    std::sync::Weak::<Gone>::new()
}
