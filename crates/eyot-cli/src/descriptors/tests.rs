//! What fits into the limits that systems have.

use super::fitting;

#[test]
fn connections_leave_descriptors_for_upstreams_children_and_the_store() {
    for (descriptors, connections) in
        [(0, 1), (64, 24), (256, 96), (1_024, 384), (4_096, 1_536), (65_536, 32_256)]
    {
        assert_eq!(fitting(descriptors), connections, "of {descriptors}");
    }
}
