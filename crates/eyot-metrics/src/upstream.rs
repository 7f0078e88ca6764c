//! Metrics of upstreams and of the children that some of them are.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

pub(crate) fn describe() {
    describe_gauge!(CHILDREN, Unit::Count, "Child processes, in use or not.");
    describe_counter!(CHILDREN_REFUSED, Unit::Count, "Children that there was no room for.");
    let help = "Messages of upstreams that passed with half a surrogate pair in them.";
    describe_counter!(LONE_SURROGATES, Unit::Count, help);
    describe_counter!(UPSTREAMS_OPENED, Unit::Count, "Upstreams that were opened, by cause.");
}

/// Sets how many children this process has.
pub fn children(count: usize) {
    gauge!(CHILDREN).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// A child was not started, because there are too many.
pub fn children_refused() {
    counter!(CHILDREN_REFUSED).increment(1);
}

/// A message of an upstream with half a surrogate pair in it was passed on.
pub fn lone_surrogates_passed() {
    counter!(LONE_SURROGATES).increment(1);
}

/// An upstream was opened: for a client, or again after it was lost.
pub fn upstreams_opened(cause: &'static str) {
    counter!(UPSTREAMS_OPENED, "cause" => cause).increment(1);
}

const CHILDREN: &str = "eyot_children";
const CHILDREN_REFUSED: &str = "eyot_children_refused_total";
const LONE_SURROGATES: &str = "eyot_lone_surrogates_total";
const UPSTREAMS_OPENED: &str = "eyot_upstreams_opened_total";
