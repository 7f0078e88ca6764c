//! Sums are stored in files: they must never change, and must tell fields apart.

use super::Checksum;

#[test]
fn a_sum_is_the_same_in_every_version() {
    let sum = Checksum::new().bytes(b"sid").number(7).optional(Some(b"cursor")).optional(None);
    assert_eq!(sum.value(), 0x9329_106F);
}

#[test]
fn fields_are_told_apart() {
    let sums = [
        Checksum::new().bytes(b"ab").bytes(b"c"),
        Checksum::new().bytes(b"a").bytes(b"bc"),
        Checksum::new().bytes(b"abc"),
        Checksum::new().bytes(b"abc").optional(None),
        Checksum::new().bytes(b"abc").optional(Some(b"")),
    ];
    let distinct: std::collections::BTreeSet<i64> = sums.iter().map(|sum| sum.value()).collect();
    assert_eq!(distinct.len(), sums.len());
}

#[test]
fn a_number_is_summed_as_it_is_stored() {
    let stored = u64::try_from(i64::MAX).unwrap();
    let sum = |number: u64| Checksum::new().number(number).value();
    assert_eq!(sum(u64::MAX), sum(stored));
}
