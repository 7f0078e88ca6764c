//! The flags by which `eyot explain` explains an HTTP policy.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args as ClapArgs;

/// A request, and the policy that decides about it.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Explained {
    /// In the place of a server: the head of an HTTP request, as `curl -v` writes it, in a file or on
    /// stdin (`-`). Tells which part of --policy refuses it, and why.
    #[arg(long, value_name = "FILE", requires = "policy", conflicts_with_all = ["words", "command"])]
    pub(crate) request: Option<PathBuf>,
    /// The HTTP policy that decides about --request, as with `eyot serve`.
    #[arg(long, value_name = "FILE", requires = "request")]
    pub(crate) policy: Option<PathBuf>,
    /// The address that --request comes from: the other end of its connection. Default: none, as at a
    /// Unix socket.
    #[arg(long, value_name = "ADDRESS", requires = "request")]
    pub(crate) from: Option<IpAddr>,
}
