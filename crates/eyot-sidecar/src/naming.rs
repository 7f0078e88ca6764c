//! The names of steps in the plan.

use std::collections::BTreeMap;

/// The names of remote steps, each given as its server and its own name: its own where no other step has
/// it, else `server/name`.
pub(crate) fn in_plan<'a>(
    native: impl IntoIterator<Item = &'a str>,
    remote: &[(&'a str, &'a str)],
) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in native.into_iter().chain(remote.iter().map(|(_, name)| *name)) {
        *counts.entry(name).or_default() += 1;
    }
    let name_of = |(server, name): &(&str, &str)| match counts.get(name) {
        Some(1) | None => (*name).to_owned(),
        Some(_) => format!("{server}/{name}"),
    };
    remote.iter().map(name_of).collect()
}

#[cfg(test)]
mod tests;
