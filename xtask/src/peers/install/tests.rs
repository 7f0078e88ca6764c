//! Output of other programs is read with care.

use super::*;

#[test]
fn old_node_is_refused() {
    for (version, want) in [
        ("v24.19.0", true),
        ("v22.19.0", true),
        ("v22.18.9", false),
        ("v20.20.2", false),
        ("v22", false),
        ("", false),
    ] {
        assert_eq!(is_young_enough(version), want, "{version:?}");
    }
}
