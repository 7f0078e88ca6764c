//! Promises about session records.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use eyot_jsonrpc::Id;
use eyot_session::{
    Claimant, Claimed, Fence, ItemChange, NodeId, OpenQuestion, SessionId, SessionItems,
    SessionRecord, SessionState, Store, StoreError, StreamNo,
};

use crate::samples::{
    CALL, EXPIRES_MS, FENCE, START, call_stream, done, ended, full_state, items, numbered_events,
    opened, principal, record, refused, session_id,
};

pub(super) const CHECKS: &[fn(&dyn Store)] = &[
    a_created_session_is_loaded_as_it_was,
    a_taken_id_conflicts_and_changes_nothing,
    an_unknown_session_is_said_to_be_unknown,
    an_expired_session_is_neither_loaded_nor_claimed,
    a_claim_raises_the_fence_and_names_the_owner,
    claims_at_once_get_different_fences,
    a_claim_of_another_principal_finds_and_changes_nothing,
    only_the_current_fence_may_update,
    items_change_one_by_one_and_an_update_leaves_them,
    a_question_that_is_asked_anew_takes_the_place_of_the_one_before,
    a_touch_counts_at_once_and_never_shortens,
    a_removed_session_leaves_nothing_behind,
    a_sweep_takes_only_the_expired_up_to_the_limit,
    a_list_is_ordered_and_continues_after_an_id,
    operations_take_effect_in_the_order_of_the_calls,
];

fn a_created_session_is_loaded_as_it_was(store: &dyn Store) {
    let id = session_id("created-whole");
    let bare =
        SessionRecord { principal: None, owner: None, ..record(&session_id("created-bare")) };
    let full = SessionRecord { state: full_state(), ..record(&id) };
    for record in [full, bare] {
        done(store.create(record.clone()));
        assert_eq!(done(store.load(record.id.clone(), 0)), Some(record));
    }
}

fn a_taken_id_conflicts_and_changes_nothing(store: &dyn Store) {
    let first = record(&session_id("taken"));
    done(store.create(first.clone()));
    let second = SessionRecord { principal: None, ..first.clone() };
    refused(store.create(second), &StoreError::Conflict);
    assert_eq!(done(store.load(first.id.clone(), 0)), Some(first));
}

fn an_unknown_session_is_said_to_be_unknown(store: &dyn Store) {
    let id = session_id("unknown");
    store.touch(&id, EXPIRES_MS);
    assert_eq!(done(store.load(id.clone(), 0)), None);
    assert_eq!(
        done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), 0)),
        None
    );
    assert!(!done(store.remove(id.clone())));
    refused(store.update(id.clone(), FENCE, full_state()), &StoreError::NotFound);
    refused(store.change_items(id.clone(), FENCE, items()), &StoreError::NotFound);
    refused(store.open(id.clone(), FENCE, call_stream(CALL)), &StoreError::NotFound);
    refused(store.append(id.clone(), FENCE, CALL, Vec::new()), &StoreError::NotFound);
    refused(store.finish(id.clone(), FENCE, CALL, ended(0)), &StoreError::NotFound);
    refused(store.read(id, CALL, START, 1), &StoreError::NotFound);
}

fn an_expired_session_is_neither_loaded_nor_claimed(store: &dyn Store) {
    let id = session_id("expired");
    done(store.create(record(&id)));
    assert_eq!(done(store.load(id.clone(), EXPIRES_MS)), None);
    assert_eq!(
        done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), EXPIRES_MS)),
        None
    );
    assert_eq!(done(store.load(id.clone(), EXPIRES_MS - 1)), Some(record(&id)));
}

fn a_claim_raises_the_fence_and_names_the_owner(store: &dyn Store) {
    let id = session_id("claimed");
    done(store.create(record(&id)));
    for (owner, fence) in [("node-b", Fence(4)), ("node-b", Fence(5)), ("node-c", Fence(6))] {
        let owner = NodeId::new(owner);
        let expected = SessionRecord { owner: Some(owner.clone()), fence, ..record(&id) };
        let claimed = Claimed { record: expected.clone(), next_stream: StreamNo(1) };
        assert_eq!(
            done(store.claim(id.clone(), Claimant::new(owner, principal()), 0)),
            Some(claimed)
        );
        assert_eq!(done(store.load(id.clone(), 0)), Some(expected));
    }
}

