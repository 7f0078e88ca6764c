//! Lists of a server, one after the other.

use serde_json::json;

use super::*;

fn descriptor(name: &str, kind: &str) -> Descriptor {
    let hooks = json!([{ "events": ["tools/call"], "phase": "request" }]);
    serde_json::from_value(json!({ "name": name, "type": kind, "hooks": hooks })).unwrap()
}

fn offered(catalog: &Catalog) -> Vec<(&str, bool)> {
    catalog.known().iter().map(|it| (it.descriptor.name.as_str(), it.is_offered)).collect()
}

#[test]
fn what_is_listed_no_more_or_as_another_kind_is_kept_and_not_offered() {
    let validators = ["a", "b"].map(|it| descriptor(it, "validation")).to_vec();
    let first = Catalog::default().updated(validators).unwrap();
    let second = vec![descriptor("b", "mutation"), descriptor("c", "validation")];
    let second = first.updated(second).unwrap();
    assert_eq!(offered(&second), [("a", false), ("b", false), ("c", true)]);
    assert_eq!(second.known()[1].descriptor.kind, first.known()[1].descriptor.kind);
    let third = second.updated(vec![descriptor("a", "validation")]).unwrap();
    assert_eq!(offered(&third), [("a", true), ("b", false), ("c", false)]);
}

#[test]
fn names_must_be_different_and_show_and_not_too_many() {
    let update = |names: &[String]| {
        let list = names.iter().map(|it| descriptor(it, "validation")).collect();
        Catalog::default().updated(list).map(drop)
    };
    let twice = update(&["a".to_owned(), "a".to_owned()]);
    assert_eq!(twice, Err(ListProblem::NameTwice { name: "a".to_owned() }));
    for name in ["", "a\nb", &"x".repeat(129)] {
        let refused = update(&[name.to_owned()]);
        assert!(matches!(refused, Err(ListProblem::BadName { .. })), "{name:?}");
    }
    let many: Vec<String> = (0..257).map(|it| it.to_string()).collect();
    assert_eq!(update(&many), Err(ListProblem::TooMany { names_max: 256 }));
    assert_eq!(update(&many[..256]), Ok(()));
}
