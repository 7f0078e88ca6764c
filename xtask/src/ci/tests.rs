//! The table of times is readable.

use super::*;

#[test]
fn table_lists_every_step_and_their_sum() {
    let times = [("format", Duration::from_millis(1500)), ("clippy", Duration::from_secs(100))];
    let want = "format             1.5 s\n\
                clippy           100.0 s\n\
                before tests     101.5 s";
    assert_eq!(table(&times), want);
}
