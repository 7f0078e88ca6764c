//! `kill -9` at any moment of calls that ask: each ends once, and the upstream runs it once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::rounds::{accept, again, call, elicit};
use crate::support::{
    Connection, Dice, Exchange, Habits, Handler, Lives, Mortal, Upstream, modern_ask, tool_text,
    within,
};

const KILLS: usize = 200;
const CLIENTS: usize = 16;
/// Questions of one call.
const QUESTIONS: usize = 2;

/// An upstream that outlives the proxy, and whose streams can be resumed.
#[derive(Debug, Default)]
struct Server {
    calls: Mutex<HashMap<String, Running>>,
}

/// One call, as its upstream sees it.
#[derive(Debug)]
struct Running {
    id: Value,
    /// How often the client called.
    executions: usize,
    /// The answers of the client, in the order of the questions.
    answers: watch::Sender<Vec<Value>>,
}

impl Server {
    /// Takes the request of a call.
    fn begin(&self, mark: &str, id: Value) {
        let mut calls = self.calls.lock().unwrap();
        let begun = calls.entry(mark.to_owned());
        let running = begun.or_insert_with(|| Running {
            id,
            executions: 0,
            answers: watch::Sender::default(),
        });
        running.executions += 1;
    }

    /// Takes an answer; a repeated one answers no question, as in every SDK.
    fn answer(&self, message: &Value) {
        let (mark, number) = question_of(message["id"].as_str().expect("our ids are texts"));
        let calls = self.calls.lock().unwrap();
        calls[&mark].answers.send_if_modified(|answers| {
            let is_next = answers.len() == number;
            if is_next {
                answers.push(message["result"]["content"]["name"].clone());
            } else {
                let given = &message["result"]["content"]["name"];
                assert_eq!(answers.get(number), Some(given), "another answer to one question");
            }
            is_next
        });
    }

    /// The stream of a call from an event on: a question, an answer, another one, the result.
    async fn stream(&self, exchange: Exchange, mark: &str, from: usize) {
        let (id, mut answers) = {
            let calls = self.calls.lock().unwrap();
            let running = &calls[mark];
            (running.id.clone(), running.answers.subscribe())
        };
        let mut events = exchange.events().await;
        for number in from..=QUESTIONS {
            let told = answers.wait_for(|it| it.len() >= number).await.unwrap().clone();
            let message = if number < QUESTIONS {
                let mut question = elicit(0, mark);
                question["id"] = json!(format!("{mark}:{number}"));
                question
            } else {
                json!({ "jsonrpc": "2.0", "id": id, "result": tool_text(&json!(told).to_string()) })
            };
            events.event(&format!("{mark}:{number}"), &message).await;
        }
        events.end().await;
    }
}

/// A call's mark and a number, from one of our ids.
fn question_of(id: &str) -> (String, usize) {
    let (mark, number) = id.rsplit_once(':').expect("the id is our own");
    (mark.to_owned(), number.parse().unwrap())
}

async fn upstream(server: &Arc<Server>) -> Upstream {
    let (habits, server) = (Habits::new().with_stream().with_notes(), Arc::clone(server));
    let handler: Handler = Arc::new(move |exchange| {
        let (habits, server) = (habits.clone(), Arc::clone(&server));
        Box::pin(async move {
            let Some(exchange) = habits.answer(exchange).await else { return };
            let message = exchange.message();
            match exchange.method().as_str() {
                "tools/call" => {
                    let mark = message["params"]["name"].as_str().expect("a tool").to_owned();
                    server.begin(&mark, exchange.id());
                    server.stream(exchange, &mark, 0).await;
                }
                "" if exchange.http_method() == "GET" => {
                    let Some(cursor) = exchange.header("last-event-id").map(question_of) else {
                        return exchange.status(405).await;
                    };
                    server.stream(exchange, &cursor.0, cursor.1 + 1).await;
                }
                "" => {
                    server.answer(&message);
                    exchange.accept().await;
                }
                _ => exchange.accept().await,
            }
        })
    });
    Upstream::handled(handler).await
}

/// The fates of the calls.
#[derive(Debug, Default)]
struct Tally {
    answered: AtomicUsize,
    /// Calls that ended with a clear error.
    failed: AtomicUsize,
    /// Calls that were cut before the first question was seen: nothing was promised.
    unseen: AtomicUsize,
    /// Deaths that calls survived.
    survived: AtomicUsize,
}

