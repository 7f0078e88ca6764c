//! Quotas in virtual time.

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn account(limit: u64) -> Account {
    Account::of(&mut HashMap::new(), ("budget".into(), limit, HOUR), 1)
}

#[test]
fn what_costs_more_is_refused_until_there_is_as_much_again() {
    let (account, now) = (account(100), Instant::now());
    for _ in 0..4 {
        assert_eq!(account.charge(Cost::Units(20), now), Ok(()));
    }
    assert_eq!(account.charge(Cost::Units(19), now), Ok(()));
    let refused = account.charge(Cost::Units(20), now).unwrap_err();
    assert_eq!(refused, "the budget is used up: there is enough for this in 685 s");
    assert_eq!(account.charge(Cost::Units(0), now), Ok(()));
    assert_eq!(account.charge(Cost::Units(1), now), Ok(()));
    let refused = account.charge(Cost::Units(1), now).unwrap_err();
    assert_eq!(refused, "too many requests: the next one is allowed in 37 s");
    assert_eq!(account.charge(Cost::Units(20), now + HOUR / 5), Ok(()));
    let refused = account.charge(Cost::Units(101), now + HOUR * 9).unwrap_err();
    assert_eq!(refused, "it costs 101, and there are never more than 100");
}

#[test]
fn bytes_of_answers_are_owed_and_block_what_comes_next() {
    let (account, now) = (account(1_000), Instant::now());
    assert_eq!(account.charge(Cost::ResponseBytes, now), Ok(()));
    account.owe(999, now);
    assert_eq!(account.charge(Cost::ResponseBytes, now), Ok(()));
    account.owe(1_001, now);
    assert!(account.charge(Cost::ResponseBytes, now).is_err());
    // Two hours' worth is owed: of the first one nothing is left, and the second is over before anything is.
    assert!(account.charge(Cost::ResponseBytes, now + HOUR).is_err());
    assert_eq!(account.charge(Cost::ResponseBytes, now + HOUR + HOUR / 1_000), Ok(()));
}

#[test]
fn a_budget_of_many_bytes_in_little_time_is_kept_to_the_unit() {
    let per = Duration::from_secs(1);
    let account = Account::of(&mut HashMap::new(), ("bytes".into(), 100_000_000_000, per), 1);
    let now = Instant::now();
    assert_eq!(account.charge(Cost::Units(99_999_999_000), now), Ok(()));
    assert!(account.charge(Cost::Units(2_000), now).is_err());
    assert_eq!(account.charge(Cost::Units(900), now), Ok(()));
}
