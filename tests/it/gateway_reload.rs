//! A file that changes while its servers are served.

use serde_json::json;

use crate::gateway::ask;
use crate::support::offering::{Gateway, Offering, at_urls, names_in, write_servers};
use crate::support::{EventStream, Session};

async fn told(stream: &mut EventStream) {
    while stream.next_message().await.message()["method"] != "notifications/tools/list_changed" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_servers_that_change_in_a_file_change_for_clients() {
    let [a, b, c] =
        [("a", "of-a"), ("b", "of-b"), ("c", "of-c")].map(|(it, tool)| Offering::new(it, &[tool]));
    let (at_a, at_b, at_c) = (a.open().await, b.open().await, c.open().await);
    let gateway = Gateway::before(&[("one", at_a.url()), ("two", at_b.url())]).await;
    let session = Session::open(gateway.address(), "2025-11-25").await;
    let mut stream = session.begin(&session.get()).await.events();
    let tools = ask(&session, "tools/list", json!({})).await;
    assert_eq!(Vec::from_iter(names_in(&tools["result"], "tools", "name")), ["of-a", "of-b"]);
    // The name of one server leads to another one now.
    write_servers(&gateway.file(), &at_urls(&[("one", at_a.url()), ("two", at_c.url())]));
    told(&mut stream).await;
    let tools = ask(&session, "tools/list", json!({})).await;
    assert_eq!(Vec::from_iter(names_in(&tools["result"], "tools", "name")), ["of-a", "of-c"]);
    for (tool, text) in [("of-c", "c of-c "), ("of-a", "a of-a ")] {
        let answer = ask(&session, "tools/call", json!({ "name": tool })).await;
        assert_eq!(answer["result"]["content"][0]["text"], text, "{answer}");
    }
    let answer = ask(&session, "tools/call", json!({ "name": "of-b" })).await;
    assert_eq!(answer["error"]["message"], "Unknown tool: of-b", "{answer}");
    assert_eq!([&a, &b, &c].map(|it| it.habits.initializes().len()), [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_changes_nothing() {
    let (a, b) = (Offering::new("a", &["of-a"]), Offering::new("b", &["of-b"]));
    let (at_a, at_b) = (a.open().await, b.open().await);
    let gateway = Gateway::before(&[("one", at_a.url())]).await;
    let session = Session::open(gateway.address(), "2025-11-25").await;
    let mut stream = session.begin(&session.get()).await.events();
    ask(&session, "tools/list", json!({})).await;
    for broken in ["{", "", "{\"mcpServers\": {\"x\": {}}}"] {
        std::fs::write(gateway.file(), broken).unwrap();
        let hangup = std::process::Command::new("kill")
            .args(["-HUP", &gateway.program.pid().to_string()])
            .status();
        assert!(hangup.unwrap().success());
        let answer = ask(&session, "tools/call", json!({ "name": "of-a" })).await;
        assert_eq!(answer["result"]["content"][0]["text"], "a of-a ", "{answer}");
    }
    write_servers(&gateway.file(), &at_urls(&[("one", at_a.url()), ("two", at_b.url())]));
    told(&mut stream).await;
    let tools = ask(&session, "tools/list", json!({})).await;
    assert_eq!(Vec::from_iter(names_in(&tools["result"], "tools", "name")), ["of-a", "of-b"]);
    assert_eq!(a.habits.initializes().len(), 1);
}
