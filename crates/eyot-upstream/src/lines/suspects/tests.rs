//! Who is suspected, who is cleared, who was meant.

use eyot_types::codes::{self, Outcome};

use super::*;

const TIMEOUT: Duration = Duration::from_secs(60);

struct Fixture {
    suspects: Suspects,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        Self { suspects: Suspects::new(TIMEOUT), now: Instant::now() }
    }

    fn lose(&mut self, reason: &str, among: &[u64]) {
        let fault = Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, false));
        let among = among.iter().copied().map(UpstreamId::new);
        self.suspects.handle_lost(among, fault, self.now);
    }

    fn hear_of(&mut self, ours: u64) {
        self.suspects.handle_heard_of(UpstreamId::new(ours));
    }

    /// The calls that were meant, by now.
    fn meant(&mut self) -> Vec<(u64, String)> {
        let reason =
            |fault: Fault| fault.error.data.unwrap()["reason"].as_str().unwrap().to_owned();
        std::iter::from_fn(|| self.suspects.poll_meant(self.now))
            .map(|(ours, fault)| (ours.get(), reason(fault)))
            .collect()
    }

    #[track_caller]
    fn check_meant(&mut self, expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(it, why)| (*it, (*why).to_owned())).collect();
        assert_eq!(self.meant(), expected);
    }
}

#[test]
fn the_only_call_is_meant_at_once() {
    let mut it = Fixture::new();
    it.lose("a", &[7]);
    it.check_meant(&[(7, "a")]);
    assert!(it.suspects.is_empty());
    assert_eq!(it.suspects.poll_timeout(), None);
}

#[test]
fn the_last_that_the_upstream_says_nothing_of_is_meant() {
    let mut it = Fixture::new();
    it.lose("a", &[1, 2, 3]);
    it.check_meant(&[]);
    it.hear_of(1);
    it.check_meant(&[]);
    it.hear_of(3);
    it.check_meant(&[(2, "a")]);
}

#[test]
fn several_are_meant_after_a_quarter_of_the_time() {
    let mut it = Fixture::new();
    it.lose("a", &[1, 2, 3]);
    assert_eq!(it.suspects.poll_timeout(), Some(it.now + TIMEOUT / 4));
    it.hear_of(2);
    it.now += TIMEOUT / 4;
    it.check_meant(&[(1, "a"), (3, "a")]);
    assert!(it.suspects.is_empty());
}

#[test]
fn a_call_that_was_meant_by_one_answer_is_not_meant_by_another() {
    let mut it = Fixture::new();
    it.lose("a", &[1, 2]);
    it.lose("b", &[1, 2]);
    it.check_meant(&[]);
    it.hear_of(3);
    it.now += TIMEOUT / 4;
    it.check_meant(&[(1, "a"), (2, "a")]);
    assert!(it.suspects.is_empty());
}

#[test]
fn nobody_is_suspected_for_ever_whatever_is_lost() {
    let mut it = Fixture::new();
    for _ in 0..LOST_MAX {
        it.lose("a", &[1, 2]);
    }
    it.check_meant(&[]);
    it.lose("b", &[1, 2]);
    assert_eq!(it.meant().len(), 2);
    assert!(it.suspects.is_empty());
    it.lose("c", &[]);
    it.check_meant(&[]);
    it.now += TIMEOUT;
    it.check_meant(&[]);
}
