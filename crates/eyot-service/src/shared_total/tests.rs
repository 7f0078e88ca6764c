//! What a principal may have of each total.

use std::sync::Arc;

use super::{SharedTotal, TotalQuota, Totals};
use crate::Limits;

/// Bounds with room for eight of everything.
fn eight_of_each() -> Limits {
    let mut limits = Limits::default();
    limits.http.connections_max = 8;
    limits.sessions.in_all_max = 8;
    limits.memory.parked_calls_max = 8;
    limits.memory.tasks_max = 8;
    limits.memory.known_tools_max = 8;
    limits.memory.known_lists_max = 8;
    limits.upstream.sessions_max = 8;
    limits.upstream.children_max = 8;
    limits.upstream.targets_max = 8;
    limits
}

/// How many a principal gets beside what others have, and the limit that ends it.
fn taken_by(principal: &str, quota: &TotalQuota) -> (usize, String) {
    let (principal, mut permits) = (Arc::from(principal), Vec::new());
    let refusal = loop {
        match quota.acquire(Some(&principal), 0) {
            Ok(permit) => permits.push(permit),
            Err(refusal) => break refusal,
        }
    };
    (permits.len(), refusal.data.unwrap()["limit"].as_str().unwrap().to_owned())
}

#[test]
fn of_every_total_one_principal_gets_a_quarter_and_is_told_which_bound_it_has_reached() {
    for total in SharedTotal::ALL {
        let quota = TotalQuota::new(total, &eight_of_each());
        assert_eq!(taken_by("ada", &quota), (2, total.name().to_owned()));
    }
}

#[test]
fn where_there_is_one_principal_it_gets_all() {
    for total in SharedTotal::ALL {
        let quota = TotalQuota::new(total, &eight_of_each().of_one_principal());
        assert_eq!(taken_by("ada", &quota), (8, total.name().to_owned()));
    }
}

#[test]
fn quotas_of_one_program_count_in_common_books() {
    let totals = Totals::new(Arc::new(eight_of_each()));
    let (here, there) = (totals.clone().of(SharedTotal::Tasks), totals.of(SharedTotal::Tasks));
    let _permit = here.acquire(None, 0).unwrap();
    assert_eq!(there.usage().things, 1);
    assert_eq!(totals.of(SharedTotal::ParkedCalls).usage().things, 0);
}
