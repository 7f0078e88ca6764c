//! Names that a wrong one could have been.

/// `: did you mean …?`, if a known name is close; else nothing.
pub(crate) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let distance_max = (name.chars().count() / 3).clamp(1, 2);
    let near = known.into_iter().map(|it| (distance(name, it), it));
    match near.filter(|(it, _)| *it <= distance_max).min() {
        Some((_, near)) => format!(": did you mean `{near}`?"),
        None => String::new(),
    }
}

/// How many characters must be changed, added or removed to make one name of the other.
fn distance(one: &str, other: &str) -> usize {
    if one.len().abs_diff(other.len()) > 8 || one.len() > 64 {
        return usize::MAX;
    }
    let one: Vec<char> = one.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=one.len()).collect();
    for (number, char) in other.to_lowercase().chars().enumerate() {
        let mut before = number + 1;
        let mut next = vec![before];
        for (pair, itself) in row.windows(2).zip(&one) {
            let &[diagonal, above] = pair else { continue };
            before = (diagonal + usize::from(*itself != char)).min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
