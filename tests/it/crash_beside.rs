//! A server that dies at any moment behind `eyot run` and `eyot connect`: every call is answered
//! once, or fails and says whether it has run; none is executed twice.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::crash::{KILLS, mark_of};
use crate::support::program::program;
use crate::support::{
    Dice, Habits, Handler, Ledger, Proxy, Puppet, Session, Stage, Upstream, agreed, call,
    initialize, modern_request, no_tools, note, sessions_of_crashes, within,
};

/// A call lasts a good part of the time between two deaths.
const CALL_TIME: Duration = Duration::from_millis(60);
const PAUSE_MAX_MS: u64 = 400;

/// A client on the pipe of a program of its own.
struct Pipe {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Pipe {
    fn start(words: &[String]) -> Self {
        let mut command = Command::new(program());
        command.args(words).env("RUST_LOG", "error").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take(), output, child }
    }

    async fn send(&mut self, message: &Value) {
        let line = format!("{message}\n");
        let writing = self.input.as_mut().unwrap().write_all(line.as_bytes());
        within("room to write", writing).await.unwrap();
    }

    async fn next(&mut self) -> Option<Value> {
        let line = self.output.next_line().await.unwrap()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// The answer to this request.
    async fn ask(&mut self, request: &Value) -> Value {
        self.send(request).await;
        let answering = async {
            loop {
                let message = self.next().await.expect("the program goes on");
                if message.get("id").is_some() {
                    assert_eq!(message["id"], request["id"], "{message}");
                    return message;
                }
            }
        };
        within(&format!("the answer to {request}"), answering).await
    }

    /// Checks that the program says nothing more, and ends in order.
    async fn end(mut self) {
        drop(self.input.take());
        while let Some(message) = self.next().await {
            assert!(message.get("id").is_none(), "a call was answered twice: {message}");
        }
        let status = within("its end", self.child.wait()).await.unwrap();
        assert!(status.success(), "{status}");
    }
}

/// The fates of the calls.
#[derive(Debug, Default)]
struct Fates {
    answered: AtomicUsize,
    unknown: AtomicUsize,
    not_sent: AtomicUsize,
}

/// A client of either era, which calls until the last life has begun and a call is answered.
async fn client(
    words: Arc<Vec<String>>,
    number: usize,
    mut lives: watch::Receiver<usize>,
    ledger: Arc<Ledger>,
    fates: Arc<Fates>,
) {
    let mut pipe = Pipe::start(&words);
    let is_modern = number % 2 == 1;
    if !is_modern {
        while pipe.ask(&initialize("2025-11-25")).await.get("error").is_some() {
            tokio::time::sleep(CALL_TIME).await;
        }
        pipe.send(&note("notifications/initialized", json!({}))).await;
    }
    for round in 1.. {
        let is_last_life = *lives.borrow_and_update() == KILLS;
        let mark = format!("{number}-{round}");
        let mut request = call(round, "work", json!({ "mark": mark }));
        if is_modern {
            request = modern_request(round, "tools/call", request["params"].clone());
        }
        let answer = pipe.ask(&request).await;
        let is_answered = check_answer(&answer, &mark, &ledger, &fates);
        if is_answered && is_last_life {
            break;
        }
        if !is_answered {
            // A client that is told so does not try again at once.
            tokio::time::sleep(CALL_TIME).await;
        }
    }
    pipe.end().await;
}

/// Holds an answer against what the server has executed; whether it is a result.
#[track_caller]
fn check_answer(answer: &Value, mark: &str, ledger: &Ledger, fates: &Fates) -> bool {
    let times = ledger.times(mark);
    if answer["result"].is_object() {
        assert_eq!(answer["result"]["content"][0]["text"], mark, "{answer}");
        assert_eq!(times, 1, "{answer}");
        fates.answered.fetch_add(1, Ordering::Relaxed);
        return true;
    }
    match answer["error"]["data"]["outcome"].as_str() {
        Some("not_sent") => {
            assert_eq!(times, 0, "it was executed: {answer}");
            fates.not_sent.fetch_add(1, Ordering::Relaxed);
        }
        Some("unknown") => {
            assert!(times <= 1, "{answer}");
            fates.unknown.fetch_add(1, Ordering::Relaxed);
        }
        _ => panic!("it does not say whether it has run: {answer}"),
    }
    false
}

/// Starts the clients, lets the server die, and waits for the last answers. `die` ends the server
/// and starts it again.
async fn check(
    words: Vec<String>,
    sessions: usize,
    ledger: &Arc<Ledger>,
    mut die: impl AsyncFnMut(),
) {
    // It may have to be built.
    program();
    let (words, fates) = (Arc::new(words), Arc::new(Fates::default()));
    let (deaths, lives) = watch::channel(0);
    let mut clients = JoinSet::new();
    for number in 0..sessions {
        let (ledger, fates) = (Arc::clone(ledger), Arc::clone(&fates));
        clients.spawn(client(Arc::clone(&words), number, lives.clone(), ledger, fates));
    }
    let mut dice = Dice(0x0BE5_1DE5);
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(dice.roll(PAUSE_MAX_MS))).await;
        die().await;
        deaths.send_modify(|it| *it += 1);
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("no client fails");
    }
    let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
    assert!(count(&fates.answered) >= sessions, "{fates:?}");
    assert!(count(&fates.unknown) > 0, "the deaths came between the calls: {fates:?}");
    assert_eq!(ledger.executed_twice(), Vec::<String>::new());
}

