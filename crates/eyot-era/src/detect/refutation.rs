//! What a server that is taken for modern says like a legacy one.

use eyot_jsonrpc::{Kind, Message};
use eyot_types::codes;

use super::evidence::{Carrier, Evidence, of_fault};
use super::mode::EraMode;
use super::step::EraAnswer;

/// What a server was asked in the modern era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "either is all that there is")]
pub enum Asked {
    /// `server/discover`.
    Discovery,
    /// Anything else.
    Call,
}

/// Whether the answer to a modern request is one of a legacy server.
///
/// Legacy servers refuse with such a code what comes without a session. Modern ones have uses for
/// some of them, so that only `server/discover` proves anything; to look again costs one question.
#[must_use]
pub fn is_legacy_answer(answer: &Message, asked: Asked, mode: EraMode) -> bool {
    if asked == Asked::Discovery {
        let said = EraAnswer::of_discover(answer, None);
        // Without a status it makes no difference what has carried it.
        return said.evidence(false, Carrier::Pipe) == Evidence::Legacy;
    }
    if answer.kind() != Kind::Error {
        return false;
    }
    let Ok(error) = answer.decode_error() else { return false };
    // A modern server may well lack a method: a pin is not blamed for it.
    let is_missing = error.code == codes::METHOD_NOT_FOUND;
    is_doubtful(error.code) && !(is_missing && mode.pinned().is_some())
}

/// Whether it is how a legacy server takes a modern request that there is no answer,
/// but a refusal below JSON-RPC, if `is_refusal`, or a broken connection.
#[must_use]
pub fn is_legacy_fault(is_refusal: bool, asked: Asked, carrier: Carrier) -> bool {
    let is_evidence = asked == Asked::Discovery || carrier == Carrier::Http;
    is_evidence && of_fault(is_refusal, carrier) == Evidence::Legacy
}

/// Whether legacy servers refuse with this code what comes without a session.
const fn is_doubtful(code: i64) -> bool {
    matches!(code, codes::INVALID_REQUEST | codes::METHOD_NOT_FOUND) || codes::is_legacy_sdk(code)
}

#[cfg(test)]
mod tests;
