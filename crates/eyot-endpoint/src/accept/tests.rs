//! Failures of the system, and slots.

use std::io;
use std::pin::pin;
use std::time::Duration;

use eyot_service::Shutdown;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Accepted, Failures, REPORT_INTERVAL, run_until, serve_beside};

#[tokio::test(start_paused = true)]
async fn failures_of_one_minute_are_one_line_of_the_log() {
    let mut failures = Failures::default();
    let full = io::Error::other("too many open files");
    for _ in 0..6_000 {
        failures.report(&full, Instant::now());
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert_eq!(failures.unreported, 5_999);
    let reported = failures.reported.unwrap();
    failures.report(&full, reported + REPORT_INTERVAL);
    assert_eq!((failures.unreported, failures.reported), (0, Some(reported + REPORT_INTERVAL)));
}

#[tokio::test]
async fn connection_beyond_the_slots_waits_until_one_has_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, tasks) = (Shutdown::new(), TaskTracker::new());
    let (accepted, mut accepting) = mpsc::channel(2);
    let handle = move |socket| {
        let accepted = accepted.clone();
        async move {
            let Accepted::Tcp(mut stream, from) = socket else { panic!("not TCP") };
            accepted.send(from).await.unwrap();
            // Until the client leaves.
            drop(stream.read_u8().await);
        }
    };
    let clients = async {
        let first = TcpStream::connect(address).await.unwrap();
        let second = TcpStream::connect(address).await.unwrap();
        assert_eq!(accepting.recv().await, first.local_addr().ok());
        assert!(accepting.try_recv().is_err());
        drop(first);
        assert_eq!(accepting.recv().await, second.local_addr().ok());
        shutdown.finish();
    };
    tokio::join!(serve_beside(listener.into(), 1, &shutdown, &tasks, handle), clients);
}

#[tokio::test(start_paused = true)]
async fn connection_that_waits_is_woken_by_the_end_of_everything() {
    let end = CancellationToken::new();
    let connection = pin!(std::future::pending());
    let mut running = pin!(run_until(&end, connection));
    for _ in 0..3 {
        assert!(futures_util::poll!(running.as_mut()).is_pending());
    }
    let ending = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        end.cancel();
    };
    let both = async { tokio::join!(running.as_mut(), ending) };
    tokio::time::timeout(Duration::from_secs(2), both).await.unwrap();
}

#[tokio::test]
async fn connection_that_comes_after_the_end_is_not_served() {
    let end = CancellationToken::new();
    end.cancel();
    run_until(&end, pin!(async { unreachable!("it is not polled") })).await;
}
