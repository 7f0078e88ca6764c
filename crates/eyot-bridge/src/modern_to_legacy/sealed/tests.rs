//! The form of states, of this version and of earlier ones.

use std::borrow::Cow;

use serde_json::json;

use super::{ParkedState, State, StateOf};

#[test]
fn state_names_its_upstream_beside_what_it_always_had() {
    for (state, text) in [
        (
            State::Parked(ParkedState { call: "c".to_owned(), round: 2 }),
            json!({ "p": { "c": "c", "r": 2 } }),
        ),
        (State::AwaitsUrl(vec!["visit.0".to_owned()]), json!({ "v": ["visit.0"] })),
    ] {
        let earlier: StateOf<'_> = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(earlier, StateOf { upstream: None, state: Cow::Borrowed(&state) });
        let ours = StateOf { upstream: Some("here".into()), state: Cow::Borrowed(&state) };
        let mut expected = text;
        expected["u"] = json!("here");
        assert_eq!(serde_json::to_value(&ours).unwrap(), expected);
        assert_eq!(serde_json::from_value::<StateOf<'_>>(expected).unwrap(), ours);
    }
}
