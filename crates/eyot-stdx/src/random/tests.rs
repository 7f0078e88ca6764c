//! Alphabet, length and difference of random ids.

use std::collections::BTreeSet;

use super::{letter, random_bytes, random_token};

#[track_caller]
fn check_length(bytes: usize, letters: usize) {
    let token = random_token(bytes);
    assert_eq!(token.len(), letters);
    assert!(token.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_'));
}

#[test]
fn a_token_has_as_many_letters_as_its_entropy_needs() {
    check_length(0, 0);
    check_length(1, 2);
    check_length(3, 4);
    check_length(16, 22);
    check_length(32, 43);
}

#[test]
fn every_letter_of_the_alphabet_is_equally_likely() {
    let letters: Vec<char> = (0..=u8::MAX).map(letter).collect();
    let alphabet: BTreeSet<char> = letters.iter().copied().collect();
    assert_eq!(alphabet.len(), 64);
    assert!(alphabet.iter().all(|it| letters.iter().filter(|other| *other == it).count() == 4));
}

#[test]
fn two_draws_differ() {
    assert_ne!(random_bytes::<16>(), random_bytes::<16>());
    assert_ne!(random_token(16), random_token(16));
}
