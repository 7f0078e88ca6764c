//! Ids there and back.

use eyot_jsonrpc::{Id, Message};
use proptest::prelude::*;
use serde_json::json;

use super::{cancelled_id, message_to_client, to_client, to_upstream};

proptest! {
    #[test]
    fn every_id_comes_back_with_its_generation(text in ".*", number: u64, generation: u64) {
        for id in [Id::from_text(&text), Id::from_number(number)] {
            let seen = to_client(&id, generation);
            prop_assert_eq!(to_upstream(&seen), Some((generation, id)));
        }
    }
}

#[test]
fn id_that_we_never_gave_is_nobodys() {
    let ids = [Id::from_number(1), Id::from_text("1"), Id::from_text("x.1"), Id::from_text("1.{}")];
    for id in ids {
        assert_eq!(to_upstream(&id), None, "{id}");
    }
}

#[test]
fn number_and_text_stay_apart() {
    assert_ne!(to_client(&Id::from_number(1), 1), to_client(&Id::from_text("1"), 1));
}

#[test]
fn cancellation_by_the_upstream_names_the_clients_id() {
    let params = json!({ "requestId": 7, "reason": "slow" });
    let message = Message::notification("notifications/cancelled", &params);
    let seen = message_to_client(message, 3);
    assert_eq!(cancelled_id(&seen), Some(to_client(&Id::from_number(7), 3)));
}
