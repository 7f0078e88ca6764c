//! Reads what the suite writes: its lists and its summary are for people.

use std::fmt;

/// How many of the required scenarios passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Score {
    required: Vec<Scenario>,
}

#[derive(Debug, PartialEq, Eq)]
struct Scenario {
    name: String,
    passed: bool,
}

impl Score {
    /// Takes the requirements from `list --requirements`, the results from the summary.
    ///
    /// The suite also runs scenarios that are never scored; they are left out, and a
    /// required one that did not run has failed.
    pub(super) fn new(list: &str, summary: &str) -> Self {
        let passed: Vec<&str> = summary.lines().filter_map(passed_scenario).collect();
        let required = server_scenarios(list)
            .map(|name| Scenario { name: name.to_owned(), passed: passed.contains(&name) })
            .collect();
        Self { required }
    }

    pub(super) fn required_count(&self) -> usize {
        self.required.len()
    }

    pub(super) fn failed(&self) -> impl Iterator<Item = &str> {
        self.required.iter().filter(|it| !it.passed).map(|it| it.name.as_str())
    }

    pub(super) fn is_perfect(&self) -> bool {
        self.failed().next().is_none()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let required_count = self.required_count();
        let passed_count = required_count - self.failed().count();
        write!(f, "{passed_count} of {required_count} scored scenarios passed")
    }
}

/// The bullets under the heading of the servers, up to the first empty line.
fn server_scenarios(list: &str) -> impl Iterator<Item = &str> {
    let section = list.lines().skip_while(|it| !it.starts_with("Server scenarios")).skip(1);
    section.map_while(|it| it.trim_start().strip_prefix("- "))
}

/// The name in a line like `✓ tools-list: 3 passed, 0 failed`.
fn passed_scenario(line: &str) -> Option<&str> {
    line.strip_prefix("✓ ")?.split_once(": ").map(|(name, _)| name)
}

#[cfg(test)]
mod tests;
