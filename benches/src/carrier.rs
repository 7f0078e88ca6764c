//! Clients over everything that carries messages to Eyot.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context as _;
use bytes::Bytes;
use eyot_benches::exchange::{self, Call, Era, Tool};
use futures_util::{SinkExt as _, StreamExt as _};
use http::Uri;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::client::{Client, FIRST_ID, HttpSse, Seen};
use crate::io;

/// What carries the messages of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Carrier {
    /// Streamable HTTP.
    Http,
    /// The same with TLS; the certificate of the authority that has signed the server's.
    HttpTls(PathBuf),
    /// HTTP with a stream of events, as of 2024-11-05.
    HttpSse,
    /// A WebSocket.
    WebSocket,
    /// Standard input and output of a program that each client starts.
    Pipe(Vec<String>),
}

impl Carrier {
    /// Where `eyot serve` has its end of it.
    pub(crate) const fn path(&self) -> &'static str {
        match self {
            Self::Http | Self::HttpTls(_) | Self::Pipe(_) => "/mcp",
            Self::HttpSse => "/sse",
            Self::WebSocket => "/ws",
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::HttpTls(_) => "HTTP over TLS",
            Self::HttpSse => "HTTP+SSE",
            Self::WebSocket => "WebSocket",
            Self::Pipe(_) => "pipe",
        })
    }
}

/// A client with a session of its own, if its era has them.
pub(crate) enum Connected {
    Http(Client),
    HttpSse(Box<HttpSse>),
    Messages(Messages),
}

impl Connected {
    /// Connects, and opens a session if the era has one.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub(crate) async fn new(
        carrier: &Carrier,
        url: &Uri,
        era: Era,
        tool: Tool,
    ) -> anyhow::Result<Self> {
        let authority = || url.authority().context("the URL has no host");
        Ok(match carrier {
            Carrier::Http => Self::Http(Client::ready(url, era, tool).await?),
            Carrier::HttpTls(ca) => {
                let io = io::connect_tls(authority()?, ca).await?;
                let headers = exchange::call_headers(era, tool);
                Self::Http(Client::over(io, url, headers).await?.opened(era).await?)
            }
            Carrier::HttpSse => Self::HttpSse(Box::new(HttpSse::ready(url).await?)),
            Carrier::WebSocket => {
                let mut request = format!("ws://{}{}", authority()?, url.path())
                    .into_client_request()
                    .context("the URL of a WebSocket")?;
                request.headers_mut().insert("sec-websocket-protocol", "mcp".parse()?);
                let stream = io::connect(authority()?).await?;
                let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
                Self::Messages(Messages::new(Line::WebSocket(Box::new(socket)), era).await?)
            }
            Carrier::Pipe(words) => {
                let pipe = Line::Pipe(Box::new(Pipe::start(words)?));
                Self::Messages(Messages::new(pipe, era).await?)
            }
        })
    }

    /// The program that this client has started.
    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Self::Messages(Messages { line: Line::Pipe(pipe), .. }) => pipe.child.id(),
            _ => None,
        }
    }

    /// Makes one call and reads its answer to the end.
    ///
    /// # Errors
    ///
    /// Also when the answer is not the answer of this very call.
    pub(crate) async fn call(&mut self, call: &Call) -> anyhow::Result<()> {
        match self {
            Self::Http(client) => client.call(call).await,
            Self::HttpSse(client) => client.call(call).await,
            Self::Messages(client) => client.call(call).await,
        }
    }

    /// Ends the session, if there is one that outlives its connection.
    ///
    /// # Errors
    ///
    /// When it cannot be ended.
    pub(crate) async fn leave(self) -> anyhow::Result<()> {
        match self {
            Self::Http(client) => client.leave().await,
            Self::HttpSse(_) => Ok(()),
            Self::Messages(client) => client.line.close().await,
        }
    }
}

/// A client whose messages go both ways on one line.
pub(crate) struct Messages {
    line: Line,
    next_id: u64,
}

impl Messages {
    async fn new(line: Line, era: Era) -> anyhow::Result<Self> {
        let mut client = Self { line, next_id: FIRST_ID };
        if era == Era::Legacy {
            client.line.send(&[exchange::initialize()]).await?;
            client.wait_for(0).await.context("open a session")?;
            client.line.send(&[exchange::initialized()]).await?;
        }
        Ok(client)
    }

    async fn call(&mut self, call: &Call) -> anyhow::Result<()> {
        let id = self.next_id;
        self.next_id += 1;
        self.line.send(&call.pieces(id)).await?;
        self.wait_for(id).await
    }

    /// Reads until the answer has come; other messages may come before.
    async fn wait_for(&mut self, id: u64) -> anyhow::Result<()> {
        loop {
            let mut seen = Seen::default();
            seen.take(self.line.receive().await?.as_bytes());
            if seen.answers(id) {
                return Ok(());
            }
            anyhow::ensure!(!seen.text().contains("\"error\""), "{}", seen.text());
        }
    }
}

/// What carries whole messages.
enum Line {
    WebSocket(Box<WebSocketStream<TcpStream>>),
    Pipe(Box<Pipe>),
}

impl Line {
    async fn send(&mut self, pieces: &[Bytes]) -> anyhow::Result<()> {
        let mut whole = String::new();
        for piece in pieces {
            whole.push_str(std::str::from_utf8(piece)?);
        }
        match self {
            Self::WebSocket(socket) => Ok(socket.send(Message::text(whole)).await?),
            Self::Pipe(pipe) => {
                whole.push('\n');
                pipe.input.write_all(whole.as_bytes()).await.context("write to the program")
            }
        }
    }

    async fn receive(&mut self) -> anyhow::Result<String> {
        match self {
            Self::WebSocket(socket) => loop {
                match socket.next().await.context("the socket is closed")?? {
                    Message::Text(text) => return Ok(text.as_str().to_owned()),
                    Message::Close(_) => anyhow::bail!("the socket is closed"),
                    _ => {}
                }
            },
            Self::Pipe(pipe) => pipe.lines.next_line().await?.context("the program has ended"),
        }
    }

    async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::WebSocket(mut socket) => Ok(socket.close().await?),
            Self::Pipe(pipe) => {
                let Pipe { input, lines, mut child } = *pipe;
                drop((input, lines));
                child.wait().await.context("wait for the program")?;
                Ok(())
            }
        }
    }
}

/// A program that speaks on standard input and output; it ends with this value.
struct Pipe {
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    child: Child,
}

impl Pipe {
    fn start(words: &[String]) -> anyhow::Result<Self> {
        let (program, arguments) = words.split_first().context("no program")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("start {program}"))?;
        let input = child.stdin.take().context("write to the program")?;
        let output = child.stdout.take().context("read the program")?;
        Ok(Self { input, lines: BufReader::new(output).lines(), child })
    }
}
