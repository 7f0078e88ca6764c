//! The names of steps in the plan.

use std::collections::{BTreeMap, BTreeSet};

/// The names of remote steps, each given as its server and its own name: its own where no other step has
/// it, else `server/name`. All are different, whatever servers call their interceptors: one that could
/// make two names one could hold up every change of the plan.
pub(crate) fn in_plan<'a>(
    native: impl IntoIterator<Item = &'a str>,
    remote: &[(&'a str, &'a str)],
) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for name in native {
        *counts.entry(name).or_default() += 1;
        taken.insert(name.to_owned());
    }
    for (_, name) in remote {
        *counts.entry(name).or_default() += 1;
    }
    let name_of = |(server, name): &(&str, &str)| {
        let wanted = match counts.get(name) {
            Some(1) | None => (*name).to_owned(),
            Some(_) => format!("{server}/{name}"),
        };
        let mut name = wanted.clone();
        let mut number = 1;
        while taken.contains(&name) {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        taken.insert(name.clone());
        name
    };
    remote.iter().map(name_of).collect()
}

#[cfg(test)]
mod tests;
