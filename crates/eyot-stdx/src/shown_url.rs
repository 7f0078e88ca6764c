//! What of a URL a log, an error or a terminal may show.

/// The text without what may be a secret in a URL: the user info, the query and the fragment. A `…`
/// stands for what is left out. The fragment of a `unix:PATH#/mcp` is its path, and is shown.
///
/// It takes any text, because a URL that cannot be parsed is named in an error too: in doubt, more
/// is left out.
#[must_use]
pub fn shown_url(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['@', '?', '#']) => (scheme, rest),
        _ => ("", text),
    };
    let rest_start = text.len() - rest.len();
    let (scheme_shown, hidden_end) = (text.get(..rest_start), user_info_end(scheme, rest));
    let place = rest.get(hidden_end..).unwrap_or_default();
    // One `#` leads to the path at a socket, and what stands behind another is a fragment.
    let socket_end =
        if text.starts_with("unix:") { place.find("#/").map_or(0, |at| at + 1) } else { 0 };
    let mut shown = scheme_shown.unwrap_or_default().to_owned();
    if hidden_end > 0 {
        shown.push_str("…@");
    }
    let hidden = place.get(socket_end..).unwrap_or_default().find(['?', '#']);
    match hidden.map(|at| socket_end + at) {
        None => shown.push_str(place),
        Some(at) => {
            shown.push_str(place.get(..at).unwrap_or_default());
            shown.push_str("?…");
        }
    }
    shown
}

/// Where the text behind the scheme has no more user info.
fn user_info_end(scheme: &str, rest: &str) -> usize {
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..authority_end).unwrap_or_default();
    if let Some(at) = authority.rfind('@') {
        return at + 1;
    }
    // A password with a `/` or a `?` in it seems to end the authority, and leaves a port that is
    // none. Without a scheme there is nothing to judge by.
    let port = authority.rsplit_once(':').map_or("", |it| it.1);
    let is_host = port.bytes().all(|it| it.is_ascii_digit()) || authority.ends_with(']');
    match rest.rfind('@') {
        Some(at) if scheme.is_empty() || !is_host => at + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
