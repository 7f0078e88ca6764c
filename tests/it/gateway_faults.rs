//! A server behind a gateway that fails, is slow, or says something odd: the others go on, the lists
//! name it, and it comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::gateway::ask;
use crate::support::offering::{Gateway, Offering, at_urls, names_in};
use crate::support::{EventStream, Exchange, Handler, Session, Upstream, agreed, call, within};

/// A server that is well, and one that this is about.
struct Beside {
    well: Arc<Offering>,
    gateway: Gateway,
    session: Session,
    /// What the session hears.
    stream: EventStream,
    _upstream: Upstream,
}

impl Beside {
    async fn open(url_of_sick: String) -> Self {
        let well = Offering::new("well", &["fine"]);
        let upstream = well.open().await;
        let servers = at_urls(&[("sick", url_of_sick), ("well", upstream.url())]);
        let gateway = Gateway::with(&servers, &[]).await;
        let session = Session::open(gateway.address(), "2025-11-25").await;
        let stream = session.begin(&session.get()).await.events();
        Self { well, gateway, session, stream, _upstream: upstream }
    }

    /// The tools, and what is said of the server that is missing.
    async fn tools(&self) -> (Vec<String>, Value) {
        let listed = ask(&self.session, "tools/list", json!({})).await;
        let names = names_in(&listed["result"], "tools", "name").into_iter().collect();
        let partial = listed["result"]["_meta"]["io.eyot/partial"].clone();
        (names, partial)
    }

    async fn check_well(&self) {
        let answer = ask(&self.session, "tools/call", json!({ "name": "fine" })).await;
        assert_eq!(answer["result"]["content"][0]["text"], "well fine ", "{answer}");
    }

    /// Waits until the client is told that tools have changed.
    async fn told(&mut self) {
        loop {
            let message = self.stream.next_message().await.message();
            if message["method"] == "notifications/tools/list_changed" {
                return;
            }
        }
    }

    /// The list is without the server, and says why.
    async fn check_missing(&self, reason: &str) {
        let (tools, partial) = self.tools().await;
        assert_eq!(tools, ["fine"]);
        assert_eq!(partial[0]["server"], "sick", "{partial}");
        assert_eq!(partial[0]["isKnown"], false, "{partial}");
        let said = partial[0]["reason"].as_str().unwrap();
        assert!(said.contains(reason), "{said}");
        self.check_well().await;
    }

