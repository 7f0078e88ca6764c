//! The losses that clients are told of are counted.

use super::uncounted;

#[test]
fn a_loss_that_is_not_counted_is_a_failure() {
    let said = ["ok ping", "lost a: one", "lost b: one two"].map(str::to_owned);
    let metrics = r#"eyot_bridge_loss_total{feature="one",from="legacy",to="modern"} 1"#;
    assert_eq!(uncounted(&said, metrics), ["FAIL b: not counted: one two"]);
}