fn claims_at_once_get_different_fences(store: &dyn Store) {
    const CLAIMERS: usize = 8;
    let id = session_id("claimed-at-once");
    done(store.create(record(&id)));
    let start = Barrier::new(CLAIMERS);
    let claim = || {
        start.wait();
        done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), 0))
            .map(|claimed| claimed.record.fence)
    };
    let fences: BTreeSet<Option<Fence>> = thread::scope(|scope| {
        let claimers: Vec<_> = (0..CLAIMERS).map(|_| scope.spawn(claim)).collect();
        claimers.into_iter().filter_map(|claimer| claimer.join().ok()).collect()
    });
    assert_eq!(fences.len(), CLAIMERS, "{fences:?}");
    assert!(!fences.contains(&None));
}

/// A claim by another principal is answered like one for an unknown session; the owner stays.
fn a_claim_of_another_principal_finds_and_changes_nothing(store: &dyn Store) {
    let known = record(&session_id("claimed-by-others"));
    let anonymous = SessionRecord { principal: None, ..record(&session_id("claimed-anonymous")) };
    let others = [None, Some(""), Some("käth"), Some("other")].map(|it| it.map(Arc::from));
    for record in [known, anonymous] {
        let id = record.id.clone();
        done(store.create(record.clone()));
        for other in others.iter().filter(|it| !record.belongs_to(it.as_deref())) {
            let claimed =
                store.claim(id.clone(), Claimant::new(NodeId::new("b"), other.clone()), 0);
            assert_eq!(done(claimed), None, "{other:?}");
        }
        assert_eq!(done(store.load(id.clone(), 0)), Some(record.clone()));
        done(store.update(id.clone(), FENCE, full_state()));
        let principal = record.principal.as_deref().map(Arc::from);
        let claimed = done(store.claim(id, Claimant::new(NodeId::new("b"), principal), 0));
        assert_eq!(claimed.map(|it| it.record.fence), Some(FENCE.next()));
    }
}

fn only_the_current_fence_may_update(store: &dyn Store) {
    let id = session_id("updated");
    done(store.create(record(&id)));
    for fence in [Fence(FENCE.0 - 1), FENCE.next()] {
        refused(store.update(id.clone(), fence, full_state()), &StoreError::Fenced);
    }
    assert_eq!(done(store.load(id.clone(), 0)), Some(record(&id)));
    done(store.update(id.clone(), FENCE, full_state()));
    let state = SessionState { items: SessionItems::default(), ..full_state() };
    let updated = SessionRecord { state, ..record(&id) };
    assert_eq!(done(store.load(id, 0)), Some(updated));
}

fn items_change_one_by_one_and_an_update_leaves_them(store: &dyn Store) {
    let id = session_id("items");
    done(store.create(record(&id)));
    for fence in [Fence(FENCE.0 - 1), FENCE.next()] {
        refused(store.change_items(id.clone(), fence, items()), &StoreError::Fenced);
    }
    for _ in 0..2 {
        done(store.change_items(id.clone(), FENCE, items()));
    }
    done(store.update(id.clone(), FENCE, SessionState::default()));
    let stored = || done(store.load(id.clone(), 0)).map(|it| it.state.items);
    assert_eq!(stored(), Some(full_state().items));
    assert_eq!(done(store.list(None, 9)).first().map(|it| &it.state.items), stored().as_ref());

    let gone = [
        ItemChange::Unsubscribe("file:///a".into()),
        ItemChange::Unsubscribe("file:///none".into()),
        ItemChange::Settle(Id::from_text("2.7")),
    ];
    done(store.change_items(id.clone(), FENCE, gone.to_vec()));
    let left: SessionItems = items().into_iter().chain(gone).collect();
    let claimed = done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), 0));
    assert_eq!(claimed.map(|it| it.record.state.items), Some(left));
    assert!(done(store.remove(id.clone())));
    done(store.create(record(&id)));
    assert_eq!(stored(), Some(SessionItems::default()));
}

fn a_question_that_is_asked_anew_takes_the_place_of_the_one_before(store: &dyn Store) {
    let id = session_id("asked-anew");
    done(store.create(record(&id)));
    let asked = [None, Some(1), Some(2), None].map(|call| {
        let call = call.map(Id::from_number);
        ItemChange::Ask(OpenQuestion { id: Id::from_text("1.q"), call })
    });
    for change in asked {
        done(store.change_items(id.clone(), FENCE, vec![change.clone()]));
        let stored = done(store.load(id.clone(), 0)).map(|it| it.state.items);
        assert_eq!(stored, Some([change].into_iter().collect()));
    }
}

