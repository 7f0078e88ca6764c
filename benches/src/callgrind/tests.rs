//! The arithmetic of two runs.

use super::*;

#[test]
fn difference_of_two_runs_leaves_the_start_out() {
    let once = Counts { instructions: 1_500.0, system_calls: 30.0, allocations: 7.0 };
    let twice = Counts { instructions: 2_000.0, system_calls: 50.0, allocations: 7.0 };
    let each = Counts { instructions: 50.0, system_calls: 2.0, allocations: 0.0 };
    assert_eq!(Counts::per_repetition(once, twice, 10), each);
}
