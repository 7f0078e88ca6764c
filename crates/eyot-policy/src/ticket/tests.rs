//! Requests whose clients are named later.

use std::time::Instant;

use serde_json::json;

use super::Ticket;
use crate::facts::Facts;
use crate::live::LivePolicy;
use crate::policy::Policy;

#[test]
fn a_request_goes_on_with_the_policy_that_it_began_with() {
    let rates = json!([{ "name": "each", "by": ["principal"], "requests": 1, "per": "1h" }]);
    let policy: Policy = serde_json::from_value(json!({ "rates": rates })).unwrap();
    let live = LivePolicy::new(policy.compile().unwrap());
    let ticket = || Ticket::new(live.current(), Facts::default(), Vec::new());
    let (first, second) = (ticket(), ticket());
    live.replace(&Policy::default()).unwrap();
    let now = Instant::now();
    assert!(first.identify(Some("alice"), now).is_ok());
    assert!(second.identify(Some("alice"), now).is_err());
    assert!(ticket().identify(Some("alice"), now).is_ok());
}
