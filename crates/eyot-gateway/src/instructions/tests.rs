//! Instructions of several servers, within their bounds.

use eyot_service::{BoxService, Reply};

use super::{ALL_BYTES_MAX, HEAD, ONE_BYTES_MAX, kept, merged};
use crate::member::Member;

fn member(name: &str, instructions: &str) -> Member {
    let service = BoxService::from_fn(|_| Box::pin(async { Ok(Reply::None) }));
    let member = Member::new(name, Member::slot_of(name), service);
    member.note_instructions(Some(instructions));
    member
}

#[test]
fn each_server_has_a_section_of_its_own() {
    let members = [member("a", "Use x.\n\nThen y."), member("b", " \n"), member("c", "Ask.")];
    let expected = format!("{HEAD}## a\n\n> Use x.\n> \n> Then y.\n\n## c\n\n> Ask.\n");
    assert_eq!(merged(&members), Some(expected));
    assert_eq!(merged(&members[1..2]), None);
}

#[test]
fn no_server_speaks_for_another() {
    let merged = merged(&[member("a", "x\n## b\r## c\u{2028}## d")]).unwrap();
    assert_eq!(merged.split(['\n', '\r', '\u{2028}']).filter(|it| it.starts_with('#')).count(), 1);
}

#[test]
fn long_instructions_are_cut_and_say_so() {
    let long = "é".repeat(ONE_BYTES_MAX);
    let cut = kept(&long).unwrap();
    assert!(cut.len() < ONE_BYTES_MAX + 40 && cut.ends_with("é…\n[8192 bytes in all]"), "{cut}");
    let fits = "x".repeat(ONE_BYTES_MAX);
    assert_eq!(kept(&fits).as_deref(), Some(&*fits));
}

#[test]
fn what_does_not_fit_is_counted() {
    let long = "x".repeat(ONE_BYTES_MAX);
    let members: Vec<Member> = (0..30).map(|it| member(&format!("s{it:02}"), &long)).collect();
    let merged = merged(&members).unwrap();
    assert!(merged.len() < ALL_BYTES_MAX + 100);
    assert!(merged.ends_with("\n(23 more servers have instructions, left out here.)\n"));
}
