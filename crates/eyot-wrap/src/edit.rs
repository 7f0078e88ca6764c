//! Changes of a text, each of which replaces a few of its bytes.

use std::ops::Range;

use crate::error::Obstacle;
use crate::tree::{Format, Member, Node};

/// Collects changes of a text.
pub(crate) struct Edit<'t> {
    pub(crate) text: &'t str,
    pub(crate) format: Format,
    splices: Vec<Splice>,
}

/// Bytes of a text, and what takes their place.
#[derive(Clone, Debug)]
pub(crate) struct Splice {
    pub(crate) span: Range<usize>,
    pub(crate) put: String,
}

/// Replaces parts of a text that do not overlap. `None`: they do.
pub(crate) fn spliced(text: &str, splices: &[Splice]) -> Option<String> {
    let mut splices: Vec<_> = splices.iter().collect();
    splices.sort_by_key(|it| (it.span.start, it.span.end));
    let mut new = String::with_capacity(text.len());
    let mut end = 0;
    for Splice { span, put } in splices {
        new.push_str(text.get(end..span.start)?);
        new.push_str(put);
        end = span.end;
    }
    new.push_str(text.get(end..)?);
    Some(new)
}

impl<'t> Edit<'t> {
    pub(crate) fn new(text: &'t str, format: Format) -> Self {
        Self { text, format, splices: Vec::new() }
    }

    pub(crate) fn into_splices(self) -> Vec<Splice> {
        self.splices
    }

