//! Several calls on one link, and answers that do not say whose they are.

use std::future::Future;

use eyot_jsonrpc::{Request, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};
use tokio_util::task::TaskTracker;

use super::*;
use crate::{LineConnection, OpenStream, Runtime, Target};

/// The upstream's end of a link.
struct Server(BufReader<DuplexStream>);

impl Server {
    /// Reads a request, and tells our id of it.
    async fn read(&mut self) -> u64 {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["id"].as_u64().unwrap()
    }

    async fn write(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn answer(&mut self, id: u64) {
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "result": { "id": id } }).to_string())
            .await;
    }
}

/// Runs a test at a link between a connection and a server.
async fn with_link<F: Future<Output = ()>>(test: impl FnOnce(LineConnection, Server) -> F) {
    let (ours, theirs) = duplex(1 << 20);
    let limits = Arc::new(Limits::default());
    let runtime = Runtime::new(TaskTracker::new(), CancellationToken::new(), limits);
    let target = Target::Stream(OpenStream::new(ours));
    let opened = LineConnection::open(&target, Era::Legacy, None, &runtime).await;
    let (connection, driver) = opened.unwrap();
    tokio::select! {
        () = test(connection, Server(BufReader::new(theirs))) => {}
        () = driver.run() => panic!("the link ends"),
    }
}

async fn call(connection: &LineConnection) -> Result<Response, Fault> {
    let params = json!({ "name": "t", "_meta": { "progressToken": 1 } });
    let reply = connection.request(Request::unnumbered("tools/call", &params)).await?;
    reply.answer(drop).await
}

/// A text that is an answer, and says no more.
const LOST: &str = r#"{"jsonrpc":"2.0","result":{"content":["#;

#[track_caller]
fn check_lost(ended: Result<Response, Fault>) {
    let data = ended.unwrap_err().error.data.unwrap();
    assert_eq!(data["reason"], "upstream's answer is invalid: unexpected end at byte 38");
    assert_eq!((&data["outcome"], &data["retryable"]), (&json!("unknown"), &json!(false)));
}

#[tokio::test(start_paused = true)]
async fn the_call_that_is_left_when_the_others_are_answered_was_meant() {
    with_link(|connection, mut server| async move {
        let server = async {
            let ids = [server.read().await, server.read().await, server.read().await];
            server.write(LOST).await;
            server.answer(ids[0]).await;
            let progress = json!({ "progressToken": ids[2], "progress": 1 });
            let method = "notifications/progress";
            let progress = json!({ "jsonrpc": "2.0", "method": method, "params": progress });
            server.write(&progress.to_string()).await;
            std::future::pending::<()>().await;
        };
        let began = Instant::now();
        let calls = async {
            let mut third = Box::pin(call(&connection));
            let (first, second) = tokio::select! {
                biased;
                ended = async { tokio::join!(call(&connection), call(&connection)) } => ended,
                _ = &mut third => panic!("the third call has shown that it runs"),
            };
            assert!(first.is_ok());
            check_lost(second);
        };
        tokio::select! {
            () = calls => {}
            () = server => unreachable!(),
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn calls_that_may_have_been_meant_end_with_the_reason_before_their_time() {
    with_link(|connection, mut server| async move {
        let server = async {
            server.read().await;
            server.read().await;
            server.write(LOST).await;
            // A call that began later cannot have been meant.
            let later = server.read().await;
            tokio::time::sleep(Duration::from_secs(40)).await;
            server.answer(later).await;
            std::future::pending::<()>().await;
        };
        let began = Instant::now();
        let calls = async {
            let later = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                call(&connection).await
            };
            let meant = async {
                let ended = tokio::join!(call(&connection), call(&connection));
                (ended, began.elapsed())
            };
            tokio::join!(meant, later)
        };
        let (((first, second), waited), later) = tokio::select! {
            ended = calls => ended,
            () = server => unreachable!(),
        };
        check_lost(first);
        check_lost(second);
        assert_eq!(waited, Limits::default().calls.timeout / 4);
        assert!(later.is_ok());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_answer_of_a_refused_batch_ends_its_call() {
    with_link(|connection, mut server| async move {
        let server = async {
            let ids = [server.read().await, server.read().await, server.read().await];
            let [first, second, third] = ids;
            let bad = format!(r#"{{"jsonrpc":"2.0","result":{{"x":NaN}},"id":{second}}}"#);
            let good = json!({ "jsonrpc": "2.0", "id": first, "result": {} });
            server.write(&format!("[{good},{bad}]")).await;
            tokio::time::sleep(Duration::from_secs(40)).await;
            server.answer(third).await;
            std::future::pending::<()>().await;
        };
        let calls = async { tokio::join!(call(&connection), call(&connection), call(&connection)) };
        let (first, second, third) = tokio::select! {
            ended = calls => ended,
            () = server => unreachable!(),
        };
        assert!(first.is_err() && second.is_err() && third.is_ok());
    })
    .await;
}
