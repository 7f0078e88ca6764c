//! The ratchets allow the present state and refuse new violations.

use super::*;

/// Rules of a small world, so that these tests do not change with the real one.
const WORLD: Exempt = Exempt {
    knots: &[
        Row { package: "w-tied", max: 5, reason: "old" },
        Row { package: "w-tied", max: 3, reason: "old" },
    ],
    lines: &[Row { package: "w-big", max: 8_000, reason: "old" }],
    erasures: &[Row { package: "w-any", max: 2, reason: "old" }],
};

/// The crates of the small world, as its rules know them.
fn world() -> Vec<Shape> {
    let mut tied = shape("w-tied");
    tied.knots = vec![knot(5), knot(3)];
    let mut big = shape("w-big");
    big.lines_count = 8_000;
    let mut any = shape("w-any");
    any.erasures_count = 2;
    vec![tied, big, any, shape("w-plain")]
}

fn shape(package: &str) -> Shape {
    Shape::new(package, true, &[])
}

fn knot(files: u8) -> Knot {
    let files: Vec<String> = (b'a'..).take(files.into()).map(|it| char::from(it).into()).collect();
    Knot { files, cycle: "a -> b -> a".to_owned() }
}

/// Checks the small world after a change of the crate with this name.
#[track_caller]
fn check(package: &str, change: impl FnOnce(&mut Shape), want: &[&str]) {
    let mut shapes = world();
    change(shapes.iter_mut().find(|it| it.package == package).unwrap());
    assert_eq!(WORLD.check(&shapes), want);
}

#[test]
fn what_is_known_is_let_be() {
    check("w-plain", |_| {}, &[]);
}

#[test]
fn new_knot_is_refused_with_its_proof() {
    let want = "w-plain: 3 files need each other: untie them\n  a b c\n  a -> b -> a";
    check("w-plain", |it| it.knots = vec![knot(3)], &[want]);
}

#[test]
fn one_knot_more_is_refused() {
    let want = "w-tied: 3 files need each other: untie them\n  a b c\n  a -> b -> a";
    check("w-tied", |it| it.knots = vec![knot(5), knot(3), knot(3)], &[want]);
}

#[test]
fn known_knot_may_shrink_and_not_grow() {
    check("w-tied", |it| it.knots = vec![knot(4), knot(3)], &[]);
    check("w-tied", |it| it.knots = vec![knot(3), knot(3)], &[]);
    let want = "w-tied: 4 files need each other: this knot had 3\n  a b c d\n  a -> b -> a";
    check("w-tied", |it| it.knots = vec![knot(5), knot(4)], &[want]);
}

#[test]
fn row_of_an_untied_knot_is_stale() {
    let row = |max| format!("w-tied: not exempt any more, take out of `knots`: {max}, old");
    check("w-tied", |it| it.knots = vec![knot(3)], &[&row(5)]);
    check("w-tied", |it| it.knots = vec![knot(4)], &[&row(3)]);
    check("w-tied", |it| it.knots = vec![], &[&row(3), &row(5)]);
}

#[test]
fn big_crate_is_refused() {
    let rule = "a crate is one idea; split it";
    let want = format!("w-plain: 7501 product lines of at most 7500: {rule}");
    check("w-plain", |it| it.lines_count = 7_501, &[&want]);
    let want = format!("w-big: 8001 product lines of at most 8000: {rule}");
    check("w-big", |it| it.lines_count = 8_001, &[&want]);
    check("w-plain", |it| it.lines_count = 7_500, &[]);
}

#[test]
fn row_of_a_crate_that_is_small_enough_is_stale() {
    let want = "w-big: not exempt any more, take out of `lines`: 8000, old";
    check("w-big", |it| it.lines_count = 7_500, &[want]);
}

#[test]
fn forgotten_type_is_refused() {
    let rule = "give the value its type";
    let want = format!("w-plain: 1 of `dyn Any` and `downcast`, 0 known: {rule}");
    check("w-plain", |it| it.erasures_count = 1, &[&want]);
    let want = format!("w-any: 3 of `dyn Any` and `downcast`, 2 known: {rule}");
    check("w-any", |it| it.erasures_count = 3, &[&want]);
    let want = "w-any: not exempt any more, take out of `erasures`: 2, old";
    check("w-any", |it| it.erasures_count = 0, &[want]);
}

#[test]
fn tool_may_be_big_and_forget_types_but_has_no_knots() {
    let want = "w-plain: 3 files need each other: untie them\n  a b c\n  a -> b -> a";
    let tool = |it: &mut Shape| {
        it.is_product = false;
        it.lines_count = 9_000;
        it.erasures_count = 1;
        it.knots = vec![knot(3)];
    };
    check("w-plain", tool, &[want]);
}

#[test]
fn rows_of_a_crate_that_is_gone_are_stale() {
    let mut shapes = world();
    shapes.retain(|it| it.package != "w-any");
    let want = "w-any: not exempt any more, take out of `erasures`: 2, old";
    assert_eq!(WORLD.check(&shapes), [want]);
}
