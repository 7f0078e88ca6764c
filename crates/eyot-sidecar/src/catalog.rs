//! What a server has said of its interceptors, list by list.

use std::collections::BTreeSet;

use eyot_interceptors::Descriptor;

use crate::error::ListProblem;

/// The interceptors that a server has named since the start, in the order in which it first did.
///
/// What it names no more stays: a step whose interceptor has gone fails, and is not forgotten.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog(Vec<Known>);

/// An interceptor that a server has named.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    /// What it last said of itself.
    pub(crate) descriptor: Descriptor,
    /// It is in the last list, as what it was at first.
    pub(crate) is_offered: bool,
}

impl Catalog {
    pub(crate) fn known(&self) -> &[Known] {
        &self.0
    }

    /// The interceptor of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Known> {
        self.0.iter().find(|it| it.descriptor.name == name)
    }

    /// The catalog after a list.
    pub(crate) fn updated(&self, list: Vec<Descriptor>) -> Result<Self, ListProblem> {
        check(&list)?;
        let mut known = self.0.clone();
        known.iter_mut().for_each(|it| it.is_offered = false);
        for descriptor in list {
            match known.iter_mut().find(|it| it.descriptor.name == descriptor.name) {
                // A validator that has become a mutator is not what its user has let in.
                Some(before) if before.descriptor.kind != descriptor.kind => {
                    let interceptor = descriptor.name;
                    tracing::error!(interceptor, "interceptor says that it is of another kind now");
                }
                Some(before) => *before = Known { descriptor, is_offered: true },
                None => known.push(Known { descriptor, is_offered: true }),
            }
        }
        if known.len() > NAMES_MAX {
            return Err(ListProblem::TooMany { names_max: NAMES_MAX });
        }
        Ok(Self(known))
    }
}

fn check(list: &[Descriptor]) -> Result<(), ListProblem> {
    let mut names = BTreeSet::new();
    for Descriptor { name, .. } in list {
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(char::is_control) {
            let name = name.chars().take(NAME_BYTES_MAX).collect();
            return Err(ListProblem::BadName { name, bytes_max: NAME_BYTES_MAX });
        }
        if !names.insert(name) {
            return Err(ListProblem::NameTwice { name: name.clone() });
        }
    }
    Ok(())
}

/// Interceptors that one server may name, in all lists together: each has metrics of its own.
const NAMES_MAX: usize = 256;
const NAME_BYTES_MAX: usize = 128;

#[cfg(test)]
mod tests;