    /// The server is there again, without anything that its clients did.
    async fn check_back(&mut self) {
        self.told().await;
        let (tools, partial) = self.tools().await;
        assert_eq!((tools, partial), (vec!["fine".to_owned(), "late".to_owned()], Value::Null));
        let answer = ask(&self.session, "tools/call", json!({ "name": "late" })).await;
        assert_eq!(answer["result"]["content"][0]["text"], "sick late ", "{answer}");
        assert_eq!(self.well.habits.initializes().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_server_is_named_and_comes_back_by_itself() {
    let sick = Offering::new("sick", &["late"]);
    let absent = sick.open().await;
    let (address, url) = (absent.address, absent.url());
    absent.close().await;
    let mut beside = Beside::open(url).await;
    beside.check_missing("cannot be reached").await;
    let answer = ask(&beside.session, "tools/call", json!({ "name": "late" })).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Unknown tool: late") && message.contains("`sick`"), "{message}");
    let _back = sick.open_at(address).await;
    beside.check_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_keeps_its_place_in_the_list() {
    let sick = Offering::new("sick", &["late"]);
    let upstream = sick.open().await;
    let (address, url) = (upstream.address, upstream.url());
    let mut beside = Beside::open(url).await;
    assert_eq!(beside.tools().await.0, ["fine", "late"]);
    upstream.close().await;
    let answer = ask(&beside.session, "tools/call", json!({ "name": "late" })).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("server `sick`: "), "{message}");
    assert_eq!(answer["error"]["data"]["server"], "sick", "{answer}");
    beside.check_well().await;
    // It is said that the list has changed, so that the servers are asked.
    beside.well.change_tools(&["fine"]);
    beside.told().await;
    assert_eq!(beside.tools().await.0, ["fine", "late"]);
    sick.habits.forget();
    let _back = sick.open_at(address).await;
    let answer = ask(&beside.session, "tools/call", json!({ "name": "late" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "sick late ", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_slow_to_start_is_waited_for_beside_the_others() {
    let (sick, starts) = (Offering::new("sick", &["late"]), watch::Sender::new(false));
    let (inner, started) = (sick.handler(), starts.subscribe());
    let handler: Handler = Arc::new(move |exchange| {
        let (inner, mut started) = (Arc::clone(&inner), started.clone());
        Box::pin(async move {
            started.wait_for(|it| *it).await.unwrap();
            inner(exchange).await;
        })
    });
    let upstream = Upstream::handled(handler).await;
    let mut beside = Beside::open(upstream.url()).await;
    let listing = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let listing = beside.session.start(&listing).await;
    beside.check_well().await;
    let (messages, _) = listing.messages().await;
    let result = &messages.last().unwrap()["result"];
    assert_eq!(Vec::from_iter(names_in(result, "tools", "name")), ["fine"]);
    let partial =
        json!([{ "server": "sick", "reason": "it has not answered yet", "isKnown": false }]);
    assert_eq!(result["_meta"]["io.eyot/partial"], partial);
    starts.send_replace(true);
    beside.check_back().await;
    // It was asked to begin once in this session, however long that took.
    assert_eq!(sick.habits.initializes().len(), 1);
}

/// A server that answers `initialize`, and anything else in its own way.
async fn odd(answer: fn(Exchange) -> Answering) -> Upstream {
    let handler: Handler = Arc::new(move |exchange| {
        Box::pin(async move {
            match exchange.method().as_str() {
                "initialize" => {
                    let result = agreed(&exchange.message());
                    exchange.result(result).await;
                }
                "notifications/initialized" => exchange.accept().await,
                _ => answer(exchange).await,
            }
        })
    });
    Upstream::handled(handler).await
}

type Answering = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_list_is_none_is_left_out() {
    for (answer, reason) in [
        (
            (|it: Exchange| Box::pin(it.result(json!({ "tools": 7 }))))
                as fn(Exchange) -> Answering,
            "the answer to `tools/list` is no list",
        ),
        (
            |it| {
                Box::pin(async move {
                    it.respond(200, "content-type: application/json\r\n", b"{").await
                })
            },
            "",
        ),
        (|it| Box::pin(it.status(500)), ""),
        (
            |it| {
                Box::pin(async move {
                    let error = json!({ "code": -32000, "message": "out of order" });
                    let answer = json!({ "jsonrpc": "2.0", "id": it.id(), "error": error });
                    it.json(&answer).await;
                })
            },
            "out of order",
        ),
    ] {
        let upstream = odd(answer).await;
        let beside = Beside::open(upstream.url()).await;
        beside.check_missing(reason).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_to_begin_is_left_out_with_its_reason() {
    let handler: Handler = Arc::new(|exchange| {
        Box::pin(async move {
            let error = json!({ "code": -32602, "message": "not you" });
            let answer = json!({ "jsonrpc": "2.0", "id": exchange.id(), "error": error });
            exchange.json(&answer).await;
        })
    });
    let upstream = Upstream::handled(handler).await;
    Beside::open(upstream.url()).await.check_missing("not you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_start_is_left_out() {
    let well = Offering::new("well", &["fine"]);
    let upstream = well.open().await;
    let mut servers = at_urls(&[("well", upstream.url())]);
    servers["sick"] =
        json!({ "command": "/nowhere/at-all", "env": { "KEY": "secret-of-the-file" } });
    let gateway = Gateway::with(&servers, &["--eager"]).await;
    let session = Session::open(gateway.address(), "2025-11-25").await;
    let listed = ask(&session, "tools/list", json!({})).await;
    assert_eq!(Vec::from_iter(names_in(&listed["result"], "tools", "name")), ["fine"]);
    let partial = &listed["result"]["_meta"]["io.eyot/partial"][0];
    assert_eq!(partial["server"], "sick", "{listed}");
    // What is wrong on this machine is for its operator.
    assert!(!listed.to_string().contains("nowhere"), "{listed}");
    assert!(!listed.to_string().contains("secret"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_breaks_off_in_a_call_is_named_in_its_error() {
    let sick = Offering::new("sick", &["break", "late", "hang"]);
    let upstream = sick.open().await;
    let beside = Beside::open(upstream.url()).await;
    beside.tools().await;
    let hanging = beside.session.start(&call("h", "hang", json!({}))).await;
    let answer = ask(&beside.session, "tools/call", json!({ "name": "break" })).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("server `sick`: "), "{message}");
    assert_eq!(answer["error"]["data"]["outcome"], "unknown", "{answer}");
    beside.check_well().await;
    let answer = ask(&beside.session, "tools/call", json!({ "name": "late" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "sick late ", "{answer}");
    drop(hanging);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_is_gone_when_it_is_called_is_an_error_of_its_server() {
    let sick = Offering::new("sick", &["late", "gone"]);
    let upstream = sick.open().await;
    let mut beside = Beside::open(upstream.url()).await;
    assert_eq!(beside.tools().await.0, ["fine", "gone", "late"]);
    sick.heard_by(1).await;
    sick.change_tools(&["late"]);
    let answer = ask(&beside.session, "tools/call", json!({ "name": "gone" })).await;
    assert_eq!(answer["error"]["message"], "no such tool", "{answer}");
    beside.told().await;
    assert_eq!(beside.tools().await.0, ["fine", "late"]);
    let gateway = &beside.gateway;
    assert!(gateway.file().exists(), "the file is read and never written");
    within("the end of the session", beside.session.ask(&beside.session.delete())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_take_a_message_holds_up_none_of_the_others() {
    let (sick, stalls) = (Offering::new("sick", &["late"]), watch::Sender::new(false));
    let (inner, stalled) = (sick.handler(), stalls.subscribe());
    let handler: Handler = Arc::new(move |exchange| {
        let (inner, stalled) = (Arc::clone(&inner), stalled.clone());
        Box::pin(async move {
            let is_stalled = *stalled.borrow() && exchange.http_method() == "POST";
            match is_stalled {
                true => exchange.closed().await,
                false => inner(exchange).await,
            }
        })
    });
    let upstream = Upstream::handled(handler).await;
    let beside = Beside::open(upstream.url()).await;
    assert_eq!(beside.tools().await.0, ["fine", "late"]);
    stalls.send_replace(true);
    let level = ask(&beside.session, "logging/setLevel", json!({ "level": "info" })).await;
    assert_eq!(level["result"], json!({}), "{level}");
    assert_eq!(beside.well.times("logging/setLevel info"), 1);
    beside.check_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_breaks_off_while_it_is_opened_is_opened_anew_and_whole() {
    let sick = Offering::new("sick", &["late"]);
    let (inner, broken) = (sick.handler(), Arc::new(AtomicBool::new(false)));
    let handler: Handler = Arc::new(move |exchange| {
        let (inner, broken) = (Arc::clone(&inner), Arc::clone(&broken));
        Box::pin(async move {
            let is_said = exchange.method() == "notifications/initialized";
            match is_said && !broken.swap(true, Ordering::Relaxed) {
                true => exchange.raw(b"").await,
                false => inner(exchange).await,
            }
        })
    });
    let upstream = Upstream::handled(handler).await;
    let mut beside = Beside::open(upstream.url()).await;
    let (tools, partial) = beside.tools().await;
    assert_eq!((tools, &partial[0]["server"]), (vec!["fine".to_owned()], &json!("sick")));
    beside.check_back().await;
    // The first one was never ready, and nothing was asked in it; Eyot has looked after the server in
    // another one.
    assert!(sick.habits.initializes().len() >= 2);
}