fn a_touch_counts_at_once_and_never_shortens(store: &dyn Store) {
    let id = session_id("touched");
    done(store.create(record(&id)));
    let end_ms = EXPIRES_MS * 3;
    for expires_ms in [EXPIRES_MS * 2, end_ms, EXPIRES_MS] {
        store.touch(&id, expires_ms);
    }
    let touched = SessionRecord { expires_ms: end_ms, ..record(&id) };
    assert_eq!(done(store.load(id.clone(), end_ms - 1)), Some(touched.clone()));
    assert_eq!(done(store.list(None, 9)), [touched]);
    assert_eq!(done(store.sweep(end_ms - 1, 9)), []);
    store.touch(&id, end_ms + 1);
    let claimed =
        done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), end_ms));
    assert_eq!(claimed.map(|it| it.record.expires_ms), Some(end_ms + 1));
    assert_eq!(done(store.load(id, end_ms + 1)), None);
}

fn a_removed_session_leaves_nothing_behind(store: &dyn Store) {
    let id = opened(store, "removed");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(2)));
    assert!(done(store.remove(id.clone())));
    assert!(!done(store.remove(id.clone())));
    assert_eq!(done(store.load(id.clone(), 0)), None);
    refused(store.read(id.clone(), CALL, START, 9), &StoreError::NotFound);
    refused(store.append(id.clone(), FENCE, CALL, numbered_events(3)), &StoreError::NotFound);

    done(store.create(record(&id)));
    refused(store.read(id.clone(), CALL, START, 9), &StoreError::NotFound);
    let claimed = done(store.claim(id, Claimant::new(NodeId::new("b"), principal()), 0));
    assert_eq!(claimed.map(|it| it.next_stream), Some(StreamNo(1)));
}

fn a_sweep_takes_only_the_expired_up_to_the_limit(store: &dyn Store) {
    let expired: BTreeSet<SessionId> =
        (0..5).map(|place| opened(store, &format!("swept-{place}"))).collect();
    let live = session_id("not-swept");
    done(store.create(SessionRecord { expires_ms: EXPIRES_MS + 1, ..record(&live) }));

    assert_eq!(done(store.sweep(EXPIRES_MS - 1, 9)), []);
    let first = done(store.sweep(EXPIRES_MS, 2));
    assert_eq!(first.len(), 2);
    let second = done(store.sweep(EXPIRES_MS, 9));
    let swept: BTreeSet<SessionId> = first.into_iter().chain(second).collect();
    assert_eq!(swept, expired);
    for id in expired {
        assert_eq!(done(store.load(id.clone(), 0)), None);
        refused(store.read(id, CALL, START, 9), &StoreError::NotFound);
    }
    assert!(done(store.load(live, 0)).is_some());
}

fn a_list_is_ordered_and_continues_after_an_id(store: &dyn Store) {
    let ids = ["list-a", "list-b", "list-c", "list-d"].map(session_id);
    for id in ids.iter().rev() {
        done(store.create(record(id)));
    }
    let listed = |after: Option<&str>, limit: usize| -> Vec<String> {
        let records = done(store.list(after.map(session_id), limit));
        records.iter().map(|record| record.id.as_str().to_owned()).collect()
    };
    assert_eq!(listed(None, 9), ["list-a", "list-b", "list-c", "list-d"]);
    assert_eq!(listed(None, 2), ["list-a", "list-b"]);
    assert_eq!(listed(Some("list-b"), 9), ["list-c", "list-d"]);
    assert_eq!(listed(Some("list-bb"), 1), ["list-c"]);
    assert!(listed(Some("list-d"), 9).is_empty());
    assert!(listed(None, 0).is_empty());
}

/// A caller that appends need not wait for one answer before the next call, and may stop waiting
/// for the answer.
fn operations_take_effect_in_the_order_of_the_calls(store: &dyn Store) {
    let id = session_id("in-order");
    let created = store.create(record(&id));
    drop(store.open(id.clone(), FENCE, call_stream(CALL)));
    let appends: Vec<_> = numbered_events(20)
        .into_iter()
        .map(|event| store.append(id.clone(), FENCE, CALL, vec![event]))
        .collect();
    for append in appends.into_iter().rev() {
        done(append);
    }
    done(created);
    let page = done(store.read(id, CALL, START, usize::MAX));
    assert_eq!(page.events, numbered_events(20));
}
