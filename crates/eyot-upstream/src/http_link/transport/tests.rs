//! What is remembered of a transport.

use std::time::Duration;

use super::{KnownTransport, REMEMBERED, Transport};

#[tokio::test(start_paused = true)]
async fn transport_that_was_found_is_looked_into_again_after_a_while() {
    let known = KnownTransport::new(Transport::Auto);
    assert!(known.is_unknown() && known.is_stale() && !known.is_sse());
    known.find(Transport::Sse);
    assert!(!known.is_unknown() && !known.is_stale() && known.is_sse());
    tokio::time::advance(REMEMBERED - Duration::from_millis(1)).await;
    assert!(!known.is_stale());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(known.is_stale() && known.is_sse(), "sessions that run are still of that kind");
    known.forget();
    assert!(known.is_unknown() && !known.is_sse());
}

#[tokio::test(start_paused = true)]
async fn transport_that_is_asked_for_stays() {
    for (asked, is_sse) in [(Transport::Sse, true), (Transport::Http, false)] {
        let known = KnownTransport::new(asked);
        known.find(Transport::Http);
        known.forget();
        assert_eq!(known.is_sse(), is_sse);
        assert!(!known.is_unknown() && !known.is_stale() && !known.is_open());
    }
}
