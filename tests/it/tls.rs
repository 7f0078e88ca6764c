//! The program over TLS, on both sides, and through a proxy.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use eyot_testkit::{Authority, Identity};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::commands::{Ran, eyot};
use crate::support::program::{Program, program};
use crate::support::{Beside, modern_request, within};

/// A folder with the files that flags name.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file; returns its path.
    fn put(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, &path).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes a certificate and its key; returns the flags that name them.
    fn put_identity(&self, kind: &str, identity: &Identity) -> [String; 4] {
        let certificate = self.put(&format!("{kind}.pem"), &identity.certificate);
        let key = self.put(&format!("{kind}.key"), &identity.key);
        [format!("--{kind}-cert"), certificate, format!("--{kind}-key"), key]
    }
}

/// `eyot serve` before `eyot everything`.
struct Served {
    child: Child,
    url: String,
    _upstream: Option<Program>,
}

impl Served {
    async fn start(flags: &[String]) -> Self {
        let upstream = Program::everything(&[]).await;
        let to = ["--upstream".to_owned(), upstream.url()];
        let served = Self::start_before(&[&to[..], flags].concat()).await;
        Self { _upstream: Some(upstream), ..served }
    }

    /// Starts it with these flags, which name an upstream.
    async fn start_before(flags: &[String]) -> Self {
        let mut child = Command::new(program())
            .args(["--json", "serve", "--listen", "127.0.0.1:0", "--store", "memory:"])
            .args(flags)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = within("the line that says where it listens", lines.next_line()).await;
        let ready: Value = serde_json::from_str(&line.unwrap().expect("it listens")).unwrap();
        let url = ready["listening"].as_str().unwrap().to_owned();
        Self { child, url, _upstream: None }
    }

    /// Lists what it has.
    async fn list(&self, flags: &[&str]) -> Ran {
        eyot(&[&["--json", "list", &self.url], flags].concat()).await
    }

    /// Its URL for WebSockets.
    fn wss(&self) -> String {
        self.url.replace("https://", "wss://").replace("/mcp", "/ws")
    }

    fn hang_up(&self) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }
}

#[track_caller]
fn check_listed(ran: &Ran) {
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.json()["tools"].as_array().is_some_and(|it| !it.is_empty()), "{}", ran.text());
}