    /// What is written there.
    pub(crate) fn raw(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// A text in quotes, which are the same in both formats.
    pub(crate) fn quoted(text: &str) -> String {
        // TOML takes no DEL as it is.
        serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
    }

    /// A list of values that are written already.
    pub(crate) fn list(raw: &[String]) -> String {
        format!("[{}]", raw.join(", "))
    }

    /// A member that is written.
    pub(crate) fn member(&self, key: &str, raw: &str) -> String {
        match self.format {
            Format::Json => format!("{}: {raw}", Self::quoted(key)),
            Format::Toml => format!("{} = {raw}", self.key(key)),
        }
    }

    /// A map with one member.
    pub(crate) fn map(&self, key: &str, raw: &str) -> String {
        format!("{{ {} }}", self.member(key, raw))
    }

    fn key(&self, key: &str) -> String {
        let is_bare = key.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_'));
        if self.format == Format::Toml && is_bare && !key.is_empty() {
            key.to_owned()
        } else {
            Self::quoted(key)
        }
    }

    pub(crate) fn splice(&mut self, span: Range<usize>, put: impl Into<String>) {
        self.splices.push(Splice { span, put: put.into() });
    }

    /// Gives a member another value.
    pub(crate) fn set_value(&mut self, member: &Member, raw: &str) -> Result<(), Obstacle> {
        self.check_pair(member)?;
        self.splice(member.node.span.clone(), raw);
        Ok(())
    }

    /// Gives a member another key.
    pub(crate) fn set_key(&mut self, member: &Member, key: &str) {
        let key = self.key(key);
        self.splice(member.key_span.clone(), key);
    }

    /// Puts another member in the place of one.
    pub(crate) fn replace(
        &mut self,
        member: &Member,
        key: &str,
        raw: &str,
    ) -> Result<(), Obstacle> {
        self.check_pair(member)?;
        let put = self.member(key, raw);
        self.splice(member.key_span.start..member.node.span.end, put);
        Ok(())
    }

    /// Puts a member behind another one.
    pub(crate) fn add_behind(&mut self, member: &Member, key: &str, raw: &str) {
        let put = self.member(key, raw);
        let line = Line::of(self.text, member, self.format);
        let Line { before, newline, end } = &line;
        match (self.format, line.is_own(self.format)) {
            (_, false) => {
                self.splice(member.node.span.end..member.node.span.end, format!(", {put}"))
            }
            (Format::Json, true) => {
                let put = format!(",{newline}{before}{put}");
                self.splice(member.node.span.end..member.node.span.end, put);
            }
            (Format::Toml, true) => self.splice(*end..*end, format!("{newline}{before}{put}")),
        }
    }

    /// Takes a member out of its map.
    pub(crate) fn remove(&mut self, map: &Node, member: &Member) -> Result<(), Obstacle> {
        self.check_pair(member)?;
        let line = Line::of(self.text, member, self.format);
        if self.format == Format::Toml && line.is_own(self.format) {
            let start = member.key_span.start - line.before.len();
            let rest = self.text.get(line.end..).unwrap_or_default();
            let newline = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
            self.splice(start..line.end + newline, "");
            return Ok(());
        }
        let members = map.members();
        let place = members.iter().position(|it| it.key_span == member.key_span);
        let place = place.ok_or_else(Obstacle::form)?;
        let before = place.checked_sub(1).and_then(|it| members.get(it));
        match (before, members.get(place + 1)) {
            (Some(before), _) => self.splice(before.node.span.end..member.node.span.end, ""),
            (None, Some(next)) => self.splice(member.key_span.start..next.key_span.start, ""),
            (None, None) => self.splice(member.key_span.start..member.node.span.end, ""),
        }
        Ok(())
    }

    /// Puts elements before those of a list.
    pub(crate) fn add_first(&mut self, list: &Node, raw: &[String]) {
        let inside = list.span.start + 1;
        let put = raw.join(", ");
        match list.elements().first() {
            None => self.splice(inside..inside, put),
            Some(first) => {
                let between = self.raw(&(inside..first.span.start)).to_owned();
                let is_line = between.contains('\n') && between.trim().is_empty();
                let between = if is_line { between } else { " ".to_owned() };
                self.splice(first.span.start..first.span.start, format!("{put},{between}"));
            }
        }
    }

    /// Takes the first elements out of a list.
    pub(crate) fn remove_first(&mut self, list: &Node, count: usize) -> Result<(), Obstacle> {
        let elements = list.elements();
        let first = elements.first().ok_or_else(Obstacle::form)?;
        let end = match (elements.get(count), count.checked_sub(1).and_then(|it| elements.get(it)))
        {
            (Some(next), _) => next.span.start,
            (None, Some(last)) => {
                let rest = self.raw(&(last.span.end..list.span.end));
                let has_comma = rest.trim_start().starts_with(',');
                last.span.end + if has_comma { rest.find(',').map_or(0, |at| at + 1) } else { 0 }
            }
            (None, None) => return Err(Obstacle::form()),
        };
        self.splice(first.span.start..end, "");
        Ok(())
    }

    /// Refuses what is no key with its value behind it, such as a table of TOML with a header.
    fn check_pair(&self, member: &Member) -> Result<(), Obstacle> {
        let between = (member.key_span.end <= member.node.span.start)
            .then(|| self.raw(&(member.key_span.end..member.node.span.start)).trim());
        let sign = if self.format == Format::Json { ":" } else { "=" };
        match between {
            Some(between) if between == sign => Ok(()),
            // Comments may stand there.
            Some(between) if self.format == Format::Json && between.contains(sign) => Ok(()),
            _ => Err(Obstacle::form()),
        }
    }
}

/// The line where a member stands.
struct Line<'t> {
    /// What stands before its key.
    before: &'t str,
    newline: &'static str,
    /// Where the line ends on which its value ends.
    end: usize,
}

impl<'t> Line<'t> {
    fn of(text: &'t str, member: &Member, format: Format) -> Self {
        let above = text.get(..member.key_span.start).unwrap_or_default();
        let start = above.rfind('\n').map_or(0, |it| it + 1);
        let below = text.get(member.node.span.end..).unwrap_or_default();
        let end = below.find('\n').map_or(text.len(), |it| member.node.span.end + it);
        let has_return = |end: usize| text.get(..end).is_some_and(|it| it.ends_with('\r'));
        let is_windows = match format {
            Format::Json => start > 0 && has_return(start - 1),
            Format::Toml => has_return(end) || end == text.len() && text.contains("\r\n"),
        };
        let end = if end < text.len() && has_return(end) { end - 1 } else { end };
        let before = above.get(start..).unwrap_or_default();
        Self { before, newline: if is_windows { "\r\n" } else { "\n" }, end }
    }

    /// Whether a member may have a line of its own behind it.
    fn is_own(&self, format: Format) -> bool {
        match format {
            Format::Json => self.before.trim().is_empty(),
            // Keys with dots may stand before it.
            Format::Toml => !self.before.contains(['=', '{', '[', ',']),
        }
    }
}
