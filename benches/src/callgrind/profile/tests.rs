//! Profiles as callgrind writes them.

use super::*;

#[track_caller]
fn check(text: &str, want: Option<(f64, f64)>) {
    let counts = parse(text).map(|it| (it.instructions, it.system_calls));
    assert_eq!(counts, want);
}

#[test]
fn totals_are_read_by_the_names_of_their_events() {
    let text = "events: Ir sysCount sysTime\n\nfn=(1) main\n1 5\n\ntotals: 1200 34 5\n";
    check(text, Some((1200.0, 34.0)));
    check("events: sysCount Ir\ntotals: 34 1200\n", Some((1200.0, 34.0)));
}

#[test]
fn profile_without_totals_is_none() {
    check("events: Ir sysCount sysTime\n", None);
}

#[test]
fn readings_of_the_clock_are_no_system_calls() {
    let text = "events: Ir sysCount\n\
        fn=(1) main\n+2 10\ncfn=(2) clock_gettime@@GLIBC\ncalls=7 +4\n* 70 7\n3 5 1\n\
        fn=(2)\n9 70 7\n\
        totals: 85 8\n";
    check(text, Some((85.0, 1.0)));
}

#[test]
fn calls_of_the_allocator_are_allocations() {
    let text = "events: Ir sysCount\n\
        fn=(1) main\ncfn=(2) mi_malloc_aligned\ncalls=3 +4\n* 70\n\
        cfn=(3) mi_free\ncalls=9 +4\n* 70\n\
        fn=(2)\n9 70\ncfn=(4) mi_theap_malloc_aligned\ncalls=3 1\n* 60\n\
        fn=(5) f\ncfn=(2)\ncalls=2 +4\n* 40\n\
        totals: 85 8\n";
    assert_eq!(parse(text).map(|it| it.allocations), Some(5.0));
}
