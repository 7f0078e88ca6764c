//! Several programs with one store: a session is served wherever its client comes.

use eyot_testkit::RedisServer;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::crash::{STEPS, resumable_upstream};
use crate::support::{Program, Session, call, free_port, program, within};

/// Starts a program that the others reach at the address where it listens.
async fn node(store: &str, upstream: &str, flags: &[&str]) -> Program {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(program());
    command.args(["--json", "serve", "--listen", &listen, "--store", store]);
    command.args(["--node-address", &format!("http://{listen}"), "--upstream", upstream]);
    Program::start(command.args(flags)).await
}

/// The session, with a client that comes to this program.
fn at(session: &Session, node: &Program) -> Session {
    let mut session = session.clone();
    session.address = node.address;
    session
}

fn streaming(id: u64) -> Value {
    call(id, "stream", json!({ "mark": format!("m{id}") }))
}

fn list_tools() -> Value {
    json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" })
}

/// Makes a call, and checks that all its steps come, and its answer.
async fn check_call(session: &Session, id: u64) {
    let mut begun = session.start(&streaming(id)).await.begun().await.events();
    let mut steps = 0;
    loop {
        let message = within("an event", begun.next_message()).await.message();
        if message["id"] == id {
            assert_eq!(message["result"]["mark"], format!("m{id}"), "{message}");
            break;
        }
        steps += 1;
    }
    assert_eq!(steps, STEPS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_served_by_any_of_three_programs() {
    let Some(server) = RedisServer::start() else { return };
    let (upstream, ledger) = resumable_upstream().await;
    let (store, url) = (server.url(), upstream.url());
    let (a, b, c) =
        tokio::join!(node(&store, &url, &[]), node(&store, &url, &[]), node(&store, &url, &[]));
    let session = Session::open(a.address, "2025-11-25").await;
    for (id, node) in (1..).zip([&a, &b, &c, &a]) {
        check_call(&at(&session, node), id).await;
    }
    // What one has begun another goes on with.
    let mut begun = at(&session, &b).start(&streaming(9)).await.begun().await.events();
    let seen = within("the first event", begun.next_message()).await;
    drop(begun);
    let elsewhere = at(&session, &c);
    let rest = elsewhere.begin(&elsewhere.get_after(seen.id())).await.events().rest().await;
    let last = rest.last().expect("the rest of the call").message();
    assert_eq!(last["result"]["mark"], "m9", "{last}");
    assert_eq!(ledger.executed_twice(), Vec::<String>::new());

    let ended = elsewhere.ask(&elsewhere.delete()).await;
    assert!(ended.status < 300, "{}", ended.text());
    for node in [&a, &b, &c] {
        assert_eq!(at(&session, node).send(&streaming(10)).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_whose_program_was_killed_is_taken_over_at_once() {
    let Some(server) = RedisServer::start() else { return };
    let (upstream, _ledger) = resumable_upstream().await;
    let (store, url) = (server.url(), upstream.url());
    let (a, b) = tokio::join!(node(&store, &url, &[]), node(&store, &url, &[]));
    let session = Session::open(a.address, "2025-11-25").await;
    let mut begun = session.start(&streaming(1)).await.begun().await.events();
    let seen = within("the first event", begun.next_message()).await;
    a.kill().await;
    let elsewhere = at(&session, &b);
    let rest = elsewhere.begin(&elsewhere.get_after(seen.id())).await.events().rest().await;
    let last = rest.last().expect("the rest of the call").message();
    assert_eq!(last["result"]["mark"], "m1", "{last}");
    check_call(&elsewhere, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_ends_in_order_lets_its_sessions_go() {
    let Some(server) = RedisServer::start() else { return };
    let (upstream, _ledger) = resumable_upstream().await;
    let (store, url) = (server.url(), upstream.url());
    let (mut a, b) = tokio::join!(node(&store, &url, &[]), node(&store, &url, &[]));
    let session = Session::open(a.address, "2025-11-25").await;
    check_call(&session, 1).await;
    let pid = Pid::from_raw(a.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(a.ended().await.success());
    check_call(&at(&session, &b), 2).await;
}

/// The owner is stopped for longer than its lease: another takes its session, and it does not serve it
/// when it runs again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_was_stopped_gives_way_to_the_one_that_took_over() {
    let Some(server) = RedisServer::start() else { return };
    let (upstream, ledger) = resumable_upstream().await;
    let (store, url) = (server.url(), upstream.url());
    let (a, b) = tokio::join!(node(&store, &url, &[]), node(&store, &url, &[]));
    let session = Session::open(a.address, "2025-11-25").await;
    check_call(&session, 1).await;
    let pid = Pid::from_raw(a.pid().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let elsewhere = at(&session, &b);
    // A lease holds for ten seconds, whatever the clock of this test says.
    let asked = within("another owner", async {
        loop {
            let answer = elsewhere.send(&list_tools()).await;
            if answer.status != 503 {
                return answer;
            }
        }
    });
    assert_eq!(asked.await.status, 200);
    kill_process(pid, Signal::CONT).unwrap();
    // What the first one is asked it passes on, once it knows that it has lost its lease.
    within("the first one", async { while session.send(&list_tools()).await.status == 503 {} })
        .await;
    check_call(&session, 3).await;
    assert_eq!(ledger.executed_twice(), Vec::<String>::new());
}
