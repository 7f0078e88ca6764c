//! The table of faults.

use std::time::Duration;

use eyot_jsonrpc::Id;
use eyot_service::{Fault, FaultKind};
use eyot_types::Era;
use http::header::RETRY_AFTER;

use super::fault;

#[track_caller]
fn check(kind: FaultKind, legacy: [u16; 2], modern: [u16; 2]) {
    let it = Fault { kind, ..Fault::internal("it failed") };
    for (era, expected) in [(Era::Legacy, legacy), (Era::Modern, modern)] {
        let ids = [Some(Id::from_number(1)), None];
        let statuses = ids.map(|id| fault(id, &it, era).status().as_u16());
        assert_eq!(statuses, expected, "{kind:?} {era}");
    }
}

/// With the id of a request, then without.
#[test]
fn each_fault_has_one_status_in_each_era() {
    check(FaultKind::Refused, [400, 400], [400, 400]);
    check(FaultKind::SessionGone, [404, 404], [200, 502]);
    check(FaultKind::Overloaded { retry_after: Duration::ZERO }, [503, 503], [503, 503]);
    check(FaultKind::Upstream, [200, 502], [200, 502]);
    check(FaultKind::Internal, [500, 500], [500, 500]);
}

#[test]
fn an_overloaded_endpoint_says_when_to_come_again() {
    let busy = |retry_after| {
        let kind = FaultKind::Overloaded { retry_after };
        let response = fault(None, &Fault { kind, ..Fault::internal("busy") }, Era::Modern);
        response.headers()[RETRY_AFTER].to_str().unwrap().to_owned()
    };
    assert_eq!(busy(Duration::from_secs(7)), "7");
    assert_eq!(busy(Duration::from_millis(3)), "1");
}
