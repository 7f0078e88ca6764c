//! No more is kept than is of use.

use eyot_jsonrpc::Id;

use super::{Asked, LOOK_MIN};

#[test]
fn looks_come_when_the_questions_have_doubled() {
    let mut asked = Asked::default();
    let mut looks = Vec::new();
    for number in 0..1_000 {
        asked.add([Id::from_number(number)], &());
        if asked.due().is_some() {
            looks.push(number + 1);
            asked.forget(&[]);
        }
    }
    assert_eq!(looks, [64, 128, 256, 512]);
}

#[test]
fn closed_questions_are_forgotten_and_open_ones_are_found() {
    let mut asked = Asked::default();
    asked.add([Id::from_number(0)], &'a');
    for number in 1..10_000 {
        asked.add([Id::from_number(number)], &'b');
        if let Some(look) = asked.due() {
            let closed = look.into_iter().filter_map(|(id, it)| (it == 'b').then_some(id));
            asked.forget(&closed.collect::<Vec<_>>());
        }
        assert!(asked.targets.len() <= LOOK_MIN);
    }
    assert_eq!(asked.take(&Id::from_number(0)), Some('a'));
    assert_eq!(asked.take(&Id::from_number(0)), None);
}
