//! Servers of equal tools on two SDKs: Eyot, and rmcp, the official one.

mod eyot_tools;
mod rmcp_tools;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::eyot_tools::server as eyot;
pub use self::rmcp_tools::{RmcpService, Tools as RmcpTools, service as rmcp};

/// Whose server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sdk {
    /// Ours.
    Eyot,
    /// The official one.
    Rmcp,
}

impl Sdk {
    /// Both, in the order of the tables.
    pub const ALL: [Self; 2] = [Self::Eyot, Self::Rmcp];

    /// The name on the command line and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eyot => "eyot",
            Self::Rmcp => "rmcp",
        }
    }
}

/// The name of both servers.
const NAME: &str = "eyot-bench";

/// Arguments of `add`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

/// Arguments of every other tool.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct Text {
    text: String,
}
