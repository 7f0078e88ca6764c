//! What operators configure, and what their servers say to the proxy alone, reaches no client:
//! whatever fails, whoever asks.

use std::sync::Arc;
use std::time::Duration;

use eyot::session::LogLimits;
use eyot::{
    AccessToken, Challenge, Command, ForwardProxy, Limits, MemoryStore, ProxyConfig, StaticToken,
    Target, TokenError, TokenFuture, TokenProvider,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::program::{Program, free_port, program};
use crate::support::{
    Ask, Proxy, call, initialize, modern_ask, modern_request, note, patient_limits, send, within,
};

/// What no client may read.
const CANARY: &str = "canary-7f3a";

/// A target whose use fails, with the texts that only operators may read.
struct Failing {
    name: &'static str,
    target: Target,
    secrets: Vec<String>,
    /// Keeps its server up.
    _server: JoinSet<()>,
}

fn limits() -> Limits {
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_secs(10);
    limits
}

/// A server that gives every request this answer, and closes the connection.
async fn answering(
    name: &'static str,
    answer: &'static str,
    adjust: impl FnOnce(Target) -> Target,
) -> Failing {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut server = JoinSet::new();
    server.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 1 << 16];
            if stream.read(&mut request).await.is_ok() {
                drop(stream.write_all(answer.as_bytes()).await);
            }
        }
    });
    let url = format!("http://{address}/inside-{CANARY}");
    let target = adjust(Target::url(&url, limits()).unwrap());
    Failing { name, target, secrets: vec![CANARY.to_owned(), address], _server: server }
}

fn child(name: &'static str, adjust: impl FnOnce(&mut Command)) -> Failing {
    let args = vec!["-c".to_owned(), CHILD.to_owned()];
    let mut command = Command { program: "sh".to_owned(), args, env: Vec::new(), cwd: None };
    adjust(&mut command);
    let target = Target::Command(command);
    Failing { name, target, secrets: vec![CANARY.to_owned()], _server: JoinSet::new() }
}

/// A legacy server that a call brings down.
const CHILD: &str = r#"while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"t","version":"1"}}}\n' "$id";;
    *tools/call*) echo "no route to canary-7f3a" >&2; exit 3;;
    *'"id"'*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}\n' "$id";;
  esac
done"#;

/// A provider that has no token, and says why to operators.
#[derive(Debug)]
struct NoToken;

impl TokenProvider for NoToken {
    fn token(&self) -> TokenFuture<'_, Option<AccessToken>> {
        Box::pin(std::future::ready(Err(TokenError::new(format!("{CANARY} is down")))))
    }

    fn refused(&self, _: Challenge) -> TokenFuture<'_, bool> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

async fn every_failure() -> Vec<Failing> {
    let as_it_is = |target| target;
    let token = || StaticToken::new(AccessToken::new(CANARY));
    let unauthorized = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer \
         realm=\"canary-7f3a\"\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\
         Connection: close\r\n\r\ncanary-7f3a";
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://canary-7f3a.inside/mcp\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n";
    let broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\n\
         Content-Length: 11\r\nConnection: close\r\n\r\ncanary-7f3a";
    let mut gone = answering("nothing listens at its address", "", as_it_is).await;
    gone._server.abort_all();
    while gone._server.join_next().await.is_some() {}
    vec![
        gone,
        answering("it closes every connection", "", as_it_is).await,
        answering("it says what is no HTTP", "canary-7f3a\r\n\r\n", as_it_is).await,
        answering("it wants credentials", unauthorized, as_it_is).await,
        answering("it refuses the token", unauthorized, |it| it.with_tokens(token())).await,
        answering("there is no token", unauthorized, |it| it.with_tokens(NoToken)).await,
        answering("it leads elsewhere", redirect, as_it_is).await,
        answering("it fails", broken, as_it_is).await,
        child("its program is missing", |it| it.program = format!("/opt/{CANARY}/server")),
        child("its folder is missing", |it| it.cwd = Some(format!("/{CANARY}").into())),
        child("its environment is impossible", |it| {
            it.env.push((format!("{CANARY}="), Some(String::new())));
        }),
        child("a call brings it down", |_| {}),
        child("it ends at once", |it| {
            it.args = vec!["-c".to_owned(), format!("echo {CANARY} >&2; exit 3")];
        }),
    ]
}

async fn told_over_http(target: Target) -> Vec<String> {
    let proxy = Proxy::start(target, limits(), |_| {}).await;
    let opened = send(proxy.address, &Ask::post(&initialize("2025-11-25"))).await;
    let mut told = vec![opened.text()];
    if let Some(id) = opened.head.header("mcp-session-id") {
        for message in [note("notifications/initialized", json!({})), call(2, "t", json!({}))] {
            let ask = Ask::post(&message).header("mcp-session-id", id);
            told.push(send(proxy.address, &ask).await.text());
        }
    }
    for id in [1, 2] {
        let request = modern_request(id, "tools/call", json!({ "name": "t", "arguments": {} }));
        told.push(send(proxy.address, &modern_ask(&request)).await.text());
    }
    told
}

async fn told_over_a_pipe(target: Target) -> Vec<String> {
    let mut told = Vec::new();
    let legacy = [initialize("2025-11-25"), call(2, "t", json!({}))];
    let arguments = || json!({ "name": "t", "arguments": {} });
    let modern = [1, 2].map(|id| modern_request(id, "tools/call", arguments()));
    for messages in [legacy, modern] {
        let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
        config.endpoint.limits = limits();
        let (near, far) = tokio::io::duplex(1 << 16);
        let proxy = ForwardProxy::new(target.clone(), config);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let (reader, writer) = tokio::io::split(far);
            proxy.serve_io(reader, writer).await;
        });
        let (reader, mut writer) = tokio::io::split(near);
        let mut lines = BufReader::new(reader).lines();
        for message in messages {
            writer.write_all(format!("{message}\n").as_bytes()).await.unwrap();
            loop {
                let line = within("an answer", lines.next_line()).await.unwrap().unwrap();
                let said: Value = serde_json::from_str(&line).unwrap();
                told.push(line);
                if said["id"] == message["id"] {
                    break;
                }
            }
        }
    }
    told
}

#[tokio::test]
async fn no_failure_tells_a_client_what_only_operators_may_read() {
    for Failing { name, target, secrets, _server } in every_failure().await {
        for told in [told_over_http(target.clone()).await, told_over_a_pipe(target).await] {
            let all = told.join("\n");
            let has_failed = all.contains("\"error\"");
            assert!(has_failed, "{name}: nothing failed: {all}");
            for secret in &secrets {
                assert!(!all.contains(secret), "{name}: {all}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_reads_of_each_failed_call_once_where_it_did_not_get() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let upstream = format!("127.0.0.1:{}", free_port());
    let mut command = tokio::process::Command::new(program());
    command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--store", "memory:"]);
    command.args(["--upstream", &format!("http://{upstream}/mcp")]);
    let eyot = Program::start(command.stderr(std::fs::File::create(&log).unwrap())).await;
    let modern = modern_request(1, "tools/call", json!({ "name": "echo", "arguments": {} }));
    for ask in [modern_ask(&modern), Ask::post(&initialize("2025-11-25"))] {
        let answer = send(eyot.address, &ask).await;
        assert!(!answer.text().contains(&upstream), "{}", answer.text());
    }
    eyot.kill().await;
    let log = std::fs::read_to_string(&log).unwrap();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 2, "{log}");
    assert!(warnings.iter().all(|it| it.contains(&upstream)), "{log}");
}
