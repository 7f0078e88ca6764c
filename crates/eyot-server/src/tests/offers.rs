//! Prompts, resources, templates, completion, pages, methods of one's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use eyot_types::{CacheScope, PromptArgument, PromptMessage, ResourceContents};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::{
    CallContext, HandlerError, NoArguments, Server, UriVariables, prompt, resource,
    resource_template, tool,
};

fn library() -> Server {
    let review = prompt("review", |arguments: crate::PromptArguments, _| async move {
        vec![PromptMessage::user(format!("Review {}.", arguments["book"]))]
    })
    .description("Writes a review.")
    .argument(PromptArgument::required("book"))
    .complete("book", |so_far: String, _| async move {
        let books = ["Emma", "Persuasion", "Evelina"];
        books.into_iter().filter(|it| it.starts_with(&so_far)).collect::<Vec<_>>()
    });
    let catalog = resource("library:///catalog", |_| async move { "three books" })
        .name("catalog")
        .mime_type("text/plain")
        .cache(std::time::Duration::from_secs(60), CacheScope::Public);
    let page = resource_template("library:///{book}/{page}", |it: UriVariables, _| async move {
        if it["book"] == "Lost" {
            return Err(HandlerError::new("this book is lost"));
        }
        let uri = format!("library:///{}/{}", it["book"], it["page"]);
        Ok(ResourceContents::blob(uri, it["page"].as_bytes()))
    })
    .name("page");
    Server::builder("library", "1")
        .prompt(review)
        .resource(catalog)
        .resource_template(page)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_prompt_becomes_messages_once_its_arguments_are_there() {
    let mut peer = Peer::modern(&library(), json!({}));
    let answer = peer.ask("prompts/get", json!({ "name": "review" })).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let params = json!({ "name": "review", "arguments": { "book": "Emma" } });
    let answer = peer.ask("prompts/get", params).await;
    assert_eq!(answer["result"]["messages"][0]["content"]["text"], "Review Emma.", "{answer}");
    assert_eq!(answer["result"]["description"], "Writes a review.");
}

#[tokio::test]
async fn an_argument_is_completed_from_what_is_there() {
    let mut peer = Peer::modern(&library(), json!({}));
    let params = json!({
        "ref": { "type": "ref/prompt", "name": "review" },
        "argument": { "name": "book", "value": "E" },
    });
    let answer = peer.ask("completion/complete", params).await;
    assert_eq!(answer["result"]["completion"]["values"], json!(["Emma", "Evelina"]), "{answer}");
}

#[tokio::test]
async fn a_resource_is_read_with_its_type_and_how_long_it_stays_good() {
    let server = library();
    let params = json!({ "uri": "library:///catalog" });
    let answer = Peer::modern(&server, json!({})).ask("resources/read", params.clone()).await;
    assert_eq!(answer["result"]["contents"][0]["text"], "three books", "{answer}");
    assert_eq!(answer["result"]["contents"][0]["mimeType"], "text/plain");
    assert_eq!(answer["result"]["ttlMs"], 60_000);
    assert_eq!(answer["result"]["cacheScope"], "public");
    let answer = Peer::legacy(&server, json!({})).await.request("resources/read", params).await;
    assert_eq!(answer["result"].get("ttlMs"), None, "{answer}");
}

#[tokio::test]
async fn contents_of_other_addresses_do_not_get_the_type_of_the_resource() {
    let shelf = resource("library:///shelf", |_| async {
        let cover = ResourceContents::blob("library:///shelf/cover", b"");
        let index = ResourceContents::text("library:///shelf", "<p>").with_mime_type("text/html");
        vec![ResourceContents::text("library:///shelf", "a"), index, cover]
    });
    let server = Server::builder("library", "1").resource(shelf.mime_type("text/plain"));
    let mut peer = Peer::modern(&server.build().unwrap(), json!({}));
    let answer = peer.ask("resources/read", json!({ "uri": "library:///shelf" })).await;
    let types: Vec<_> = (0..3).map(|it| &answer["result"]["contents"][it]["mimeType"]).collect();
    assert_eq!(types, [&json!("text/plain"), &json!("text/html"), &Value::Null]);
}

#[tokio::test]
async fn a_template_serves_the_addresses_that_it_describes() {
    let mut peer = Peer::modern(&library(), json!({}));
    let answer = peer.ask("resources/read", json!({ "uri": "library:///Emma/7" })).await;
    assert_eq!(answer["result"]["contents"][0]["blob"], "Nw==", "{answer}");
    let answer = peer.ask("resources/read", json!({ "uri": "library:///Lost/7" })).await;
    assert_eq!(answer["error"]["message"], "this book is lost", "{answer}");
}

#[tokio::test]
async fn an_address_where_nothing_is_has_the_code_of_its_era() {
    let server = library();
    let params = json!({ "uri": "library:///Emma" });
    let answer = Peer::modern(&server, json!({})).ask("resources/read", params.clone()).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert_eq!(answer["error"]["data"]["uri"], "library:///Emma");
    let answer = Peer::legacy(&server, json!({})).await.request("resources/read", params).await;
    assert_eq!(answer["error"]["code"], -32002, "{answer}");
}

#[tokio::test]
async fn only_what_is_served_is_declared() {
    let answer = Peer::modern(&library(), json!({})).ask("server/discover", json!({})).await;
    let declared = &answer["result"]["capabilities"];
    let expected = json!({ "completions": {}, "prompts": { "listChanged": true },
        "resources": { "listChanged": true } });
    assert_eq!(*declared, expected, "{answer}");
    assert_eq!(answer["result"]["supportedVersions"], json!(["2026-07-28"]));
}

#[tokio::test]
async fn a_long_list_comes_in_pages_whose_cursors_are_good_for_their_list_only() {
    let mut server = Server::builder("many", "1").page_size(2);
    for number in 0..5 {
        let name = format!("t{number}");
        server = server.tool(tool(name, |_: NoArguments, _| async move { "" }));
    }
    let server = server.build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    let (mut names, mut params) = (Vec::new(), json!({}));
    loop {
        let answer = peer.ask("tools/list", params).await;
        let tools = answer["result"]["tools"].as_array().unwrap();
        names.extend(tools.iter().map(|it| it["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = answer["result"].get("nextCursor") else { break };
        let elsewhere = peer.ask("prompts/list", json!({ "cursor": cursor })).await;
        assert_eq!(elsewhere["error"]["code"], -32602, "{elsewhere}");
        params = json!({ "cursor": cursor });
    }
    assert_eq!(names, ["t0", "t1", "t2", "t3", "t4"]);
}

#[tokio::test]
async fn a_method_of_ones_own_answers_clients_of_both_eras() {
    let twice = |params: Value, call: CallContext| async move {
        let doubled = params["n"].as_i64().unwrap_or(0) * 2;
        Ok::<_, HandlerError>(json!({ "n": doubled, "era": call.era().as_str() }))
    };
    let server = Server::builder("s", "1").method("x/twice", twice).build().unwrap();
    let answer = Peer::modern(&server, json!({})).ask("x/twice", json!({ "n": 4 })).await;
    assert_eq!(answer["result"]["n"], 8, "{answer}");
    assert_eq!(answer["result"]["resultType"], "complete");
    let mut legacy = Peer::legacy(&server, json!({})).await;
    let answer = legacy.request("x/twice", json!({ "n": 4 })).await;
    assert_eq!(answer["result"], json!({ "n": 8, "era": "legacy" }));
}

#[tokio::test]
async fn what_a_method_of_ones_own_gets_and_gives_keeps_its_numbers() {
    type Members = BTreeMap<String, Box<RawValue>>;
    let same = |params: Members, _: CallContext| async { Ok::<_, HandlerError>(params) };
    let server = Server::builder("s", "1").method("x/same", same).build().unwrap();
    let mut peer = Peer::legacy(&server, json!({})).await;
    let asked =
        r#"{"jsonrpc":"2.0","id":1,"method":"x/same","params":{"n":123456789012345678901}}"#;
    peer.send_line(asked).await;
    assert!(peer.next_line().await.contains(r#"{"n":123456789012345678901}"#));
}

#[tokio::test]
async fn a_handler_knows_its_peer() {
    let whoami = tool("whoami", async |_: NoArguments, call: CallContext| {
        let info = call.client_info().await?.map(|it| it.name);
        let known = (call.era(), call.revision(), call.transport(), call.session_id().is_some());
        Ok::<_, HandlerError>(format!("{info:?} {known:?} {:?}", call.principal()))
    });
    let server = Server::builder("s", "1").tool(whoami).build().unwrap();
    let call = json!({ "name": "whoami", "arguments": {} });
    let answer = Peer::modern(&server, json!({})).ask("tools/call", call.clone()).await;
    let text = &answer["result"]["content"][0]["text"];
    assert_eq!(text, "None (Modern, V2026_07_28, Pipe, false) None", "{answer}");
    let answer = Peer::legacy(&server, json!({})).await.request("tools/call", call).await;
    let text = &answer["result"]["content"][0]["text"];
    assert_eq!(text, "Some(\"test\") (Legacy, V2025_11_25, Pipe, true) None", "{answer}");
}

#[tokio::test]
async fn every_definition_is_listed_as_it_was_described() {
    let meta = || json!({ "x/y": 1 }).as_object().unwrap().clone();
    let says = prompt("p", async |_, _| "").title("P").description("Says.").meta(meta());
    let reads = resource("a:1", async |_| "").title("R").description("Is.").meta(meta());
    let template = resource_template("a:{x}", async |_, _| "").title("T").description("Are.");
    let does = tool("t", async |_: NoArguments, _| ()).title("D").description("Does.");
    let server = Server::builder("s", "1").prompt(says).resource(reads);
    let server = server.resource_template(template.meta(meta())).tool(does.meta(meta()));
    let server = server.build().unwrap();
    for (method, list, title, description) in [
        ("prompts/list", "prompts", "P", "Says."),
        ("resources/list", "resources", "R", "Is."),
        ("resources/templates/list", "resourceTemplates", "T", "Are."),
        ("tools/list", "tools", "D", "Does."),
    ] {
        let answer = Peer::modern(&server, json!({})).ask(method, json!({})).await;
        let it = &answer["result"][list][0];
        let said = (&it["title"], &it["description"], &it["_meta"]["x/y"]);
        assert_eq!(said, (&json!(title), &json!(description), &json!(1)), "{answer}");
    }
}

#[tokio::test]
async fn a_method_of_the_protocol_cannot_be_replaced() {
    let never = |_: Value, _: CallContext| async move { Ok::<_, HandlerError>(json!({})) };
    let error = Server::builder("s", "1").method("tools/list", never).build().unwrap_err();
    assert_eq!(error.problems, ["method `tools/list` belongs to the protocol"]);
}

#[tokio::test]
async fn notifications_are_heard_in_their_order() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let server = Server::builder("s", "1")
        .on_notification(move |message, _| {
            hears.lock().unwrap().push(message.method().unwrap().into_owned());
        })
        .build()
        .unwrap();
    let mut peer = Peer::legacy(&server, json!({})).await;
    peer.notify("notifications/roots/list_changed", json!({})).await;
    peer.request("ping", json!({})).await;
    let expected = ["notifications/initialized", "notifications/roots/list_changed"];
    assert_eq!(*heard.lock().unwrap(), expected);
}