#[tokio::test]
async fn server_that_forgets_its_sessions_twice_is_believed_to_know_the_next_one() {
    let (habits, calls) = (Habits::new(), Arc::new(AtomicUsize::new(0)));
    let handler: Handler = Arc::new(move |exchange| {
        let (habits, calls) = (habits.clone(), Arc::clone(&calls));
        Box::pin(async move {
            let is_call = exchange.method() == "tools/call";
            // The first call, and the same call in the session that was opened for it.
            if is_call && calls.fetch_add(1, Ordering::Relaxed) < 2 {
                habits.forget();
            }
            if let Some(exchange) = habits.answer(exchange).await {
                exchange.tool_text("fine").await;
            }
        })
    });
    let upstream = Upstream::handled(handler).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let asking = async {
        let mut refused = 0;
        while session.send(&call(1, "work", json!({}))).await.json()["error"].is_object() {
            refused += 1;
            tokio::task::yield_now().await;
        }
        refused
    };
    let refused = within("an answer", asking).await;
    assert!(refused > 1, "a session that did not help is not opened again at once");
}

/// A server that knows no sessions of an earlier life.
fn server(ledger: &Arc<Ledger>) -> Handler {
    let (habits, ledger) = (Habits::new(), Arc::clone(ledger));
    Arc::new(move |exchange| {
        let (habits, ledger) = (habits.clone(), Arc::clone(&ledger));
        Box::pin(async move {
            let Some(exchange) = habits.answer(exchange).await else { return };
            if exchange.method() != "tools/call" {
                return exchange.result(no_tools()).await;
            }
            let mark = mark_of(&exchange.message());
            ledger.execute(&mark);
            tokio::time::sleep(CALL_TIME).await;
            exchange.tool_text(&mark).await;
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_executed_twice_before_a_server_at_a_url_that_restarts() {
    let ledger = Arc::new(Ledger::default());
    let first = Upstream::handled(server(&ledger)).await;
    let address: SocketAddr = first.address;
    let words = vec!["connect".to_owned(), first.url()];
    let mut upstream = Some(first);
    let mut dice = Dice(0x5E2_7E2);
    check(words, sessions_of_crashes(24), &ledger, async || {
        if let Some(upstream) = upstream.take() {
            upstream.close().await;
        }
        tokio::time::sleep(Duration::from_millis(dice.roll(100))).await;
        upstream = Some(Upstream::handled_at(address, server(&ledger)).await);
    })
    .await;
}

/// Serves one client from a child, until it is told to die.
async fn serve(mut puppet: Puppet, ledger: Arc<Ledger>, mut deaths: watch::Receiver<usize>) {
    deaths.mark_unchanged();
    let serving = async {
        let mut seen = BTreeSet::new();
        while let Some(line) = puppet.some_line().await {
            let request: Value = serde_json::from_str(&line).expect("what Eyot sends is JSON");
            match request["method"].as_str().unwrap_or_default() {
                "initialize" => puppet.result(&request, agreed(&request)).await,
                "tools/list" => puppet.result(&request, no_tools()).await,
                "tools/call" => {
                    assert!(seen.insert(request["id"].to_string()), "{request}");
                    let mark = mark_of(&request);
                    ledger.execute(&mark);
                    tokio::time::sleep(CALL_TIME).await;
                    puppet.tool_text(&request, &mark).await;
                }
                "" | "notifications/initialized" | "notifications/cancelled" => {}
                other => {
                    let error = json!({ "code": -32601, "message": format!("no {other}") });
                    let id = &request["id"];
                    let refusal = json!({ "jsonrpc": "2.0", "id": id, "error": error });
                    puppet.say_json(&refusal).await;
                }
            }
        }
    };
    tokio::select! {
        biased;
        _ = deaths.changed() => {}
        () = serving => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_executed_twice_before_a_child_that_dies() {
    let ledger = Arc::new(Ledger::default());
    let stage = Stage::open().await;
    let command = stage.command();
    let words = [vec!["run".to_owned(), "--".to_owned(), command.program], command.args].concat();
    let (deaths, dying) = watch::channel(0);
    let books = Arc::clone(&ledger);
    let mut puppets = JoinSet::new();
    puppets.spawn(async move {
        let mut running = JoinSet::new();
        loop {
            let puppet = stage.enter_some_day().await;
            running.spawn(serve(puppet, Arc::clone(&books), dying.clone()));
        }
    });
    check(words, sessions_of_crashes(16), &ledger, async || {
        deaths.send_modify(|it| *it += 1);
    })
    .await;
}
