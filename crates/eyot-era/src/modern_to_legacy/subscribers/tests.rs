//! One legacy subscription for many modern ones, and no change that a slow reader misses.

use eyot_types::{ServerCapabilities, SubscriptionFilter};

use super::{Change, Subscribers, granted};

fn resources(uris: &[&str]) -> SubscriptionFilter {
    let uris: Vec<_> = uris.iter().map(|it| (*it).to_owned()).collect();
    SubscriptionFilter::new().with_resource_subscriptions(uris)
}

#[test]
fn only_what_the_server_can_tell_is_granted() {
    let wanted = resources(&["a:b"]).with_tools_list_changed(true).with_prompts_list_changed(true);
    let server = ServerCapabilities::default().with_flag("tools", "listChanged");
    let expected = SubscriptionFilter::new().with_tools_list_changed(true);
    assert_eq!(granted(&wanted, &server, true), expected);
    assert_eq!(granted(&wanted, &server, false), SubscriptionFilter::new());
    let server = server.with_flag("resources", "subscribe");
    assert_eq!(granted(&wanted, &server, true), resources(&["a:b"]).with_tools_list_changed(true));
}

#[test]
fn a_resource_is_subscribed_for_the_first_and_given_up_with_the_last() {
    let mut subscribers = Subscribers::new();
    let (first, new) = subscribers.add(resources(&["a:1", "a:2", "a:1"]));
    assert_eq!(new, ["a:1", "a:2"]);
    let (second, new) = subscribers.add(resources(&["a:2", "a:3"]));
    assert_eq!(new, ["a:3"]);
    assert_eq!(subscribers.remove(first), ["a:1"]);
    assert_eq!(subscribers.remove(first), Vec::<String>::new());
    assert_eq!(subscribers.remove(second), ["a:2", "a:3"]);
    assert!(subscribers.is_empty());
}

#[test]
fn a_change_is_told_once_to_everybody_who_wants_it() {
    let mut subscribers = Subscribers::new();
    let (first, _) = subscribers.add(resources(&["file:///a"]).with_tools_list_changed(true));
    let (second, _) = subscribers.add(resources(&["file:///ab"]));
    let part = Change::Resource("file:///a/b".to_owned());
    assert!(subscribers.changed(&part));
    assert!(subscribers.changed(&part));
    assert!(subscribers.changed(&Change::Tools));
    assert!(!subscribers.changed(&Change::Prompts));
    assert_eq!(subscribers.next(first), Some(Change::Tools));
    assert_eq!(subscribers.next(first), Some(part));
    assert_eq!(subscribers.next(first), None);
    assert_eq!(subscribers.next(second), None);
}
