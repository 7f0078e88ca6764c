//! Order, pages, changes in between.

use proptest::prelude::*;

use super::Catalog;

fn catalog(names: &[&str]) -> Catalog<String> {
    let catalog = Catalog::default();
    names.iter().for_each(|it| catalog.insert(it, (*it).to_owned()));
    catalog
}

fn names(page: &super::Page<String>) -> Vec<&str> {
    page.items.iter().map(|it| it.as_str()).collect()
}

#[test]
fn things_are_listed_in_the_order_of_their_registration() {
    let page = catalog(&["c", "a", "b"]).page(0, 10);
    assert_eq!((names(&page), page.next), (vec!["c", "a", "b"], None));
}

#[test]
fn a_thing_that_is_replaced_keeps_its_place() {
    let catalog = catalog(&["a", "b"]);
    catalog.insert("a", "new".to_owned());
    assert_eq!(names(&catalog.page(0, 10)), ["new", "b"]);
    assert_eq!(catalog.get("a").as_deref().map(String::as_str), Some("new"));
}

#[test]
fn a_thing_that_is_gone_is_not_found() {
    let catalog = catalog(&["a", "b"]);
    assert!(catalog.remove("a"));
    assert!(!catalog.remove("a"));
    assert!(catalog.get("a").is_none());
    assert_eq!(names(&catalog.page(0, 10)), ["b"]);
}

#[test]
fn a_page_goes_on_where_the_last_one_ended_though_its_end_is_gone() {
    let catalog = catalog(&["a", "b", "c", "d"]);
    let first = catalog.page(0, 2);
    assert_eq!(names(&first), ["a", "b"]);
    catalog.remove("b");
    let second = catalog.page(first.next.unwrap(), 2);
    assert_eq!((names(&second), second.next), (vec!["c", "d"], None));
}

proptest! {
    #[test]
    fn pages_of_any_size_give_everything_once(count in 0usize..40, limit in 1usize..12) {
        let all: Vec<String> = (0..count).map(|it| format!("t{it}")).collect();
        let catalog = Catalog::default();
        all.iter().for_each(|it| catalog.insert(it, it.clone()));
        let (mut seen, mut after) = (Vec::new(), Some(0));
        while let Some(place) = after {
            let page = catalog.page(place, limit);
            seen.extend(page.items.iter().map(|it| it.as_str().to_owned()));
            after = page.next;
        }
        prop_assert_eq!(seen, all);
    }
}
