//! A client that lets a server add: one at a URL, or a program that is started.
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use eyot::{Client, Limits, Target};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Target::from_args(std::env::args().skip(1), Limits::default())?;
    let client = Client::builder("me", "1.0").connect(server).await?;
    let sum = client.call_tool("add", json!({ "a": 1, "b": 2 })).await?;
    println!("{}", sum.text());
    Ok(())
}
