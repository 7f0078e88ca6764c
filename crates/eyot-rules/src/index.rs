//! Finds the rules that could be about a message, without a look at the others.

use std::collections::BTreeMap;

use crate::glob::{Glob, Globs};
use crate::rule::Rule;
use crate::subject::Phase;

/// Rules by phase, method and name. All lists are in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Index {
    requests: Methods,
    responses: Methods,
}

#[derive(Debug, Default)]
struct Methods {
    /// Those of methods that rules name, with the rules that are about any method among them.
    named: BTreeMap<Box<str>, Items>,
    /// Those that are about all other methods.
    others: Items,
}

#[derive(Debug, Default)]
struct Items {
    /// Whatever the message names.
    any: Vec<u32>,
    /// By the whole name.
    exact: BTreeMap<Box<str>, Vec<u32>>,
    /// By what the name begins with.
    prefixes: BTreeMap<Box<str>, Vec<u32>>,
    /// The lengths of those beginnings in bytes, each once.
    prefix_lens: Vec<usize>,
}

impl Index {
    /// The index of these rules.
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for phase in [Phase::Request, Phase::Response] {
            let of_phase = || (0..).zip(rules).filter(move |(_, rule)| rule.phase == phase);
            let methods = index.methods_mut(phase);
            for (_, rule) in of_phase() {
                let globs = rule.concern.methods.iter().flat_map(Globs::iter);
                for name in globs.filter_map(Glob::exact) {
                    methods.named.entry(name.into()).or_default();
                }
            }
            for (number, rule) in of_phase() {
                for (method, items) in &mut methods.named {
                    let globs = rule.concern.methods.as_ref();
                    if globs.is_none_or(|it| it.matches(method)) {
                        items.add(number, rule);
                    }
                }
                let globs = rule.concern.methods.as_ref();
                if globs.is_none_or(|globs| globs.iter().any(|it| it.exact().is_none())) {
                    methods.others.add(number, rule);
                }
            }
        }
        index
    }

    fn methods_mut(&mut self, phase: Phase) -> &mut Methods {
        match phase {
            Phase::Request => &mut self.requests,
            Phase::Response => &mut self.responses,
        }
    }

    /// The rules that could be about messages of this method.
    pub(crate) fn candidates(&self, phase: Phase, method: &str) -> Candidates<'_> {
        let methods = match phase {
            Phase::Request => &self.requests,
            Phase::Response => &self.responses,
        };
        Candidates { items: methods.named.get(method).unwrap_or(&methods.others) }
    }
}

/// The rules that could be about messages of one method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidates<'r> {
    items: &'r Items,
}

impl Candidates<'_> {
    /// Whether one of them asks what the message names.
    pub(crate) fn need_item(self) -> bool {
        !self.items.exact.is_empty() || !self.items.prefixes.is_empty()
    }

    /// The first one from this number on. Allocates nothing.
    pub(crate) fn next(self, from: u32, item: Option<&str>) -> Option<u32> {
        let first = |list: &Vec<u32>| list.get(list.partition_point(|it| *it < from)).copied();
        let mut next = first(&self.items.any);
        let mut take = |found: Option<u32>| {
            next = match (next, found) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        };
        if let Some(item) = item {
            take(self.items.exact.get(item).and_then(first));
            for len in &self.items.prefix_lens {
                let prefix = item.get(..*len);
                take(prefix.and_then(|it| self.items.prefixes.get(it)).and_then(first));
            }
        }
        next
    }
}

impl Items {
    fn add(&mut self, number: u32, rule: &Rule) {
        let Some(globs) = &rule.concern.items else {
            self.any.push(number);
            return;
        };
        // A pattern that begins with any text is about all names.
        if globs.iter().any(|it| it.prefix().is_empty() && it.exact().is_none()) {
            self.any.push(number);
            return;
        }
        for glob in globs.iter() {
            match glob.exact() {
                Some(name) => push_once(self.exact.entry(name.into()).or_default(), number),
                None => {
                    let prefix = glob.prefix();
                    if !self.prefix_lens.contains(&prefix.len()) {
                        self.prefix_lens.push(prefix.len());
                    }
                    push_once(self.prefixes.entry(prefix.into()).or_default(), number);
                }
            }
        }
    }
}

fn push_once(list: &mut Vec<u32>, number: u32) {
    if list.last() != Some(&number) {
        list.push(number);
    }
}
