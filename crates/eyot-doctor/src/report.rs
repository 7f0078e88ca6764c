//! What was found on the way to a server, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// A step on the way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepName {
    /// What a file says of the server can be used.
    Configuration,
    /// There is such a program.
    Command,
    /// It runs, and goes on running.
    Process,
    /// What it writes to its stdout are messages.
    FirstLine,
    /// Connections go through a proxy, and not to the server itself.
    Proxy,
    /// The host has addresses.
    Dns,
    /// One of them takes connections.
    Tcp,
    /// The Unix socket takes connections.
    Socket,
    /// The connection is secure.
    Tls,
    /// What answers at the URL is a server of MCP.
    Http,
    /// The server speaks one era of the protocol.
    Era,
    /// It says who it is and what it can do.
    Server,
    /// It lists its tools.
    Tools,
    /// It lists its prompts.
    Prompts,
    /// It lists its resources.
    Resources,
    /// It runs the tool that was named.
    Call,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should.
    Ok,
    /// It did, but something is wrong that may do harm elsewhere or later.
    Warning,
    /// The way ends here.
    Failed,
    /// It has no part in this way.
    Skipped,
}

/// One step, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Which one.
    pub name: StepName,
    /// How it went.
    pub verdict: Verdict,
    /// How long it took.
    pub time: Duration,
    /// What was found. It may have words of others in it.
    pub detail: String,
    /// What to do about it. `None`: nothing.
    pub advice: Option<String>,
}

/// Why the way ended before the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// The server wants authorization.
    Unauthorized,
    /// There is no way to the server, or it does not run.
    Unreachable,
    /// Anything else.
    Failed,
}

/// The whole way to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The server, as it may be shown.
    pub target: String,
    /// Its name in a file. `None`: it comes from no file.
    pub server: Option<String>,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// Why the way has ended. `None`: the server is well.
    pub ailment: Option<Ailment>,
}

impl StepName {
    /// The name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Command => "command",
            Self::Process => "process",
            Self::FirstLine => "firstLine",
            Self::Proxy => "proxy",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Socket => "socket",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Era => "era",
            Self::Server => "server",
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Call => "call",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Configuration => "config",
            Self::FirstLine => "first line",
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Http => "HTTP",
            name => name.as_str(),
        }
    }
}

impl Verdict {
    /// The name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// The mark before a line for people.
    const fn mark(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warn",
            Self::Failed => "FAIL",
            Self::Skipped => "skip",
        }
    }
}

impl Step {
    fn document(&self) -> Value {
        json!({
            "step": self.name.as_str(),
            "verdict": self.verdict.as_str(),
            "ms": u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
            "detail": self.detail,
            "advice": self.advice,
        })
    }
}

/// One line for people; the advice is not in it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, label) = (self.verdict.mark(), self.name.label());
        let time = match self.verdict {
            Verdict::Skipped => String::new(),
            _ => format!("{} ms", self.time.as_millis()),
        };
        write!(f, "{mark:<4}  {label:<10}  {time:>9}  {}", self.detail)
    }
}

impl Report {
    /// The report about a server that a file says impossible things of.
    #[must_use]
    pub fn misconfigured(server: &str, detail: impl Into<String>) -> Self {
        let step = Step {
            name: StepName::Configuration,
            verdict: Verdict::Failed,
            time: Duration::ZERO,
            detail: detail.into(),
            advice: Some("`eyot config check FILE` says all that is wrong in the file".to_owned()),
        };
        Self {
            target: server.to_owned(),
            server: Some(server.to_owned()),
            steps: vec![step],
            ailment: Some(Ailment::Failed),
        }
    }

    /// The worst verdict of the steps.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let has = |verdict| self.steps.iter().any(|it| it.verdict == verdict);
        match self.ailment {
            Some(_) => Verdict::Failed,
            None if has(Verdict::Warning) => Verdict::Warning,
            None => Verdict::Ok,
        }
    }

    /// The report for programs.
    #[must_use]
    pub fn document(&self) -> Value {
        json!({
            "target": self.target,
            "server": self.server,
            "steps": self.steps.iter().map(Step::document).collect::<Vec<_>>(),
            "verdict": self.verdict().as_str(),
        })
    }
}
