//! The server that a command names, and the connection to it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use eyot::types::{LogLevel, LoggingMessageParams, ProgressParams};
use eyot::{Client, ClientBuilder, ClientError, Command, Limits, Runtime, Target};
use eyot_stdx::shown_url;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answers::{Answers, Source};
use super::show;
use crate::args::Server;
use crate::failure::{Code, Failure};
use crate::writer::{say, say_of_others};
use crate::{secrets, transport};

/// The runtime of the connections, so that they can be closed in order.
pub(super) struct Home(pub(super) Runtime);

impl Home {
    pub(super) fn new() -> Self {
        Self(Runtime::new(TaskTracker::new(), CancellationToken::new(), Arc::default()))
    }

    /// Ends sessions and children, and waits for them a little.
    pub(super) async fn leave(self) {
        self.0.shutdown.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(FAREWELL, self.0.tasks.wait()).await.is_err() {
            tracing::debug!("the server did not end in time");
        }
    }
}

/// The words of a command: they name a server, then what the command needs.
pub(super) struct Words {
    pub(super) target: Target,
    /// `None`: the server is a child.
    url: Option<String>,
    rest: std::vec::IntoIter<String>,
}

impl Words {
    /// "After `--` is always the child command": without one, the first word is a URL.
    pub(super) fn new(server: &Server, words: Vec<String>) -> Result<Self, Failure> {
        let mut rest = words.into_iter();
        if let Some((program, args)) = server.command.split_first() {
            if server.transport.is_given() {
                let flags = "--ca, --client-cert, --insecure-skip-verify and --proxy";
                return Err(Failure::usage(format!("{flags} are for a server at a URL")));
            }
            let env = server.env.iter().map(|it| (it.name.clone(), it.value.clone()));
            let target = Target::Command(Command {
                program: program.clone(),
                args: args.to_vec(),
                env: env.collect(),
                cwd: server.cwd.clone(),
            });
            return Ok(Self { target, url: None, rest });
        }
        if !server.env.is_empty() || server.cwd.is_some() {
            return Err(Failure::usage("--env and --cwd are for a server after `--`"));
        }
        let named = "name a server: its URL, or a command after `--`";
        let url = rest.next().ok_or_else(|| Failure::usage(named))?;
        if !Target::is_url(&url) {
            let url = shown_url(&url);
            let wrong = format!("`{url}` is no URL; the command of a server comes after `--`");
            return Err(Failure::usage(wrong));
        }
        let target = transport::target(&url, limits(server), &server.transport);
        let target = target.map_err(|it| Failure::usage(format!("{it:#}")).at(Some(&url)))?;
        Ok(Self { target, url: Some(url), rest })
    }

    /// The server as it may be shown.
    pub(super) fn place(&self) -> String {
        self.url.as_deref().map_or_else(|| self.target.label(), shown_url)
    }

    /// The next word.
    pub(super) fn next(&mut self, named: &str) -> Result<String, Failure> {
        self.rest.next().ok_or_else(|| Failure::usage(named))
    }

    /// The remaining words.
    pub(super) fn rest(&mut self) -> Vec<String> {
        self.rest.by_ref().collect()
    }

    /// Fails if there are more words.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        match self.rest.next() {
            None => Ok(()),
            Some(word) => {
                let word = shown_url(&word);
                Err(Failure::usage(format!("`{word}` is one word too many")))
            }
        }
    }
}

/// A connection to the server of a command.
pub(super) struct Connection {
    pub(super) client: Client,
    url: Option<String>,
}

impl Connection {
    /// Connects; questions of the server are answered from `source`.
    pub(super) async fn open(
        home: &Home,
        server: &Server,
        words: Words,
        source: Source,
    ) -> anyhow::Result<Self> {
        let has_pages = source.has_pages();
        let answers = Arc::new(Answers::new(&words.place(), source));
        let mut builder = Self::builder(home, server, &answers)?;
        if has_pages {
            builder = builder.elicit_urls();
        }
        let connection = Self::connect(builder, words).await?;
        if let Some(info) = connection.client.server_info() {
            answers.learn_name(info.title.unwrap_or(info.name));
        }
        Ok(connection)
    }

