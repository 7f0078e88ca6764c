//! Numbers by names.

use super::NameIndex;

#[test]
fn each_name_is_found_and_no_other() {
    let names: Vec<String> = (0..5_000).map(|it| format!("name{it}")).collect();
    let index = NameIndex::of(names.iter());
    for (number, name) in names.iter().enumerate() {
        assert_eq!(index.find(name, |it| names[it] == *name), Some(number));
    }
    assert_eq!(index.find("name5000", |it| names[it] == "name5000"), None);
    assert_eq!(NameIndex::of([""; 0].iter()).find("", |_| true), None);
}
