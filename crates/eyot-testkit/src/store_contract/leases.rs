//! Promises about who lives, and about sessions that change hands.

use std::time::Duration;

use eyot_session::{Claimant, Fence, NodeId, NodeLease, SessionRecord, Store, StoreError};

use crate::samples::{FENCE, done, principal, record, refused, session_id};

pub(super) const CHECKS: &[fn(&dyn Store)] = &[
    a_lease_is_known_as_it_was_said_until_it_is_ended,
    a_lease_that_is_renewed_says_the_last,
    a_name_has_one_lease,
    a_session_that_was_released_has_no_owner,
    only_the_owner_may_release,
    a_claim_over_an_old_fence_changes_nothing,
];

const TIME: Duration = Duration::from_secs(3_600);

fn lease(node: &str) -> NodeLease {
    NodeLease {
        node: NodeId::new(node),
        name: None,
        address: None,
        process: None,
        is_draining: false,
    }
}

fn a_lease_is_known_as_it_was_said_until_it_is_ended(store: &dyn Store) {
    let full = NodeLease {
        name: Some("eyot-0".into()),
        address: Some("http://10.0.0.1:9".into()),
        process: Some("boot 4026531836 12 345".into()),
        is_draining: true,
        ..lease("b")
    };
    assert_eq!(done(store.leases()), []);
    for lease in [full.clone(), lease("a")] {
        done(store.renew(lease, TIME));
    }
    assert_eq!(done(store.leases()), [lease("a"), full.clone()]);
    assert_eq!(done(store.lease(NodeId::new("b"))), Some(full));
    assert_eq!(done(store.lease(NodeId::new("c"))), None);
    for _ in 0..2 {
        done(store.end_lease(NodeId::new("b")));
    }
    assert_eq!(done(store.leases()), [lease("a")]);
}

fn a_lease_that_is_renewed_says_the_last(store: &dyn Store) {
    done(store.renew(lease("a"), TIME));
    let draining = NodeLease { is_draining: true, ..lease("a") };
    done(store.renew(draining.clone(), TIME));
    assert_eq!(done(store.leases()), [draining]);
}

fn a_name_has_one_lease(store: &dyn Store) {
    let named = |node: &str| NodeLease { name: Some("eyot-0".into()), ..lease(node) };
    done(store.renew(named("before"), TIME));
    done(store.renew(lease("other"), TIME));
    done(store.renew(named("after"), TIME));
    assert_eq!(done(store.leases()), [named("after"), lease("other")]);
}

fn a_session_that_was_released_has_no_owner(store: &dyn Store) {
    let id = session_id("released");
    done(store.create(record(&id)));
    done(store.release(id.clone(), FENCE));
    let released = SessionRecord { owner: None, ..record(&id) };
    assert_eq!(done(store.load(id, 0)), Some(released));
}

fn only_the_owner_may_release(store: &dyn Store) {
    let id = session_id("not-released");
    done(store.create(record(&id)));
    for fence in [Fence(FENCE.0 - 1), FENCE.next()] {
        refused(store.release(id.clone(), fence), &StoreError::Fenced);
    }
    assert_eq!(done(store.load(id.clone(), 0)), Some(record(&id)));
    refused(store.release(session_id("none"), FENCE), &StoreError::NotFound);
}

fn a_claim_over_an_old_fence_changes_nothing(store: &dyn Store) {
    let id = session_id("contested");
    done(store.create(record(&id)));
    let claim = |seen: Fence| {
        store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()).over(seen), 0)
    };
    refused(claim(FENCE.next()), &StoreError::Conflict);
    assert_eq!(done(store.load(id.clone(), 0)), Some(record(&id)));
    let claimed = done(claim(FENCE)).map(|it| it.record.fence);
    assert_eq!(claimed, Some(FENCE.next()));
    refused(claim(FENCE), &StoreError::Conflict);
    assert_eq!(done(store.load(id.clone(), 0)).map(|it| it.fence), Some(FENCE.next()));
}
