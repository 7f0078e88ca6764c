//! Depth and members, counted.

use proptest::prelude::*;

use super::{Kinds, Nesting, Open};
use crate::error::ParseErrorKind;
use crate::scan::limits::ScanLimits;

fn nesting(depth_max: usize, keys_max: usize) -> Nesting {
    Nesting::new(&ScanLimits { depth_max, keys_max, ..ScanLimits::default() })
}

#[track_caller]
fn check(depth_max: usize, expected: usize) {
    let mut nesting = nesting(depth_max, 1);
    let opened = (0..200).take_while(|_| nesting.open_array().is_ok()).count();
    assert_eq!(opened, expected);
    assert_eq!(nesting.open_object(), Err(ParseErrorKind::TooDeep { depth_max: expected }));
    nesting.close();
    assert_eq!(nesting.open_object(), Ok(()));
}

#[test]
fn depth_ends_at_its_bound_and_never_beyond_that_of_other_readers() {
    check(1, 1);
    check(64, 64);
    check(127, 127);
    check(128, 127);
    check(usize::MAX, 127);
}

#[test]
fn a_bound_of_no_depth_opens_nothing() {
    assert_eq!(nesting(0, 1).open_object(), Err(ParseErrorKind::TooDeep { depth_max: 0 }));
}

#[test]
fn every_object_has_its_own_count() {
    let mut nesting = nesting(8, 2);
    nesting.open_object().unwrap();
    nesting.count_key().unwrap();
    nesting.open_array().unwrap();
    nesting.open_object().unwrap();
    nesting.count_key().unwrap();
    nesting.count_key().unwrap();
    assert_eq!(nesting.count_key(), Err(ParseErrorKind::TooManyKeys { keys_max: 2 }));
    nesting.close();
    assert!(nesting.is_in_array());
    nesting.close();
    assert!(!nesting.is_in_array());
    assert_eq!(nesting.count_key(), Ok(()));
    assert_eq!(nesting.count_key(), Err(ParseErrorKind::TooManyKeys { keys_max: 2 }));
}

proptest! {
    #[test]
    fn a_bit_for_each_value_tells_what_a_stack_tells(
        steps in prop::collection::vec(0..3_u8, 0..400),
    ) {
        let mut stack = Nesting::new(&ScanLimits::OWN);
        let mut bits = Kinds::default();
        for step in steps {
            match step {
                0 => prop_assert_eq!(bits.open_array(), stack.open_array()),
                1 => prop_assert_eq!(bits.open_object(), stack.open_object()),
                _ => {
                    bits.close();
                    stack.close();
                }
            }
            prop_assert_eq!(bits.depth(), stack.depth());
            prop_assert_eq!(bits.is_in_array(), stack.is_in_array());
        }
    }
}