/// The message of a command that did not reach its server.
#[track_caller]
fn unreached(ran: &Ran) -> String {
    assert_eq!(ran.code, 4, "{}", ran.err);
    ran.error()["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn clients_that_trust_the_authority_are_served() {
    let (files, authority) = (Files::new(), Authority::new());
    let ca = files.put("ca.pem", &authority.certificate);
    let flags = files.put_identity("tls", &authority.server(&["127.0.0.1"]));
    let served = Served::start(&flags).await;
    assert!(served.url.starts_with("https://127.0.0.1:"), "{}", served.url);
    check_listed(&served.list(&["--ca", &ca]).await);
    let text = unreached(&served.list(&[]).await);
    assert!(text.contains("authority that is not trusted here"), "{text}");
    let skipped = served.list(&["--insecure-skip-verify"]).await;
    check_listed(&skipped);
    assert!(skipped.err.contains("certificates of servers are not verified"), "{}", skipped.err);
}

#[tokio::test]
async fn upstream_may_speak_tls_and_peers_hear_nothing_of_its_certificate() {
    let (files, authority) = (Files::new(), Authority::new());
    let ca = files.put("ca.pem", &authority.certificate);
    let flags = files.put_identity("tls", &authority.server(&["127.0.0.1"]));
    let upstream = Served::start(&flags).await;
    for (trust, is_trusted) in [(vec!["--ca", &*ca], true), (vec![], false)] {
        let store = files.path(&format!("{is_trusted}.db"));
        let to = [&["--upstream", &*upstream.url][..], &trust].concat();
        let to: Vec<_> = to.into_iter().map(str::to_owned).collect();
        let front = Program::serve("127.0.0.1:0", &store, &to).await;
        let ran = eyot(&["--json", "list", &front.url()]).await;
        if is_trusted {
            check_listed(&ran);
        } else {
            assert_ne!(ran.code, 0);
            let told = ran.error().to_string();
            assert!(told.contains("no secure connection"), "{told}");
            assert!(!told.contains("authority") && !told.contains("--ca"), "{told}");
        }
    }
}

#[tokio::test]
async fn web_sockets_go_over_tls_on_both_sides() {
    let (files, authority) = (Files::new(), Authority::new());
    let ca = files.put("ca.pem", &authority.certificate);
    let flags = files.put_identity("tls", &authority.server(&["127.0.0.1"]));
    let upstream = Served::start(&flags).await;
    let to = ["--upstream", &upstream.wss(), "--ca", &ca].map(str::to_owned);
    let front = Served::start_before(&[&flags[..], &to].concat()).await;
    for served in [&upstream.wss(), &front.wss(), &front.url] {
        assert!(served.starts_with("wss://127.0.0.1:") || served == &front.url, "{served}");
        check_listed(&eyot(&["--json", "list", served, "--ca", &ca]).await);
        let era = ["--json", "list", "--era", "legacy", served, "--ca", &ca];
        check_listed(&eyot(&era).await);
        let text = unreached(&eyot(&["--json", "list", served]).await);
        assert!(text.contains("authority that is not trusted here"), "{text}");
    }
    let mut beside = Beside::start(&["connect", "--ca", &ca, &front.wss()]);
    beside.write(&modern_request(1, "tools/list", json!({}))).await;
    let answer = beside.answer(1).await;
    assert!(answer["result"]["tools"].is_array(), "{answer}");
}

#[tokio::test]
async fn clients_need_a_certificate_where_an_authority_for_them_is_named() {
    let (files, authority) = (Files::new(), Authority::new());
    let ca = files.put("ca.pem", &authority.certificate);
    let own = files.put_identity("tls", &authority.server(&["127.0.0.1"]));
    let flags = [&own[..], &["--client-ca".to_owned(), ca.clone()]].concat();
    let served = Served::start(&flags).await;
    let shown = files.put_identity("client", &authority.client("alice", &[]));
    let shown: Vec<_> = shown.iter().map(String::as_str).collect();
    check_listed(&served.list(&[&["--ca", &*ca], &shown[..]].concat()).await);
    let without = served.list(&["--ca", &ca]).await;
    assert_ne!(without.code, 0);
    let text = without.error().to_string();
    assert!(text.contains("a client certificate"), "{text}");
}

#[tokio::test]
async fn certificates_that_change_are_read_again_and_broken_ones_are_not_taken() {
    let (files, first, second) = (Files::new(), Authority::new(), Authority::new());
    let old = files.put("old.pem", &first.certificate);
    let new = files.put("new.pem", &second.certificate);
    let flags = files.put_identity("tls", &first.server(&["127.0.0.1"]));
    let served = Served::start(&flags).await;
    check_listed(&served.list(&["--ca", &old]).await);
    files.put("tls.pem", "no certificate");
    served.hang_up();
    check_listed(&served.list(&["--ca", &old]).await);
    files.put_identity("tls", &second.server(&["127.0.0.1"]));
    within("the new certificate", async {
        while served.list(&["--ca", &new]).await.code != 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

/// Reads what a client asks a proxy for.
async fn asked(client: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("CONNECT up.example:443 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("proxy-authorization: Basic bWU6cGFzcw==\r\n"), "{head}");
}

/// Joins a client of a proxy with a server.
async fn join(mut client: TcpStream, server: String) {
    asked(&mut client).await;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    let mut server = TcpStream::connect(server).await.unwrap();
    drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
}

/// `eyot list` in an environment that names a proxy.
async fn list_through(proxy: &TcpListener, args: &[&str]) -> Ran {
    let proxy = format!("http://me:pass@{}", proxy.local_addr().unwrap());
    let mut command = Command::new(program());
    command.args(["--json", "list"]).args(args).env("HTTPS_PROXY", proxy);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = within("the end of the command", output).await.unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    Ran { code: output.status.code().unwrap(), out: output.stdout, err }
}

#[tokio::test]
async fn proxy_of_the_environment_leads_to_the_server() {
    let (files, authority) = (Files::new(), Authority::new());
    let ca = files.put("ca.pem", &authority.certificate);
    let own = files.put_identity("tls", &authority.server(&["up.example"]));
    let flags = [&own[..], &["--allow-host".to_owned(), "up.example".to_owned()]].concat();
    let served = Served::start(&flags).await;
    let address = served.url.trim_start_matches("https://").trim_end_matches("/mcp");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let args = ["--ca", &ca, "https://up.example/mcp"];
    let listing = list_through(&listener, &args);
    let mut joined = JoinSet::new();
    let proxying = async {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            joined.spawn(join(client, address.to_owned()));
        }
    };
    let ran = tokio::select! {
        ran = listing => ran,
        () = proxying => unreachable!(),
    };
    assert!(!joined.is_empty());
    check_listed(&ran);
}

#[tokio::test]
async fn proxy_that_asks_for_a_password_is_called_that() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listing = list_through(&listener, &["https://up.example/mcp", "--insecure-skip-verify"]);
    let refusing = async {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            asked(&mut client).await;
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            client.write_all(refusal.as_bytes()).await.unwrap();
        }
    };
    let ran = tokio::select! {
        ran = listing => ran,
        () = refusing => unreachable!(),
    };
    let text = unreached(&ran);
    assert!(text.contains("the proxy asks for a name and a password"), "{text}");
    assert!(!ran.err.contains("me:pass"), "{}", ran.err);
}

#[tokio::test]
async fn flags_of_connections_are_for_urls() {
    let program = program().to_str().unwrap();
    for flags in [&["--ca", "x.pem"][..], &["--insecure-skip-verify"], &["--proxy", "http://x"]] {
        let child = ["--", program, "everything", "--stdio"];
        let ran = eyot(&[&["list"], flags, &child].concat()).await;
        assert_eq!(ran.code, 2, "{}", ran.err);
        let ran = eyot(&[&["serve"], flags, &child].concat()).await;
        assert_eq!(ran.code, 2, "{}", ran.err);
    }
}
