//! The rhythm of sweeps.

use std::future::ready;
use std::time::Duration;

use tokio::time::timeout;

use eyot_session::{LogLimits, Sessions};
use eyot_store_memory::MemoryStore;
use eyot_testkit::samples::{done, record, session_id};

use super::Sweep;

#[tokio::test(start_paused = true)]
async fn a_timer_sweeps_at_once_and_every_five_seconds() {
    let mut swept = 0;
    let sweeping = Sweep::keep_on(|| {
        swept += 1;
        ready(())
    });
    timeout(Duration::from_millis(10_001), sweeping).await.unwrap_err();
    assert_eq!(swept, 3);
}

#[tokio::test]
async fn a_thousand_sessions_are_forgotten_at_most_in_one_sweep() {
    let store = MemoryStore::new(LogLimits::default());
    for number in 0..1_030 {
        done(store.create(record(&session_id(&format!("expired-{number}")))));
    }
    Sweep::store(&store).await;
    assert_eq!(done(store.list(None, usize::MAX)).len(), 30);
    Sweep::store(&store).await;
    assert!(done(store.list(None, usize::MAX)).is_empty());
}

#[test]
fn of_many_requests_one_sweeps_in_five_seconds() {
    let sweep = Sweep::default();
    let told = [5_000, 5_000, 9_999, 10_000, 10_000, 4_000].map(|now_ms| sweep.is_due(now_ms));
    assert_eq!(told, [true, false, false, true, false, false]);
}
