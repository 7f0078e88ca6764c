//! Places for children, and who gets the next one.

use super::*;

fn books() -> Books<()> {
    let mut limits = Limits::default();
    limits.upstream.children_max = 4;
    limits.upstream.children_waiting_max = 4;
    limits.principal_parts = 2;
    Books::new(&limits)
}

fn name(name: &str) -> Owner {
    Some(name.into())
}

fn granted(books: &mut Books<()>, owner: &Owner) -> bool {
    matches!(books.ask(owner, Instant::now()), Asked::Granted)
}

#[track_caller]
fn waits(books: &mut Books<()>, owner: &Owner) -> (u64, QuotaScope) {
    match books.ask(owner, Instant::now()) {
        Asked::Waits(number, _, scope) => (number, scope),
        other => panic!("{other:?}"),
    }
}

#[test]
fn clients_without_a_name_have_all_where_no_client_has_one() {
    let mut books = books();
    assert!((0..4).all(|_| granted(&mut books, &None)));
    assert_eq!(waits(&mut books, &None).1, QuotaScope::All);
}

#[test]
fn clients_without_a_name_have_a_share_where_others_have_one() {
    let mut books = books();
    assert!(granted(&mut books, &name("ada")));
    assert!((0..2).all(|_| granted(&mut books, &None)));
    assert_eq!(waits(&mut books, &None).1, QuotaScope::Principal);
    assert!(granted(&mut books, &name("bob")));
}

#[test]
fn one_principal_waits_for_its_own_children_while_others_go_on() {
    let mut books = books();
    assert!((0..2).all(|_| granted(&mut books, &name("ada"))));
    let (_, scope) = waits(&mut books, &name("ada"));
    assert_eq!(scope, QuotaScope::Principal);
    assert!((0..2).all(|_| granted(&mut books, &name("bob"))));
    assert!(books.release(&name("bob")).is_empty(), "bob's place is of no use to ada");
    let next = books.release(&name("ada"));
    assert_eq!(next.iter().map(|it| it.owner.clone()).collect::<Vec<_>>(), [name("ada")]);
    assert_eq!(books.running(), 3);
}

#[test]
fn a_place_goes_to_the_one_that_waited_longest() {
    let mut books = books();
    for owner in ["ada", "ada", "bob", "bob"] {
        assert!(granted(&mut books, &name(owner)));
    }
    let (first, _) = waits(&mut books, &name("cid"));
    waits(&mut books, &name("dan"));
    waits(&mut books, &name("cid"));
    books.give_up(first);
    let owners =
        |granted: Vec<Granted<()>>| granted.into_iter().map(|it| it.owner).collect::<Vec<_>>();
    assert_eq!(owners(books.release(&name("ada"))), [name("dan")]);
    assert_eq!(owners(books.release(&name("bob"))), [name("cid")]);
    assert_eq!(books.running(), 4);
}

#[test]
fn the_line_of_those_that_wait_has_an_end_and_a_share() {
    let mut books = books();
    assert!((0..2).all(|_| granted(&mut books, &name("ada"))));
    for _ in 0..2 {
        waits(&mut books, &name("ada"));
    }
    assert!(matches!(books.ask(&name("ada"), Instant::now()), Asked::Refused));
    assert!((0..2).all(|_| granted(&mut books, &name("bob"))));
    for owner in ["bob", "cid"] {
        waits(&mut books, &name(owner));
    }
    assert!(matches!(books.ask(&name("dan"), Instant::now()), Asked::Refused));
}

#[test]
fn children_that_die_one_after_the_other_are_started_ever_more_slowly() {
    let mut books = books();
    let ada = name("ada");
    let mut now = Instant::now();
    let short = Duration::from_millis(5);
    for _ in 0..DEATHS_FREE {
        assert!(books.pause(&ada, now).is_none());
        books.note_death(&ada, short, "exit code 3", now);
    }
    let mut pauses = Vec::new();
    for _ in 0..3 {
        books.note_death(&ada, short, "exit code 3", now);
        let (reason, pause) = books.pause(&ada, now).unwrap();
        assert_eq!(reason, "exit code 3");
        assert!(matches!(books.ask(&ada, now), Asked::Pauses(..)));
        assert!(granted(&mut books, &name("bob")), "others are not concerned");
        let released = books.release(&name("bob"));
        assert!(released.is_empty());
        pauses.push(pause.as_millis());
        now += pause;
        assert!(books.pause(&ada, now).is_none(), "then it is tried again");
    }
    assert_eq!(pauses, [250, 500, 750]);
    books.note_death(&ada, LIVES, "killed", now);
    assert!(books.pause(&ada, now).is_none(), "it had started well");
}
