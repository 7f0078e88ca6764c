//! The flags for interceptors.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use eyot::Phase;

use super::commands::Server;
use super::transport::ListenAt;

pub(super) const INTERCEPTORS_EXAMPLES: &str = "\
Examples:
  eyot interceptors list --event tools/call https://guards.example/mcp
  eyot interceptors invoke --event tools/call --phase request --payload call.json no-secrets -- my-guards
  eyot interceptors plan https://guards.example/mcp http://127.0.0.1:8090/mcp
  eyot interceptors plan --interceptors guards.yaml --event tools/call
  eyot interceptors plan --config eyot.yaml
  eyot interceptors test -- eyot interceptors serve < cases.yaml
  eyot interceptors serve --listen 127.0.0.1:8090";

/// `eyot interceptors`.
#[derive(Debug, Subcommand)]
pub(crate) enum Interceptors {
    #[command(flatten)]
    Of(Box<InterceptorsOf>),
    /// Offer the interceptors of this program to others, on stdin and stdout.
    Serve(InterceptorsServe),
}

/// What is done with the interceptors of servers.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum InterceptorsOf {
    /// List the interceptors of a server.
    List(InterceptorsList),
    /// Run one interceptor of a server over a payload.
    Invoke(InterceptorsInvoke),
    /// Print which interceptors each event meets, in their order.
    Plan(InterceptorsPlan),
    /// Run all interceptors of a server over the cases in a file. The exit code is 1 if one fails.
    Test(InterceptorsTest),
}

impl InterceptorsOf {
    /// As [`ClientCommand::server`](super::ClientCommand::server).
    pub(super) fn server(&mut self) -> Option<(&mut Server, &mut Vec<String>)> {
        Some(match self {
            Self::List(it) => (&mut it.server, &mut it.words),
            Self::Invoke(it) => (&mut it.server, &mut it.words),
            Self::Plan(it) if it.words.len() > 1 || it.is_of_a_proxy() => return None,
            Self::Plan(it) => (&mut it.server, &mut it.words),
            Self::Test(it) => (&mut it.server, &mut it.words),
        })
    }
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct InterceptorsList {
    /// The server's URL.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    /// Only those that hook this event.
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct InterceptorsInvoke {
    /// The server's URL, and the interceptor.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// The event: a method, such as `tools/call`.
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: String,
    /// `request` or `response`.
    #[arg(long, value_name = "PHASE", value_parser = parse_phase)]
    pub(crate) phase: Phase,
    /// A file with the payload: the `params` of a request, or a result. `-`: stdin.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) payload: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct InterceptorsPlan {
    /// The servers' URLs.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    /// Only what this event meets.
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    /// The plans that `eyot serve` makes of this file, instead of those of servers of interceptors; so
    /// does --config without --server.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["words", "command"])]
    pub(crate) interceptors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Server,
}

impl InterceptorsPlan {
    /// Whether the plans of a proxy are wanted, and not those of servers of interceptors.
    pub(crate) fn is_of_a_proxy(&self) -> bool {
        self.interceptors.is_some() || self.server.from.wants_all()
    }
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct InterceptorsTest {
    /// The server's URL, and the file: YAML or JSON. Without a file: stdin.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct InterceptorsServe {
    /// Listen on this address instead, on this machine only; port 0 picks a free port.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<ListenAt>,
}

fn parse_phase(text: &str) -> Result<Phase, String> {
    match text {
        "request" => Ok(Phase::Request),
        "response" => Ok(Phase::Response),
        _ => Err("expected request or response".to_owned()),
    }
}
