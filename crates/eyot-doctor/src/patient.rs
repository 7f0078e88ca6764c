//! A server to be examined.

use std::collections::BTreeMap;
use std::time::Duration;

use eyot_era::detect::EraMode;
use eyot_service::Limits;
use eyot_upstream::Target;
use serde_json::value::RawValue;

/// A server to be examined.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, who know all of it")]
pub struct Patient {
    /// How to reach it, with what requests carry.
    pub target: Target,
    /// The server as it may be shown: without secrets.
    pub place: String,
    /// Its name in a file. `None`: it comes from no file.
    pub server: Option<String>,
    /// The era to speak.
    pub era: EraMode,
    /// Every bound.
    pub limits: Limits,
    /// The longest that one step may take.
    pub patience: Duration,
    /// Whether requests carry a token or headers of its user.
    pub has_credentials: bool,
    /// The certificate of the server is looked at, but not held against anything.
    pub is_unverified: bool,
    /// A tool to call in the end. `None`: none.
    pub call: Option<ToolCall>,
}

/// A tool, and what it is called with.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "plain data")]
pub struct ToolCall {
    /// The name of the tool.
    pub tool: String,
    /// Its arguments, by name.
    pub arguments: BTreeMap<String, Box<RawValue>>,
}