    /// A client with the options that the flags ask for.
    pub(super) fn builder(
        home: &Home,
        server: &Server,
        answers: &Arc<Answers>,
    ) -> anyhow::Result<ClientBuilder> {
        let answers = Arc::clone(answers);
        let mut builder = Client::builder("eyot", env!("CARGO_PKG_VERSION"))
            .era(server.era.unwrap_or_default().into())
            .limits(limits(server))
            .max_total(TOTAL.max(server.timeout.unwrap_or(TIMEOUT)))
            .runtime(home.0.clone())
            .on_log(show_log)
            .on_elicit(move |asked| {
                let answers = Arc::clone(&answers);
                async move { answers.answer(asked).await }
            });
        for header in &server.header {
            builder = builder.header(&header.name, &header.value);
        }
        if let Some(source) = &server.token {
            let token = secrets::read(&source.0).context("--token");
            let token = token.map_err(|error| Failure::usage(format!("{error:#}")))?;
            builder = builder.bearer(token.expose());
        }
        Ok(builder)
    }

    /// Connects to the server that the words name.
    pub(super) async fn connect(builder: ClientBuilder, words: Words) -> Result<Self, Failure> {
        let Words { target, url, .. } = words;
        let connected = builder.connect(target).await;
        let client = connected.map_err(|it| unconnected(it).at(url.as_deref()))?;
        Ok(Self { client, url })
    }

    /// Asks the server for its log messages.
    pub(super) async fn hear_logs(&self, server: &Server) {
        if self.client.capabilities().has("logging")
            && let Err(error) = self.client.set_log_level(server.log_level.clone()).await
        {
            tracing::warn!(%error, "the server does not take a log level");
        }
    }

    /// A failure of this connection.
    pub(super) fn failure(&self, error: ClientError) -> Failure {
        Failure::from(error).at(self.url.as_deref())
    }

    /// The failure of a tool of this server.
    pub(super) fn tool_failure(&self, message: impl Into<String>) -> Failure {
        Failure::new(Code::Tool, message).at(self.url.as_deref())
    }
}

/// The limits of a client: the bound on silence holds for the handshake as well.
pub(super) fn limits(&Server { timeout, connect_timeout, message, .. }: &Server) -> Limits {
    let timeout = timeout.unwrap_or(TIMEOUT);
    let mut limits = Limits::default();
    message.apply(&mut limits);
    if let Some(connect_timeout) = connect_timeout {
        limits.upstream.connect_timeout = connect_timeout;
    }
    limits.calls.timeout = timeout;
    limits.upstream.connect_timeout = limits.upstream.connect_timeout.min(timeout);
    limits.upstream.tls_timeout = limits.upstream.tls_timeout.min(timeout);
    limits
}

/// A server that is lost during the connection was never reached.
pub(super) fn unconnected(error: ClientError) -> Failure {
    let is_lost = matches!(error, ClientError::Lost { .. } | ClientError::Timeout { .. });
    let mut failure = Failure::from(error);
    if is_lost {
        failure.code = Code::Unreachable;
    }
    failure
}

/// Shows on stderr how far a call has come.
pub(super) fn show_progress(progress: ProgressParams) {
    let ProgressParams { progress, total, message, .. } = progress;
    let progress = show::number(&progress);
    let total = total.map(|it| format!(" of {}", show::number(&it))).unwrap_or_default();
    let ours = format!("progress {progress}{total}");
    match message {
        Some(message) => say_of_others(&ours, &message),
        None => say(&ours),
    }
}

fn show_log(log: LoggingMessageParams) {
    let level = match &log.level {
        // The server's own word could be one of ours.
        LogLevel::Other(_) => "log",
        level => level.as_str(),
    };
    let logger = log.logger.map(|it| format!(" {it}")).unwrap_or_default();
    let data = match log.data.as_str() {
        Some(text) => text.to_owned(),
        None => log.data.to_string(),
    };
    say_of_others(&format!("{level}{logger}"), &data);
}

/// Silence of the server, unless a flag or a file says another time.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a call may take, unless its silence may be longer.
const TOTAL: Duration = Duration::from_secs(3_600);
/// How long a server may take to end.
const FAREWELL: Duration = Duration::from_secs(5);
