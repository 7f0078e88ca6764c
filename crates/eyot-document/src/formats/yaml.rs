//! YAML: one document, of the core schema.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError};

use crate::node::{DEPTH_MAX, Fault, Member, Node, Value, map, too_deep};
use crate::position::Position;

/// Reads YAML.
pub(super) fn parse(text: &str, faults: &mut Vec<Fault>) -> Result<Node, Fault> {
    let mut builder = Builder::default();
    let mut options = Options::default();
    options.emit_comments = false;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| fault_of(&error))?;
        builder.take(event, position(span.start), faults)?;
    }
    match builder.root {
        Some(node) if node.value != Value::Null => Ok(node),
        _ => {
            Err(Fault { at: Position { line: 1, column: 1 }, message: "the file is empty".into() })
        }
    }
}

fn fault_of(error: &ScanError) -> Fault {
    Fault { at: position(*error.marker()), message: format!("this is no YAML: {}", error.info()) }
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

/// Builds the tree from events.
#[derive(Default)]
struct Builder {
    /// The lists and maps that are open, the outermost first.
    open: Vec<Open>,
    root: Option<Node>,
    /// What aliases stand for.
    anchors: HashMap<usize, Node>,
    /// The nodes that aliases have made.
    copied: usize,
    documents: usize,
}

/// A list or a map whose end is still to come.
struct Open {
    at: Position,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    /// With the key whose value comes next.
    Map(Vec<Member>, Option<(String, Position)>),
}

impl Builder {
    fn take(
        &mut self,
        event: Event<'_>,
        at: Position,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a second document begins: put all into one".to_owned();
                    return Err(Fault { at, message });
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                let value = if is_plain { plain(&text) } else { Value::Text(text.into_owned()) };
                self.add(Node { at, value }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Open { at, anchor, kind: OpenKind::List(Vec::new()) })?;
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(Open { at, anchor, kind: OpenKind::Map(Vec::new(), None) })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(faults)?,
            Event::Alias(anchor) => self.add_copy(anchor, at)?,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, open: Open) -> Result<(), Fault> {
        if self.open.len() > DEPTH_MAX {
            return Err(too_deep(open.at));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self, faults: &mut Vec<Fault>) -> Result<(), Fault> {
        let Some(Open { at, anchor, kind }) = self.open.pop() else { return Ok(()) };
        let value = match kind {
            OpenKind::List(elements) => Value::List(elements),
            OpenKind::Map(members, _) => map(members, faults),
        };
        self.add(Node { at, value }, anchor)
    }

    /// Adds what an alias stands for. It may stand for much, many times over.
    fn add_copy(&mut self, anchor: usize, at: Position) -> Result<(), Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            let message = "the alias stands in what it stands for".to_owned();
            return Err(Fault { at, message });
        };
        self.copied = self.copied.saturating_add(size(node));
        if self.copied > COPIED_MAX || self.open.len() + depth(node) > DEPTH_MAX {
            let message = "aliases stand for too much: write it out".to_owned();
            return Err(Fault { at, message });
        }
        let node = node.clone();
        self.add(node, 0)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor > 0 {
            self.copied = self.copied.saturating_add(size(&node));
            if self.copied > COPIED_MAX {
                let message = "anchors stand for too much: write it out".to_owned();
                return Err(Fault { at: node.at, message });
            }
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.kind {
            OpenKind::List(elements) => elements.push(node),
            OpenKind::Map(members, key) => match key.take() {
                Some((key, at)) => members.push(Member { key, at, node }),
                None => *key = Some((key_of(&node)?, node.at)),
            },
        }
        Ok(())
    }
}

/// The text of a key.
fn key_of(node: &Node) -> Result<String, Fault> {
    match &node.value {
        Value::Text(text) | Value::Number(text) => Ok(text.clone()),
        Value::Bool(is_true) => Ok(is_true.to_string()),
        Value::Null => Ok("null".to_owned()),
        Value::List(_) | Value::Map(_) => {
            Err(Fault { at: node.at, message: "a key is a text".to_owned() })
        }
    }
}

/// What a text without quotes is.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.starts_with(|it: char| it.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// The nodes of a tree.
fn size(node: &Node) -> usize {
    let below = node.elements().iter().chain(node.members().iter().map(|it| &it.node));
    1 + below.map(size).sum::<usize>()
}

/// The lists and maps in each other.
fn depth(node: &Node) -> usize {
    let below = node.elements().iter().chain(node.members().iter().map(|it| &it.node));
    below.map(depth).max().map_or(0, |it| it + 1)
}

/// Nodes that aliases may make, and that are kept for them.
const COPIED_MAX: usize = 100_000;
