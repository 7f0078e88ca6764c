//! The head of a request as people have it: out of a log, or of `curl -v`.

use http::{HeaderName, HeaderValue, Request, Uri, request};

/// Why a text is no head of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
#[non_exhaustive]
pub struct InvalidHead {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: &'static str,
}

/// Reads the head of a request of HTTP/1.1: its first line, such as `POST /mcp HTTP/1.1`, and a header a
/// line, up to an empty line or the end. Lines may begin with `> `, as `curl -v` writes them; then those
/// that do not are skipped.
///
/// # Errors
///
/// The first line that is none of a head.
pub fn parse_head(text: &str) -> Result<request::Parts, InvalidHead> {
    let is_of_curl = text.lines().any(|line| line.starts_with("> "));
    let numbered = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim_end()));
    let lines = numbered.filter_map(|(number, line)| match is_of_curl {
        true => line.strip_prefix('>').map(|it| (number, it.strip_prefix(' ').unwrap_or(it))),
        false => Some((number, line)),
    });
    let mut lines = lines.skip_while(|it| it.1.is_empty());
    let (line, first) = lines.next().ok_or(InvalidHead { line: 1, message: REQUEST_LINE })?;
    let mut parts = request_line(first).ok_or(InvalidHead { line, message: REQUEST_LINE })?;
    for (line, text) in lines.take_while(|it| !it.1.is_empty()) {
        let message = "expected a header, such as `Accept: application/json`";
        let (name, value) = header(text).ok_or(InvalidHead { line, message })?;
        parts.headers.append(name, value);
    }
    Ok(parts)
}

fn request_line(text: &str) -> Option<request::Parts> {
    let mut words = text.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_first_line = words.next().is_none() && matches!(version, "HTTP/1.1" | "HTTP/1.0");
    let uri: Uri = target.parse().ok().filter(|_| is_first_line)?;
    let request = Request::builder().method(method).uri(uri).body(()).ok()?;
    Some(request.into_parts().0)
}

fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':')?;
    Some((name.parse().ok()?, HeaderValue::from_str(value.trim()).ok()?))
}

const REQUEST_LINE: &str = "expected the first line of a request, such as `POST /mcp HTTP/1.1`";

#[cfg(test)]
mod tests;
