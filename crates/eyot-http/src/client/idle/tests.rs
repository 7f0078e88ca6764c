//! Idle connections over real sockets, at times that the tests make up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_service::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{Idle, IdleConnections};
use crate::client::connection::Connection;
use crate::client::{Draft, HttpClient};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn upstream() -> (TcpListener, HttpClient) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    (listener, HttpClient::new(&url, Limits::default()).unwrap())
}

/// A place for idle connections, some connections for it, and their other ends.
async fn connections(count: usize) -> (IdleConnections, Vec<Connection>, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let stream = TcpStream::connect(&address).await.unwrap();
        ours.push(Connection::over(stream.into(), &Limits::default()).await.unwrap());
        theirs.push(listener.accept().await.unwrap().0);
    }
    (IdleConnections::new(&Limits::default().upstream), ours, theirs)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn len(idle: &IdleConnections) -> usize {
    idle.waiting.lock().len()
}

/// Reads one head; `false`: the connection has ended.
async fn head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

/// Makes a call to its end.
async fn call(client: &HttpClient) {
    let mut body = client.send(Draft::default()).await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "ok");
    assert_eq!(body.data().await.unwrap(), None);
}

/// Moves the one idle connection of a client into rest.
fn rest(client: &HttpClient) {
    client.0.idle.sweep(Instant::now() + seconds(2));
    let waiting = client.0.idle.waiting.lock();
    assert!(waiting.iter().all(|it| matches!(it.connection, Idle::Resting(_))), "{waiting:?}");
    assert_eq!(waiting.len(), 1);
}

#[tokio::test]
async fn as_many_calls_at_once_again_open_no_connection() {
    const CALLS: usize = 256;
    let (listener, client) = upstream().await;
    let (mut serving, all_asked) = (JoinSet::new(), Arc::new(Barrier::new(CALLS)));
    let mut asking = JoinSet::new();
    for round in 0..2 {
        for _ in 0..CALLS {
            let client = client.clone();
            asking.spawn(async move { call(&client).await });
        }
        for _ in 0..if round == 0 { CALLS } else { 0 } {
            let (mut stream, _) = listener.accept().await.unwrap();
            let all_asked = Arc::clone(&all_asked);
            serving.spawn(async move {
                while head(&mut stream).await {
                    all_asked.wait().await;
                    stream.write_all(OK).await.unwrap();
                }
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked.unwrap();
        }
        assert_eq!(len(&client.0.idle), CALLS);
    }
    assert_eq!(serving.len(), CALLS);
}

#[tokio::test]
async fn connection_that_was_used_last_is_taken_first() {
    let (idle, ours, mut theirs) = connections(2).await;
    let now = Instant::now();
    for (connection, at) in ours.into_iter().zip([0, 1]) {
        idle.put(connection, now + seconds(at));
    }
    drop(idle.take(now + seconds(1)));
    assert_eq!(theirs[1].read(&mut [0]).await.unwrap(), 0);
    assert_eq!(len(&idle), 1);
}

#[tokio::test]
async fn number_shrinks_to_what_is_in_use_with_and_without_a_sweep() {
    for sweeps in [true, false] {
        let (idle, ours, _theirs) = connections(8).await;
        let began = Instant::now();
        for connection in ours {
            idle.put(connection, began);
        }
        for second in 0..60 {
            let now = began + seconds(second);
            let Some(Idle::Warm(connection)) = idle.take(now) else { panic!("{second}") };
            idle.put(connection, now);
            if sweeps {
                idle.sweep(now);
            }
        }
        assert_eq!(len(&idle), 1, "{sweeps}");
    }
}

#[tokio::test]
async fn sweep_closes_what_has_expired() {
    let (idle, ours, mut theirs) = connections(2).await;
    let now = Instant::now();
    for (connection, at) in ours.into_iter().zip([0, 10]) {
        idle.put(connection, now + seconds(at));
    }
    idle.sweep(now + seconds(19));
    assert_eq!(len(&idle), 2);
    idle.sweep(now + seconds(20));
    assert_eq!(theirs[0].read(&mut [0]).await.unwrap(), 0);
    assert_eq!(len(&idle), 1);
}

#[tokio::test]
async fn expired_connection_is_not_taken() {
    let (idle, ours, _theirs) = connections(3).await;
    let now = Instant::now();
    for connection in ours {
        idle.put(connection, now);
    }
    assert!(idle.take(now + seconds(20)).is_none());
    assert_eq!(len(&idle), 0);
}

#[tokio::test]
async fn no_more_are_kept_than_may_be() {
    let (mut idle, ours, _theirs) = connections(3).await;
    idle.connections_max = 2;
    for connection in ours {
        idle.put(connection, Instant::now());
    }
    assert_eq!(len(&idle), 2);
}

#[tokio::test]
async fn connection_that_rested_serves_the_next_request() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            assert!(head(&mut stream).await);
            stream.write_all(OK).await.unwrap();
        }
    };
    let asking = async {
        call(&client).await;
        rest(&client);
        call(&client).await;
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn request_goes_out_again_when_the_resting_connection_had_been_closed() {
    let (listener, client) = upstream().await;
    let (close, closed) = (Barrier::new(2), Barrier::new(2));
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(head(&mut stream).await);
        stream.write_all(OK).await.unwrap();
        close.wait().await;
        drop(stream);
        closed.wait().await;
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(head(&mut stream).await);
        stream.write_all(OK).await.unwrap();
    };
    let asking = async {
        call(&client).await;
        rest(&client);
        close.wait().await;
        closed.wait().await;
        call(&client).await;
    };
    tokio::join!(serving, asking);
}
