//! Files with variables, one a line: `NAME=value`.

/// Reads variables. An error is the number of a line that is none.
pub(crate) fn parse(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut variables = Vec::new();
    for (line_no, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or(line_no)?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) || value.contains('\0') {
            return Err(line_no);
        }
        variables.push((name.to_owned(), unquoted(value.trim())));
    }
    Ok(variables)
}

/// The value without its quotes, or without the comment behind it.
fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        let quoted = value.strip_prefix(quote).and_then(|it| it.split_once(quote));
        if let Some((text, behind)) = quoted
            && (behind.trim().is_empty() || behind.trim_start().starts_with('#'))
        {
            return if quote == '"' { text.replace("\\n", "\n") } else { text.to_owned() };
        }
    }
    value.split_once(" #").map_or(value, |it| it.0.trim_end()).to_owned()
}

#[cfg(test)]
mod tests;
