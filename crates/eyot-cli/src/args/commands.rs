//! The flags of the commands that are clients.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};
use eyot::types::LogLevel;
use serde_json::{Map, Value};

use super::config::FromFile;
use super::explained::Explained;
use super::interceptors::InterceptorsOf;
use super::message_bound::MessageBound;
use super::transport::Transport;
use super::values::{EnvVar, Header, ServedEras, SpokenEra, TokenSource, parse_duration};

/// A command that is a client of one server.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// List what a server offers: tools, prompts, resources, templates.
    #[command(override_usage = LIST_USAGE, after_help = LIST_EXAMPLES)]
    List(List),
    /// Say which era a server is of, and what clients of each era get from it; or what a policy makes of
    /// a request.
    #[command(override_usage = EXPLAIN_USAGE, after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Say what is wrong on the way to servers: each step with its time, and what to do.
    #[command(override_usage = DOCTOR_USAGE, after_help = DOCTOR_EXAMPLES)]
    Doctor(Box<Doctor>),
    /// Call a tool.
    #[command(override_usage = CALL_USAGE, after_help = CALL_EXAMPLES)]
    Call(Box<Call>),
    /// Read a resource.
    #[command(override_usage = READ_USAGE, after_help = READ_EXAMPLES)]
    Read(Read),
    /// Fill in a prompt.
    #[command(override_usage = PROMPT_USAGE, after_help = PROMPT_EXAMPLES)]
    Prompt(Prompt),
    /// Ask for completions of an argument of a prompt or of a resource template.
    #[command(override_usage = COMPLETE_USAGE, after_help = COMPLETE_EXAMPLES)]
    Complete(Complete),
    /// Print changes at a server, one JSON line each, until interrupted.
    #[command(override_usage = LISTEN_USAGE, after_help = LISTEN_EXAMPLES)]
    Listen(ListenTo),
    /// Approve the tools of a server, by a file.
    #[command(override_usage = PIN_USAGE, after_help = PIN_EXAMPLES)]
    Pin(Pin),
    /// What `eyot interceptors` does with those of servers.
    #[command(skip)]
    Interceptors(Box<InterceptorsOf>),
}

const PIN_USAGE: &str = "eyot pin [OPTIONS] <URL>
       eyot pin [OPTIONS] -- <CMD> [ARG]...";
const PIN_EXAMPLES: &str = "\
Examples:
  eyot pin https://mcp.example/mcp
  eyot pin --name files --file pins.json -- npx -y @modelcontextprotocol/server-filesystem /srv
  eyot pin --check https://mcp.example/mcp

The definitions of all tools are written to the file, and what has changed is told. With --check nothing
is written, and the exit code is 1 if a tool is not what the file says.";

const LIST_USAGE: &str = "eyot list [OPTIONS] <URL>
       eyot list [OPTIONS] --config <FILE> [--server <NAME>]
       eyot list [OPTIONS] -- <CMD> [ARG]...";
const LIST_EXAMPLES: &str = "\
Examples:
  eyot list http://127.0.0.1:8080/mcp
  eyot list --config .mcp.json --server github
  eyot list --json -- npx -y @modelcontextprotocol/server-everything stdio";

const EXPLAIN_USAGE: &str = "eyot explain [OPTIONS] <URL>
       eyot explain [OPTIONS] -- <CMD> [ARG]...
       eyot explain [OPTIONS] --request <FILE> --policy <FILE> [--from <ADDRESS>]";
const EXPLAIN_EXAMPLES: &str = "\
Examples:
  eyot explain http://127.0.0.1:3000/mcp
  eyot explain --client modern --json -- my-server --flag
  curl -sv http://127.0.0.1:8080/mcp 2>&1 | eyot explain --request - --policy policy.yaml --from 203.0.113.9

It asks the server and lists what it has; no tool is called. A command is started for the questions
alone, and ended. With --era it tells what `eyot serve --era` makes of the server.";

const DOCTOR_USAGE: &str = "eyot doctor [OPTIONS] <URL>...
       eyot doctor [OPTIONS] --config <FILE> [--server <NAME>]
       eyot doctor [OPTIONS] -- <CMD> [ARG]...";
const DOCTOR_EXAMPLES: &str = "\
Examples:
  eyot doctor https://mcp.example/mcp
  eyot doctor --config .mcp.json
  eyot doctor --call echo --args '{\"text\":\"hi\"}' -- my-server --flag