impl Tally {
    fn count(it: &AtomicUsize) {
        it.fetch_add(1, Ordering::Relaxed);
    }
}

/// A client that calls until the last life has begun.
async fn client(address: SocketAddr, number: usize, mut lives: Lives, tally: Arc<Tally>) {
    for round in 0.. {
        if *lives.borrow_and_update() == KILLS * 2 && round > 0 {
            break;
        }
        check_call(address, &format!("{number}-{round}"), &mut lives, &tally).await;
    }
}

/// One call, over as many rounds and lives as it needs.
async fn check_call(address: SocketAddr, mark: &str, lives: &mut Lives, tally: &Tally) {
    let first = call(1, mark);
    let mut request = first.clone();
    let mut rounds = 0;
    let answer = loop {
        let life = *within("a new life", lives.wait_for(|it| it.is_multiple_of(2))).await.unwrap();
        let Some(answer) = try_ask(address, &request).await else {
            let died = lives.wait_for(|it| *it > life);
            drop(within("the death that cut the answer", died).await.unwrap());
            if rounds == 0 {
                return Tally::count(&tally.unseen);
            }
            Tally::count(&tally.survived);
            continue;
        };
        if answer["result"]["resultType"] != "input_required" {
            break answer;
        }
        rounds += 1;
        let keys = answer["result"]["inputRequests"].as_object().unwrap().keys();
        let answers: Value =
            keys.map(|key| (key.clone(), accept(&format!("{mark}/{rounds}")))).collect();
        request = again(first.clone(), rounds + 1, &answer, answers);
    };
    if answer["error"].is_object() {
        let is_clear = answer["error"]["data"]["outcome"] == "unknown"
            || answer["error"]["message"] == "Invalid or expired requestState";
        assert!(is_clear, "{answer}");
        return Tally::count(&tally.failed);
    }
    let names: Vec<_> = (1..=QUESTIONS).map(|round| format!("{mark}/{round}")).collect();
    assert_eq!(answer["result"]["content"][0]["text"], json!(names).to_string(), "{answer}");
    Tally::count(&tally.answered);
}

/// The answer; `None` when the connection was cut.
async fn try_ask(address: SocketAddr, request: &Value) -> Option<Value> {
    let mut connection = Connection::try_open(address).await?;
    if !connection.try_ask(&modern_ask(request)).await {
        return None;
    }
    let begun = connection.try_begun().await?;
    if begun.is_events() {
        let mut events = begun.events();
        while let Some(event) = events.try_next().await {
            let message = event.message();
            if message["id"] == request["id"] {
                return Some(message);
            }
        }
        return None;
    }
    serde_json::from_slice(&begun.try_whole().await?.body).ok()
}

/// What the moments of the kills come from: `EYOT_SEED`, which is not 0, or always the same.
fn seed() -> u64 {
    let asked = std::env::var("EYOT_SEED").ok().and_then(|it| it.parse().ok());
    asked.filter(|it| *it != 0).unwrap_or(0xD1CE_5EED)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "says how many calls of each kind there were")]
async fn every_parked_call_ends_once_whenever_the_proxy_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("calls.db");
    let server = Arc::new(Server::default());
    let upstream = upstream(&server).await;
    let args = ["--upstream".to_owned(), upstream.url()];
    let proxy = Mortal::born(&store, &args).await;
    let tally = Arc::new(Tally::default());
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(proxy.address, number, proxy.lives(), Arc::clone(&tally)));
    }
    let proxy = proxy.kill(KILLS, &mut Dice(seed()), Duration::from_millis(120)).await;
    while let Some(ended) = within("the last answers", clients.join_next()).await {
        ended.expect("no client fails");
    }
    proxy.end().await;
    let calls = server.calls.lock().unwrap();
    let twice: Vec<_> = calls.iter().filter(|(_, call)| call.executions > 1).collect();
    assert!(twice.is_empty(), "a call was executed twice: {twice:?}");
    let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
    assert!(count(&tally.survived) >= KILLS / 2, "the deaths came between the calls: {tally:?}");
    assert!(count(&tally.answered) > count(&tally.failed), "{tally:?}");
    println!("{tally:?} {} calls at the upstream", calls.len());
}
