//! Whether a URI is one of a template's (RFC 6570).

/// Whether `uri` can come out of `template`. Any text may stand for an expression, whatever its
/// operator: the server that has the template says whether it has the resource.
pub(crate) fn matches(template: &str, uri: &str) -> bool {
    let mut rest = uri;
    let mut texts = texts(template);
    match texts.next() {
        Some(first) => match rest.strip_prefix(first) {
            Some(behind) => rest = behind,
            None => return false,
        },
        None => return uri.is_empty(),
    }
    let mut texts = texts.peekable();
    if texts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(text) = texts.next() {
        if texts.peek().is_none() {
            return rest.ends_with(text);
        }
        match rest.split_once(text) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

/// The texts around the expressions of a template: one more than there are expressions.
fn texts(template: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        let text = rest?;
        match text.split_once('{').and_then(|(text, it)| Some((text, it.split_once('}')?.1))) {
            Some((text, behind)) => {
                rest = Some(behind);
                Some(text)
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

#[cfg(test)]
mod tests;
