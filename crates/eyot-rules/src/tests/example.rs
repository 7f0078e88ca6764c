//! The example of the documentation, which is true.

use crate::RuleSet;
use crate::index::Index;

const FILE: &str = "docs/examples/rules.yaml";
const TEXT: &str = include_str!("../../../../docs/examples/rules.yaml");

#[track_caller]
fn example() -> RuleSet {
    match RuleSet::compile(FILE, TEXT) {
        Ok(set) => set,
        Err(problems) => panic!("{problems}"),
    }
}

fn failed(set: &RuleSet) -> Vec<String> {
    let outcomes = set.run_tests().into_iter().filter(|it| !it.has_passed());
    outcomes.map(|it| format!("{FILE}:{}: {}: {:?}", it.line, it.name, it.failures)).collect()
}

#[test]
fn every_test_of_the_example_passes() {
    assert_eq!(failed(&example()), Vec::<String>::new());
}

#[test]
fn every_rule_of_the_example_has_a_test_that_fails_without_it() {
    let count = example().rules.len();
    assert_eq!(count, 20);
    for number in 0..count {
        let mut set = example();
        let rule = set.rules.remove(number);
        set.index = Index::of(&set.rules);
        assert!(!failed(&set).is_empty(), "no test needs `{}`", rule.name);
    }
}

#[test]
fn example_of_the_guide_is_true() {
    let guide = include_str!("../../../../docs/guide/rules.md");
    let block = guide.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let set = RuleSet::compile("docs/guide/rules.md", block).unwrap();
    assert_eq!(set.run_tests().len(), 1);
    assert_eq!(failed(&set), Vec::<String>::new());
}
