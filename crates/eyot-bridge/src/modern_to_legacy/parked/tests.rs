//! Calls that wait find room, or their clients are told that there is none.

use std::time::Duration;

use eyot_era::parked::{ParkedCall, ParkedConfig};
use eyot_jsonrpc::UpstreamId;
use eyot_types::Revision;
use eyot_upstream::{Target, TargetName};

use super::*;

fn calls() -> ParkedCalls {
    let mut limits = Limits::default();
    limits.memory.parked_calls_max = 3;
    limits.principal_parts = 2;
    let upstream = TargetName::new(&Target::command("upstream", [""; 0]));
    let runtime = Runtime::new(Default::default(), Default::default(), Arc::new(limits));
    ParkedCalls::new(Arc::new(Records::new(None, Arc::new(upstream))), &runtime)
}

fn entry() -> Entry {
    let config = ParkedConfig {
        revision: Revision::LATEST_LEGACY,
        question_timeout: Duration::from_secs(1),
        questions_max: 32,
    };
    let shared = Arc::new(CallShared::new(UpstreamId::new(1), true, ParkedCall::new(config)));
    Entry { claim: Claim::new(), shared, upstream: UpstreamPlace::There(None) }
}

#[test]
fn one_principal_does_not_take_the_room_of_all() {
    let calls = calls();
    let (ada, bob): (Arc<str>, Arc<str>) = ("ada".into(), "bob".into());
    let _permits = [calls.permit(Some(&ada)).unwrap(), calls.permit(Some(&ada)).unwrap()];
    assert_eq!(calls.permit(Some(&ada)).unwrap_err().data.unwrap()["limit"], "parked calls");
    let _permit = calls.permit(Some(&bob)).unwrap();
    assert!(calls.permit(None).is_err(), "there are as many as there may be");
}

#[test]
fn clients_without_a_name_are_one_principal() {
    let calls = calls();
    let _permits = [calls.permit(None).unwrap(), calls.permit(None).unwrap()];
    assert!(calls.permit(None).is_err());
}

#[test]
fn a_call_that_is_forgotten_gives_its_room_back() {
    let calls = calls();
    let (entry, other) = (entry(), entry());
    let name = Arc::clone(&entry.claim.name);
    calls.insert(entry.clone(), calls.permit(None).unwrap());
    calls.remove(&name, &other.shared);
    assert!(calls.find(&name).is_some(), "another call than the one of that name has ended");
    calls.remove(&name, &entry.shared);
    assert!(calls.find(&name).is_none());
    assert_eq!(calls.quota.usage().things, 0);
}
