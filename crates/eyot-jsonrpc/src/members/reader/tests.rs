//! A value that is read part by part is the value.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::Reader;
use crate::any_value::any_value;

/// Reads a whole value with the reader alone.
fn read(reader: &mut Reader<'_>) -> Option<Value> {
    match reader.peek() {
        b'{' => {
            let mut members = Map::new();
            let mut has_next = reader.object()?;
            while has_next {
                let key = reader.key()?.into_owned();
                members.insert(key, read(reader)?);
                has_next = reader.next_member()?;
            }
            Some(members.into())
        }
        b'[' => {
            let mut items = Vec::new();
            let mut has_next = reader.array()?;
            while has_next {
                items.push(read(reader)?);
                has_next = reader.next_item()?;
            }
            Some(items.into())
        }
        _ => serde_json::from_str(reader.value()?).ok(),
    }
}

proptest! {
    #[test]
    fn any_value_is_read_as_serde_json_reads_it(value in any_value(), is_pretty: bool) {
        let text = match is_pretty {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => value.to_string(),
        };
        let mut reader = Reader::new(&text);
        // `serde_json` does not round to the nearest double, so the value may be another.
        prop_assert_eq!(read(&mut reader), serde_json::from_str(&text).ok());
        prop_assert_eq!(reader.peek(), 0);
    }
}

#[test]
fn what_is_something_else_is_not_entered() {
    assert_eq!(Reader::new("[1]").object(), None);
    assert_eq!(Reader::new("{}").array(), None);
    assert_eq!(Reader::new("1").object(), None);
    assert_eq!(Reader::new("").value(), None);
}
