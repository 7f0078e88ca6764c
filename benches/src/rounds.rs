//! Rounds: everything that is compared, measured one after the other, again and again.

use serde::Serialize;

use crate::load::Sample;
use crate::statistics::median;

/// The samples of one round, in the order of what is compared.
#[derive(Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) samples: Vec<Sample>,
}

impl Round {
    /// CPUs that others kept busy meanwhile.
    pub(crate) fn others_cpus(&self) -> f64 {
        median(self.samples.iter().map(|it| it.others_cpus))
    }
}

/// Measures rounds until enough of them were calm, at most twice as many as count; the calmest
/// count.
///
/// # Errors
///
/// When a sample cannot be taken.
pub(crate) fn measure<T: Copy>(
    rounds: usize,
    subjects: &[T],
    mut sample: impl FnMut(T) -> anyhow::Result<Sample>,
) -> anyhow::Result<Vec<Round>> {
    /// Others may keep so much of one CPU busy.
    const CALM_CPUS: f64 = 0.1;
    let is_calm = |it: &&Round| it.others_cpus() <= CALM_CPUS;
    let mut measured: Vec<Round> = Vec::new();
    while measured.iter().filter(is_calm).count() < rounds && measured.len() < rounds * 2 {
        measured.push(round(subjects, measured.len() % 2 == 1, &mut sample)?);
    }
    measured.sort_by(|one, other| one.others_cpus().total_cmp(&other.others_cpus()));
    measured.truncate(rounds);
    Ok(measured)
}

/// Every second round goes backwards, so that no subject always follows the same one.
fn round<T: Copy>(
    subjects: &[T],
    is_backward: bool,
    sample: &mut impl FnMut(T) -> anyhow::Result<Sample>,
) -> anyhow::Result<Round> {
    let samples: anyhow::Result<Vec<Sample>> = match is_backward {
        false => subjects.iter().map(|it| sample(*it)).collect(),
        true => subjects.iter().rev().map(|it| sample(*it)).collect(),
    };
    let mut samples = samples?;
    if is_backward {
        samples.reverse();
    }
    Ok(Round { samples })
}
