//! Our ids, and what a peer can make of them.

use proptest::prelude::*;
use serde_json::json;

use crate::{Id, UpstreamId};

/// Holds for one `Tag` only as long as `T` does not become an [`Id`] by itself.
trait Apart<Tag> {
    fn is_apart() {}
}

impl<T> Apart<()> for T {}

impl<T: Into<Id>> Apart<u8> for T {}

#[test]
fn our_id_does_not_become_one_of_a_peer_by_itself() {
    // Does not compile as soon as it does: two traits would fit.
    <UpstreamId as Apart<_>>::is_apart();
}

#[test]
fn our_id_is_written_as_a_number() {
    let id = UpstreamId::new(7);
    assert_eq!(id.to_string(), "7");
    assert_eq!(serde_json::to_value(id).unwrap(), json!(7));
    assert_eq!(serde_json::from_value::<UpstreamId>(json!(7)).unwrap(), id);
    assert_eq!(id.next(), UpstreamId::new(8));
    assert_eq!(UpstreamId::new(u64::MAX).next().get(), 0);
}

#[test]
fn what_we_cannot_have_given_is_none_of_ours() {
    for raw in ["\"7\"", "-7", "18446744073709551616", "\"\"", "\"7 \""] {
        assert_eq!(UpstreamId::repeated_by(&Id::parse(raw).unwrap()), None, "{raw}");
    }
}

proptest! {
    #[test]
    fn our_id_comes_back_as_it_went(number in any::<u64>()) {
        let id = UpstreamId::new(number);
        prop_assert_eq!(UpstreamId::repeated_by(&Id::parse(&id.to_string()).unwrap()), Some(id));
        prop_assert_eq!(UpstreamId::repeated_by(&id.to_id()), Some(id));
        prop_assert_eq!(UpstreamId::repeated_by(&Id::from_text(&id.to_string())), None);
    }
}
