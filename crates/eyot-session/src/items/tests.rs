//! Items come, are found, and go.

use eyot_jsonrpc::Id;

use super::{ItemChange, OpenQuestion, SessionItems};

fn question(id: &str) -> OpenQuestion {
    OpenQuestion { id: Id::from_text(id), call: Some(Id::from_number(1)) }
}

#[test]
fn a_subscription_is_there_once_until_it_goes() {
    let mut items = SessionItems::default();
    assert!(items.apply(ItemChange::Subscribe("a:b".into())));
    assert!(!items.apply(ItemChange::Subscribe("a:b".into())));
    assert_eq!((items.subscription_count(), items.is_subscribed("a:b")), (1, true));
    assert!(items.apply(ItemChange::Unsubscribe("a:b".into())));
    assert!(!items.apply(ItemChange::Unsubscribe("a:b".into())));
    assert_eq!(items, SessionItems::default());
}

#[test]
fn a_question_is_open_from_its_asking_to_its_end_and_no_longer() {
    let mut items = SessionItems::default();
    let id = Id::from_text("q");
    assert!(!items.apply(ItemChange::Settle(id.clone())));
    assert!(items.apply(ItemChange::Ask(question("q"))));
    assert!(!items.apply(ItemChange::Ask(question("q"))));
    assert_eq!(items.question(&id), Some(&question("q")));
    assert_eq!(items.question(&Id::from_text("r")), None);
    assert!(items.apply(ItemChange::Settle(id.clone())));
    assert!(!items.apply(ItemChange::Settle(id)));
    assert_eq!(items, SessionItems::default());
}

#[test]
fn a_question_that_is_asked_anew_takes_the_place_of_the_one_before() {
    let mut items = SessionItems::default();
    let anew = OpenQuestion { call: None, ..question("q") };
    for asked in ["p", "q", "r"] {
        assert!(items.apply(ItemChange::Ask(question(asked))));
    }
    assert!(items.apply(ItemChange::Ask(anew.clone())));
    assert!(!items.apply(ItemChange::Ask(anew.clone())));
    assert_eq!(items.questions(), [question("p"), anew, question("r")]);
}
