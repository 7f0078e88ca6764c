//! Ids and their texts.

use proptest::prelude::*;

use crate::{EventId, Fence, Position, SessionId, StreamNo};

proptest! {
    #[test]
    fn event_id_reads_back_what_it_wrote(stream: u32, fence: u64, seq: u64) {
        let position = Position { fence: Fence(fence), seq };
        let id = EventId { stream: StreamNo(stream), position };
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_what_it_takes_it_writes_again(text in ".{0,40}") {
        if let Ok(id) = text.parse::<EventId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}

#[test]
fn event_id_of_another_server_is_refused() {
    for text in ["", "1", "1.2", "1.2.3.4", "1.2.", "+1.2.3", "01.2.3", "1.2.Z", "../../1_1"] {
        assert!(text.parse::<EventId>().is_err(), "{text}");
    }
}

#[test]
fn session_id_takes_visible_ascii_only() {
    assert!(SessionId::parse("abc-123~").is_some());
    for text in ["", "a b", "é", "a\r\nb", &"a".repeat(129)] {
        assert!(SessionId::parse(text).is_none(), "{text:?}");
    }
}
