//! Positions of several streams as one.

use bytes::Bytes;
use eyot_session::UpstreamName;
use proptest::prelude::*;

use super::Cursors;

fn slot(text: &str) -> UpstreamName {
    UpstreamName::parse(text).unwrap()
}

#[test]
fn what_was_never_written_is_no_position() {
    for text in ["", "a", "a 5 xx", "a -1 ", "ü 1 x", "a 99999999999999999999999 x"] {
        assert_eq!(Cursors::read(Bytes::from(text)), Cursors::default(), "{text}");
    }
}

proptest! {
    #[test]
    fn positions_come_back_as_they_were_written(
        written in prop::collection::btree_map("[a-z._-]{1,8}", any::<Vec<u8>>(), 0..4),
    ) {
        let mut cursors = Cursors::default();
        for (name, cursor) in &written {
            cursors.note(&slot(name), Bytes::from(cursor.clone()));
        }
        prop_assert_eq!(&Cursors::read(cursors.write()), &cursors);
        if let Some((slot, cursor)) = cursors.only() {
            prop_assert_eq!(Cursors::write_only(slot, cursor), cursors.write());
        }
    }
}
