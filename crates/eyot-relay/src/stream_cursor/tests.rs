//! An event id goes back to the session that gave it, and to no other.

use eyot_jsonrpc::Message;
use serde_json::json;

use super::*;

fn round(cursor: &str, given: u64, asked: u64) -> Option<Bytes> {
    let item = ReplyItem::Cursor(Bytes::copy_from_slice(cursor.as_bytes()));
    let kept = kept(item, given).cursor().cloned().unwrap();
    of_generation(&kept, asked)
}

#[test]
fn event_id_comes_back_unchanged_in_its_generation_alone() {
    for cursor in ["", "5", "1~2", "a:b~c", "~"] {
        assert_eq!(round(cursor, 3, 3).as_deref(), Some(cursor.as_bytes()), "{cursor}");
        assert_eq!(round(cursor, 3, 4), None, "{cursor}");
    }
    assert_eq!(round("x", u64::MAX, u64::MAX).as_deref(), Some(&b"x"[..]));
}

#[test]
fn event_id_that_was_kept_without_a_generation_is_not_used() {
    for kept in ["", "5", "1.5", "x~5", "-1~5"] {
        assert_eq!(of_generation(&Bytes::from(kept), 1), None, "{kept}");
    }
}

#[test]
fn message_without_an_event_id_stays_without_one() {
    let item = Message::notification("notifications/message", &json!({})).into();
    assert!(kept(item, 1).cursor().is_none());
}
