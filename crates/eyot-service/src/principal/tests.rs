//! What credentials are good for.

use super::Principal;

#[test]
fn credentials_without_scopes_are_good_for_everything() {
    let alice = Principal::new("alice");
    assert!(alice.scopes().is_none());
    assert!(alice.has_scope("tools:call"));
}

#[test]
fn credentials_with_scopes_are_good_for_those() {
    let alice = Principal::new("alice").with_scopes(["tools:list"]);
    assert!(alice.has_scope("tools:list"));
    assert!(!alice.has_scope("tools:call"));
    assert!(!Principal::new("bob").with_scopes::<&str>([]).has_scope("tools:list"));
}
