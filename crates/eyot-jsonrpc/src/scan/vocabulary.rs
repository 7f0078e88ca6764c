//! The names that mean something in the objects that a proxy routes on.

use crate::error::ParseErrorKind;
use crate::keys::{Vocabulary, Word};

/// The message itself.
pub(crate) static MESSAGE: Vocabulary = Vocabulary {
    object: "message",
    members: &["jsonrpc", "id", "method", "params", "result", "error"],
    prefix: None,
};

/// `params`: what routing, policy, sessions and multi round-trip calls read.
pub(crate) static PARAMS: Vocabulary = Vocabulary {
    object: "params",
    members: &[
        "_meta",
        "name",
        "arguments",
        "uri",
        "taskId",
        "requestId",
        "progressToken",
        "cursor",
        "inputResponses",
        "requestState",
        "protocolVersion",
        "capabilities",
        "clientInfo",
    ],
    prefix: None,
};

/// `params._meta`: what makes up a modern request (2026-07-28, basic).
pub(crate) static META: Vocabulary = Vocabulary {
    object: "_meta",
    members: &[
        "progressToken",
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientInfo",
        "io.modelcontextprotocol/clientCapabilities",
        "io.modelcontextprotocol/logLevel",
        "io.modelcontextprotocol/subscriptionId",
    ],
    prefix: Some("io.modelcontextprotocol/"),
};

/// `error`.
pub(crate) static ERROR: Vocabulary =
    Vocabulary { object: "error", members: &["code", "message", "data"], prefix: None };

impl Vocabulary {
    /// What is said of a key that occurs twice.
    pub(crate) const fn duplicate(&self, word: Word) -> ParseErrorKind {
        match word {
            Word::Member(member) => ParseErrorKind::DuplicateMember { member },
            Word::Misspelled(_) | Word::Other => {
                ParseErrorKind::DuplicateKey { object: self.object }
            }
        }
    }
}
