//! What an answer to `initialize` agrees on.

use eyot_jsonrpc::{Id, Response};
use eyot_types::Era;
use serde_json::json;

use super::agreed;
use crate::error::ClientError;

#[test]
fn a_handshake_agrees_on_a_legacy_revision_only() {
    let answer = |version: &str| {
        let info = json!({ "name": "s", "version": "1" });
        let result = json!({ "protocolVersion": version, "capabilities": {}, "serverInfo": info });
        Response::new(Id::from_number(0), &result)
    };
    assert_eq!(agreed(&answer("2025-06-18")).unwrap().revision.era(), Era::Legacy);
    for version in ["2026-07-28", "1999-01-01"] {
        let refused = agreed(&answer(version));
        assert!(matches!(refused, Err(ClientError::Protocol { .. })), "{version}");
    }
}