It stops at the first step that fails. A command is started up to three times, and ended. The exit code
is 3 if a server wants authorization, 4 if it cannot be reached, 1 for any other failure.";

const CALL_USAGE: &str = "eyot call [OPTIONS] <URL> <TOOL> [NAME=VALUE]...
       eyot call [OPTIONS] --config <FILE> [--server <NAME>] <TOOL> [NAME=VALUE]...
       eyot call [OPTIONS] <TOOL> [NAME=VALUE]... -- <CMD> [ARG]...";
const CALL_EXAMPLES: &str = "\
Examples:
  eyot call http://127.0.0.1:8080/mcp add a=1 b=2
  eyot call http://127.0.0.1:8080/mcp search text=islands 'filter:={\"min\":3}'
  eyot call http://127.0.0.1:8080/mcp search --args @arguments.json
  eyot call add a=1 b=2 -- my-server --flag

Values are typed by the schema of the tool; NAME:=JSON takes any JSON. What the server asks the user
is asked at the terminal; without one it is declined, unless --answer answers it. Progress and log
messages go to stderr. The exit code is 5 when the tool fails.";

const READ_USAGE: &str = "eyot read [OPTIONS] <URL> <URI>
       eyot read [OPTIONS] <URI> -- <CMD> [ARG]...";
const READ_EXAMPLES: &str = "\
Examples:
  eyot read http://127.0.0.1:8080/mcp file:///notes.txt
  eyot read http://127.0.0.1:8080/mcp file:///picture.png > picture.png";

const PROMPT_USAGE: &str = "eyot prompt [OPTIONS] <URL> <PROMPT> [NAME=VALUE]...
       eyot prompt [OPTIONS] <PROMPT> [NAME=VALUE]... -- <CMD> [ARG]...";
const PROMPT_EXAMPLES: &str = "\
Examples:
  eyot prompt http://127.0.0.1:8080/mcp review language=rust";

const COMPLETE_USAGE: &str =
    "eyot complete [OPTIONS] <URL> <PROMPT|TEMPLATE> <NAME=START> [NAME=VALUE]...
       eyot complete [OPTIONS] <PROMPT|TEMPLATE> <NAME=START> [NAME=VALUE]... -- <CMD> [ARG]...";
const COMPLETE_EXAMPLES: &str = "\
Examples:
  eyot complete http://127.0.0.1:8080/mcp review language=ru
  eyot complete http://127.0.0.1:8080/mcp 'file:///{folder}/{name}' name=no folder=home

The first pair is completed; the others are the arguments that are filled in already.";

const LISTEN_USAGE: &str = "eyot listen [OPTIONS] <URL>
       eyot listen [OPTIONS] -- <CMD> [ARG]...";
const LISTEN_EXAMPLES: &str = "\
Examples:
  eyot listen http://127.0.0.1:8080/mcp
  eyot listen --resource file:///notes.txt http://127.0.0.1:8080/mcp | jq .method

Ctrl-C ends it with exit code 0.";

impl ClientCommand {
    /// The flags for the one server, and the words that may name it. `None`: there may be several.
    pub(crate) fn server(&mut self) -> Option<(&mut Server, &mut Vec<String>)> {
        Some(match self {
            Self::List(it) => (&mut it.server, &mut it.words),
            Self::Explain(it) => (&mut it.server, &mut it.words),
            Self::Doctor(_) => return None,
            Self::Call(it) => (&mut it.server, &mut it.words),
            Self::Read(it) => (&mut it.server, &mut it.words),
            Self::Prompt(it) => (&mut it.server, &mut it.words),
            Self::Complete(it) => (&mut it.server, &mut it.words),
            Self::Listen(it) => (&mut it.server, &mut it.words),
            Self::Pin(it) => (&mut it.server, &mut it.words),
            Self::Interceptors(it) => return it.server(),
        })
    }
}

