//! How to use the servers behind a gateway, as they say it themselves.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::offering::{Gateway, at_urls};
use crate::support::{
    Ask, Handler, Upstream, agreed, initialize, modern_ask, modern_request, send, within,
};

/// A legacy server that says how to use it, and has no tools.
async fn server() -> Upstream {
    let handler: Handler = Arc::new(|exchange| {
        Box::pin(async move {
            match exchange.method().as_str() {
                "initialize" => {
                    let mut result = agreed(&exchange.message());
                    result["instructions"] = json!("Row.\nAnd rest.");
                    exchange.result(result).await;
                }
                "notifications/initialized" => exchange.accept().await,
                "tools/list" => exchange.result(json!({ "tools": [] })).await,
                _ => exchange.status(405).await,
            }
        })
    });
    Upstream::handled(handler).await
}

/// Asks until there are instructions.
async fn told(gateway: &Gateway, ask: &Ask) -> Value {
    within("the instructions", async {
        loop {
            let answer: Value = send(gateway.address(), ask).await.json();
            let instructions = &answer["result"]["instructions"];
            if !instructions.is_null() {
                return instructions.clone();
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_both_eras_are_told_how_to_use_servers_that_were_started() {
    let upstream = server().await;
    let servers = at_urls(&[("boat", upstream.url())]);
    let gateway = Gateway::with(&servers, &["--eager"]).await;
    let legacy = told(&gateway, &Ask::post(&initialize("2025-11-25"))).await;
    let text = legacy.as_str().unwrap();
    assert!(text.ends_with("\n## boat\n\n> Row.\n> And rest.\n"), "{text}");
    let discover = modern_request(7, "server/discover", json!({}));
    assert_eq!(told(&gateway, &modern_ask(&discover)).await, legacy);
}
