//! The fields that types tell of, in order.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[expect(dead_code, reason = "only the names matter")]
struct Person {
    name: String,
    #[serde(rename = "firstName")]
    first_name: Option<String>,
    age: u8,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only the names matter")]
struct Wrapped(Person);

#[test]
fn names_come_in_the_order_of_the_source() {
    assert_eq!(field_names::<Person>(), ["name", "firstName", "age"]);
    assert_eq!(field_names::<Wrapped>(), ["name", "firstName", "age"]);
}

#[test]
fn what_is_no_struct_has_no_names() {
    assert!(field_names::<Vec<Person>>().is_empty());
    assert!(field_names::<u8>().is_empty());
    assert!(field_names::<serde_json::Value>().is_empty());
}
