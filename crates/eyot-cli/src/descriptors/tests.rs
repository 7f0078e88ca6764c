//! What fits into the limits that systems have.

use super::fitting;

#[test]
fn connections_leave_descriptors_for_upstreams_children_and_the_store() {
    for (descriptors, connections) in
        [(0, 1), (64, 36), (256, 144), (1_024, 576), (4_096, 2_304), (20_000, 14_232)]
    {
        assert_eq!(fitting(descriptors), connections, "of {descriptors}");
    }
}
