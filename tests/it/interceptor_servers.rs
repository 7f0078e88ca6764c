//! A proxy whose interceptors are those of a server: a child, and one over HTTP that is killed.

use std::time::Duration;

use eyot::sidecar::{LivePlan, PlanSource, RemoteServer};
use eyot::{CallContext, Client, EraMode, PlanOptions, ProxyConfig, Server, Target, tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::support::program::{free_port, program};
use crate::support::{Program, Proxy, patient_limits, within};

#[derive(Deserialize, JsonSchema)]
struct Note {
    note: String,
}

/// A proxy before a server that says what it was told.
async fn proxy(live: &LivePlan) -> Proxy {
    let echo = tool("echo", |it: Note, _: CallContext| async move { it.note });
    let server = Server::builder("echo", "1.0").tool(echo).build().unwrap();
    let stand = |config: &mut ProxyConfig| {
        config.upstream_interceptors = vec![live.interceptors().clone()];
    };
    Proxy::start(Target::in_process(server), patient_limits(), stand).await
}

async fn client(proxy: &Proxy, era: EraMode) -> Client {
    let url = format!("http://{}/mcp", proxy.address);
    Client::builder("c", "1").era(era).connect(url).await.unwrap()
}

/// A made-up key, whose parts alone are none.
fn key() -> String {
    ["AKIA", "5MZXN8QRF3WBY6OE"].concat()
}

#[tokio::test]
async fn what_a_child_makes_of_a_message_is_what_goes_on_in_both_eras() {
    let command = [program().to_str().unwrap(), "interceptors", "serve"];
    let target = Target::from_args(command, patient_limits()).unwrap();
    let guards = RemoteServer::new("guards", target).unwrap();
    let (live, _driver) =
        PlanSource::new(PlanOptions::default()).server(guards).start().await.unwrap();
    let proxy = proxy(&live).await;
    for era in [EraMode::Legacy, EraMode::Modern] {
        let client = client(&proxy, era).await;
        let note = format!("it is {}", key());
        let answer = client.call_tool("echo", json!({ "note": note })).await.unwrap();
        assert_eq!(answer.text(), "it is [redacted:aws_access_key]", "{era:?}");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test owns the task of its driver")]
async fn a_server_that_is_killed_blocks_until_it_is_there_again() {
    let listen = format!("127.0.0.1:{}", free_port());
    let serve = async || {
        let args = ["interceptors", "serve", "--json", "--listen", &listen];
        Program::start(Command::new(program()).args(args)).await
    };
    let guards = serve().await;
    let remote = RemoteServer::new("guards", guards.url()).unwrap();
    let remote = remote.timeout(Duration::from_secs(1));
    let (live, driver) =
        PlanSource::new(PlanOptions::default()).server(remote).start().await.unwrap();
    let _driving = Driving(tokio::spawn(driver.run()));
    let proxy = proxy(&live).await;
    let client = client(&proxy, EraMode::Modern).await;
    let call = async || client.call_tool("echo", json!({ "note": key() })).await;
    assert_eq!(call().await.unwrap().text(), "[redacted:aws_access_key]");
    guards.kill().await;
    let blocked = call().await.unwrap_err().to_string();
    assert!(blocked.contains("Interceptor mutation failed"), "{blocked}");
    let _again = serve().await;
    let found = async {
        loop {
            if let Ok(answer) = call().await {
                return answer.text();
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(within("the server is found again", found).await, "[redacted:aws_access_key]");
}

/// A driver that runs for as long as its test.
struct Driving(JoinHandle<()>);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.abort();
    }
}
