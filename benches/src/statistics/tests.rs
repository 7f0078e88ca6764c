//! Medians and percentiles of small sets, where each rank can be seen.

use super::*;

#[test]
fn median_is_the_middle_or_the_mean_of_two() {
    for (values, want) in
        [(vec![], 0.0), (vec![3.0], 3.0), (vec![9.0, 1.0, 5.0], 5.0), (vec![4.0, 1.0], 2.5)]
    {
        assert!((median(values.clone()) - want).abs() < f64::EPSILON, "{values:?}");
    }
}

#[test]
fn percentile_is_a_value_that_occurred() {
    let sorted: Vec<u64> = (1..=200).collect();
    for (percent, want) in [(50, 100), (95, 190), (99, 198), (100, 200), (0, 1)] {
        assert_eq!(percentile(&sorted, percent), want, "{percent}");
    }
    assert_eq!(percentile(&[], 50), 0);
}
