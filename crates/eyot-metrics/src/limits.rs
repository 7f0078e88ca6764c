//! The metrics of bounds: how much of each is used, how much there is, how often it refused.
//!
//! What is used is read when the metrics are, so that nothing is counted twice on the way of a call.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

pub(crate) fn describe() {
    let help = "What clients were refused because a bound was reached, by bound.";
    describe_counter!(LIMIT_HIT, Unit::Count, help);
    describe_gauge!(LIMIT_USED, Unit::Count, "How much of a bound is used, by bound.");
    describe_gauge!(LIMIT_MAX, Unit::Count, "The bound itself, by bound.");
    describe_gauge!(LIMIT_USED_BYTES, Unit::Bytes, "Bytes used of a bound in bytes, by bound.");
    describe_gauge!(LIMIT_MAX_BYTES, Unit::Bytes, "The bound in bytes itself, by bound.");
}

/// Something was refused because the bound of that name was reached.
pub fn limit_hit(limit: &'static str) {
    counter!(LIMIT_HIT, "limit" => limit).increment(1);
}

/// Shows a bound on a number of things from now on; `used` is `None` once there is no such bound
/// any more. Bounds of one name are shown as one.
pub fn watch_limit(
    limit: &'static str,
    max: usize,
    used: impl Fn() -> Option<usize> + Send + 'static,
) {
    watch(Watched { limit, max, is_bytes: false, used: Box::new(used) });
}

/// Like [`watch_limit`], for a bound in bytes.
pub fn watch_limit_bytes(
    limit: &'static str,
    max: usize,
    used: impl Fn() -> Option<usize> + Send + 'static,
) {
    watch(Watched { limit, max, is_bytes: true, used: Box::new(used) });
}

/// Brings what is used of each bound into the metrics. Call before they are read.
pub fn report_limits() {
    for ((limit, is_bytes), Sum { used, max }) in sums() {
        let (used_name, max_name) = match is_bytes {
            false => (LIMIT_USED, LIMIT_MAX),
            true => (LIMIT_USED_BYTES, LIMIT_MAX_BYTES),
        };
        gauge!(used_name, "limit" => limit).set(used);
        gauge!(max_name, "limit" => limit).set(max);
    }
}

struct Watched {
    limit: &'static str,
    max: usize,
    is_bytes: bool,
    used: Box<dyn Fn() -> Option<usize> + Send>,
}

#[derive(Debug, Default, PartialEq)]
struct Sum {
    used: f64,
    max: f64,
}

/// The recorder of the metrics is one for the process, and so is this.
static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

fn watch(watched: Watched) {
    let mut all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    // Here too, for a process whose metrics are never read.
    all.retain(|it| (it.used)().is_some());
    all.push(watched);
}

fn sums() -> BTreeMap<(&'static str, bool), Sum> {
    let mut sums = BTreeMap::<_, Sum>::new();
    let mut all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|it| {
        let sum = sums.entry((it.limit, it.is_bytes)).or_default();
        let Some(used) = (it.used)() else { return false };
        sum.used += number(used);
        sum.max += number(it.max);
        true
    });
    sums
}

/// Exact up to four billion; a larger bound is as good as none.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

const LIMIT_HIT: &str = "eyot_limit_hit_total";
const LIMIT_USED: &str = "eyot_limit_used";
const LIMIT_MAX: &str = "eyot_limit_max";
const LIMIT_USED_BYTES: &str = "eyot_limit_used_bytes";
const LIMIT_MAX_BYTES: &str = "eyot_limit_max_bytes";

#[cfg(test)]
mod tests;
