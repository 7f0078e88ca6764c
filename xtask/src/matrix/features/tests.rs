//! The table of features and the table of reasons.

use std::collections::BTreeSet;

use super::{FEATURES, REASONS, find};

#[test]
fn ids_of_features_differ() {
    let ids: BTreeSet<_> = FEATURES.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), FEATURES.len());
}

#[test]
fn every_reason_is_about_a_feature() {
    for reason in REASONS {
        assert!(find(reason.feature).is_some(), "{reason:?}");
    }
}
