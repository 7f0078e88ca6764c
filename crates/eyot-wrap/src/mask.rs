//! A text as people may see it.

use std::ops::Range;

use eyot_config::{REDACTED, shown_words, tells_of_a_secret};

use crate::edit::{Edit, Splice, spliced};
use crate::tree::{Format, Node, Value};

/// The text with the same lines and without its secrets.
pub(crate) fn masked(text: &str, format: Format, root: &Node) -> String {
    let mut mask = Mask { text, splices: Vec::new(), values: Vec::new() };
    mask.node(root, Place::Open);
    mask.comments(format);
    spliced(text, &mask.splices).unwrap_or_default()
}

/// What may be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// All but what looks like a secret.
    Open,
    /// Nothing: the values of variables and headers.
    Secret,
    /// All: the names of variables.
    Names,
}

struct Mask<'t> {
    text: &'t str,
    splices: Vec<Splice>,
    /// Where keys and values stand.
    values: Vec<Range<usize>>,
}

impl Mask<'_> {
    fn node(&mut self, node: &Node, place: Place) {
        if node.text().is_some() {
            self.values.push(node.span.clone());
        }
        match &node.value {
            Value::Map(members) => {
                for member in members {
                    self.values.push(member.key_span.clone());
                    let place = match member.key.as_str() {
                        _ if place == Place::Secret => Place::Secret,
                        "env" | "headers" | "http_headers" => Place::Secret,
                        "env_http_headers" | "bearer_token_env_var" | "env_vars" => Place::Names,
                        key if tells_of_a_secret(key) && place == Place::Open => {
                            match member.node.value {
                                Value::Text(_) | Value::List(_) => Place::Secret,
                                Value::Other(_) | Value::Map(_) => place,
                            }
                        }
                        _ => place,
                    };
                    self.node(&member.node, place);
                }
            }
            Value::List(elements) => match node.words() {
                Some(words) if place == Place::Open => {
                    for (element, shown) in elements.iter().zip(shown_words(&words)) {
                        self.values.push(element.span.clone());
                        self.show(element, &shown);
                    }
                }
                _ => elements.iter().for_each(|it| self.node(it, place)),
            },
            Value::Text(text) if place == Place::Open => {
                let shown = shown_words(std::slice::from_ref(text));
                self.show(node, shown.first().map_or(REDACTED, |it| it));
            }
            Value::Text(_) | Value::Other(_) if place == Place::Secret => self.show(node, REDACTED),
            Value::Text(_) | Value::Other(_) => {}
        }
    }

    /// Leaves out comments that could be entries which were taken out of the file, with their
    /// secrets.
    fn comments(&mut self, format: Format) {
        self.values.sort_by_key(|it| it.start);
        let (mut at, mut gaps) = (0, Vec::new());
        for value in &self.values {
            gaps.push(at..value.start.max(at));
            at = value.end.max(at);
        }
        gaps.push(at..self.text.len());
        for Range { start, end } in gaps {
            let mut rest = self.text.get(start..end).unwrap_or_default();
            while let Some((open, close)) = first_comment(rest, format) {
                let behind = rest.get(open..).unwrap_or_default();
                let length = behind.find(close).unwrap_or(behind.len());
                let comment = behind.get(..length).unwrap_or_default();
                if comment.contains(['"', '\'', '=', ':']) {
                    let span_start = end - behind.len();
                    let sign = if format == Format::Json { comment.get(..2) } else { Some("#") };
                    let lines = comment.matches('\n').count();
                    let put = format!("{} …{}", sign.unwrap_or_default(), "\n".repeat(lines));
                    let has_return = comment.ends_with('\r');
                    let span = span_start..span_start + length - usize::from(has_return);
                    self.splices.push(Splice { span, put });
                }
                rest = behind.get(length..).unwrap_or_default();
            }
        }
    }

    /// Shows another text in the place of a value, on as many lines.
    fn show(&mut self, node: &Node, shown: &str) {
        if node.text() == Some(shown) {
            return;
        }
        let raw = self.text.get(node.span.clone()).unwrap_or_default();
        let lines = "\n".repeat(raw.matches('\n').count());
        let put = format!("{}{lines}", Edit::quoted(shown));
        self.splices.push(Splice { span: node.span.clone(), put });
    }
}

/// Where the first comment begins in what stands between values, and what ends it.
fn first_comment(text: &str, format: Format) -> Option<(usize, &'static str)> {
    let signs: &[_] = match format {
        Format::Json => &[("//", "\n"), ("/*", "*/")],
        Format::Toml => &[("#", "\n")],
    };
    let found = signs.iter().filter_map(|(open, close)| Some((text.find(open)?, *close)));
    found.min_by_key(|it| it.0)
}
