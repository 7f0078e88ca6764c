//! What a cursor is good for, and what it is not.

use eyot_jsonrpc::{Id, Request};
use eyot_service::{Peer, Principal, Reach, Transport};
use eyot_stdx::SealKeys;
use eyot_types::{Era, Method, Revision};

use super::ListRequest;

fn peer(principal: Option<&str>) -> Peer {
    let principal = principal.map(Principal::new);
    let (transport, reach) = (Transport::Http, Reach::Anybody);
    Peer { era: Era::Modern, principal, address: None, transport, reach }
}

#[test]
fn cursor_opens_for_its_list_and_its_principal_only() {
    let (keys, request) = (SealKeys::random(), Request::new(Id::from_number(1), "tools/list", &()));
    let (ada, eve, nameless) = (peer(Some("ada")), peer(Some("eve")), peer(None));
    let revision = Revision::MODERN;
    let asked = ListRequest { method: Method::ToolsList, request: &request, peer: &ada, revision };
    let cursor = asked.seal(&keys, 7);
    assert_eq!(asked.open(&keys, &cursor), Some(7));
    assert_eq!(ListRequest { peer: &eve, ..asked }.open(&keys, &cursor), None);
    assert_eq!(ListRequest { peer: &nameless, ..asked }.open(&keys, &cursor), None);
    let elsewhere = ListRequest { method: Method::PromptsList, ..asked };
    assert_eq!(elsewhere.open(&keys, &cursor), None);
}

#[test]
fn cursor_whose_time_is_over_does_not_open() {
    let (keys, request) = (SealKeys::random(), Request::new(Id::from_number(1), "tools/list", &()));
    let (peer, revision) = (peer(None), Revision::MODERN);
    let asked = ListRequest { method: Method::ToolsList, request: &request, peer: &peer, revision };
    let expired = keys.seal(&asked.binding(), &[7_u64.to_le_bytes(), [0; 8]].concat());
    assert_eq!(asked.open(&keys, &expired), None);
    let of_another_form = keys.seal(&asked.binding(), &7_u64.to_le_bytes());
    assert_eq!(asked.open(&keys, &of_another_form), None);
}