/// `eyot pin`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Pin {
    /// The server's URL.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    /// The file of pins.
    #[arg(long, value_name = "FILE", default_value = "pins.json")]
    pub(crate) file: PathBuf,
    /// The name of the server behind a gateway. The only server of a program has none.
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// Write nothing; say whether the tools are what the file says.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// The flags for the server and the way to speak to it.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Server {
    #[command(flatten)]
    pub(crate) from: FromFile,
    /// The era to speak. Default: the era of the server.
    #[arg(long, value_enum, env = "EYOT_ERA", hide_env_values = true)]
    pub(crate) era: Option<SpokenEra>,
    /// A header for every HTTP request, or NAME:env:VAR. May be repeated.
    #[arg(long, value_name = "NAME:VALUE")]
    pub(crate) header: Vec<Header>,
    /// A bearer token for every HTTP request: `@FILE` or `env:VAR`.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) token: Option<TokenSource>,
    #[command(flatten)]
    pub(crate) transport: Transport,
    /// Silence of the server after which the command fails. Default: `60s`; of each step of `eyot
    /// doctor`: `10s`.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_duration,
        env = "EYOT_TIMEOUT",
        hide_env_values = true
    )]
    pub(crate) timeout: Option<Duration>,
    /// Until the server is connected to, as a file says it.
    #[arg(skip)]
    pub(crate) connect_timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) message: MessageBound,
    /// The least severe level of the server's log messages that are shown.
    #[arg(long, default_value = "info", value_name = "LEVEL", value_parser = parse_level)]
    pub(crate) log_level: LogLevel,
    /// A variable for the child: a value, or only the name, to pass on the variable of this
    /// program.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<EnvVar>,
    /// The child's working folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// The server to start instead of a URL, with its arguments. No shell is involved.
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<String>,
}

/// `eyot list`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct List {
    /// The server: `https://…`, `http://…`, `wss://…`, `ws://…`, or `unix:PATH#/mcp`.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `eyot explain`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Explain {
    /// The server: `https://…`, `http://…`, `wss://…`, `ws://…`, or `unix:PATH#/mcp`.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    /// The clients that the explanation is for.
    #[arg(long, value_enum, default_value = "both")]
    pub(crate) client: ServedEras,
    #[command(flatten)]
    pub(crate) explained: Explained,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `eyot doctor`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Doctor {
    /// The servers: `https://…`, `http://…`, `wss://…`, `ws://…`, or `unix:PATH#/mcp`.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    /// A tool to call in the end, which should do no harm.
    #[arg(long, value_name = "TOOL")]
    pub(crate) call: Option<String>,
    /// The arguments for --call as a JSON object, or `@FILE` for one in a file (`@-`: on stdin).
    #[arg(long, value_name = "JSON", requires = "call")]
    pub(crate) args: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `eyot call`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Call {
    /// The server's URL, the tool, and its arguments.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// The arguments as a JSON object, or `@FILE` for one in a file (`@-`: on stdin). Arguments
    /// given as pairs replace members of it.
    #[arg(long, value_name = "JSON")]
    pub(crate) args: Option<String>,
    /// Answers a question to the user: the form as a JSON object, or `decline` or `cancel`. May be
    /// repeated, for one question after another; the last one answers all questions that follow.
    #[arg(long, value_name = "JSON")]
    pub(crate) answer: Vec<Answer>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `eyot read`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Read {
    /// The server's URL, and the resource.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// Answers a question to the user; as with `eyot call`.
    #[arg(long, value_name = "JSON")]
    pub(crate) answer: Vec<Answer>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `eyot prompt`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Prompt {
    /// The server's URL, the prompt, and its arguments.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// Answers a question to the user; as with `eyot call`.
    #[arg(long, value_name = "JSON")]
    pub(crate) answer: Vec<Answer>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `eyot complete`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Complete {
    /// The server's URL, the prompt or template, and its arguments.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `eyot listen`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct ListenTo {
    /// The server: `https://…`, `http://…`, `wss://…`, `ws://…`, or `unix:PATH#/mcp`.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    /// A resource whose changes are printed. May be repeated. Changes of the lists of tools,
    /// prompts and resources are always printed.
    #[arg(long, value_name = "URI")]
    pub(crate) resource: Vec<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// The answer to a question to the user.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Accept(Map<String, Value>),
    Decline,
    Cancel,
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "decline" => Ok(Self::Decline),
            "cancel" => Ok(Self::Cancel),
            // The error of the parser may repeat the answer, which may be a secret.
            _ => serde_json::from_str(text)
                .map(Self::Accept)
                .map_err(|_| "expected a JSON object, `decline` or `cancel`".to_owned()),
        }
    }
}

fn parse_level(text: &str) -> Result<LogLevel, String> {
    match LogLevel::from(text) {
        LogLevel::Other(_) => Err("expected debug, info, notice, warning, error, critical, alert \
                                   or emergency"
            .to_owned()),
        level => Ok(level),
    }
}
