//! A server with one tool, for clients of both eras: over HTTP at the address that is given, or
//! over standard input and output.
use eyot::{Json, Server, tool};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Sum {
    sum: i64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let add = tool("add", async |add: Add, _| Json(Sum { sum: add.a + add.b }));
    let server = Server::builder("calc", "1.0").tool(add.description("Adds.")).build()?;
    match std::env::args().nth(1) {
        Some(address) => drop(server.serve_http(address).await?),
        None => server.serve_stdio().await,
    }
    Ok(())
}
