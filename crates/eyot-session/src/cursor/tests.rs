//! The newest cursor of each upstream.

use bytes::Bytes;

use super::{UpstreamCursor, UpstreamCursors};
use crate::UpstreamName;

fn cursor(upstream: &str, cursor: &'static str) -> UpstreamCursor {
    let upstream = UpstreamName::parse(upstream).unwrap();
    UpstreamCursor { upstream, cursor: Bytes::from_static(cursor.as_bytes()) }
}

#[test]
fn each_upstream_has_its_newest_cursor() {
    let noted = [("b", "b1"), ("default", "1"), ("a", "a1"), ("b", "b2"), ("default", "")];
    let cursors: UpstreamCursors = noted.into_iter().map(|(name, it)| cursor(name, it)).collect();
    let expected = [cursor("default", ""), cursor("a", "a1"), cursor("b", "b2")];
    assert!(cursors.iter().eq(&expected), "{cursors:?}");
    assert_eq!(cursors.get(&UpstreamName::DEFAULT), Some(&Bytes::new()));
    assert_eq!(cursors.get(&UpstreamName::parse("c").unwrap()), None);
}
