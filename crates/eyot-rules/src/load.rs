//! From the text of a file to compiled rules.

mod actions;
mod cases;
mod matching;
mod named;
mod price;
mod reader;
mod routes;
mod rules;
mod wanted;

use std::sync::Arc;

use eyot_document::{Format, Node, Position};

use self::named::Definitions;
use self::reader::Reader;
use crate::index::Index;
use crate::problem::{Problem, Problems};
use crate::rule::{Mode, OnError, Rule};
use crate::rule_set::{Default, RuleSet};
use crate::test_case::Test;

impl RuleSet {
    /// Compiles the text of a file, which is JSON or TOML if its name ends so, else YAML.
    ///
    /// # Errors
    /// All that is wrong with the file, each with its line and column.
    pub fn compile(file: &str, text: &str) -> Result<Self, Problems> {
        let mut reader = Reader::new(file);
        let root = root(&mut reader, file, text);
        Self::of_root(reader, root.as_ref())
    }

    /// Compiles rules that stand inside of another file: `root` is what a file of rules would be.
    ///
    /// # Errors
    /// All that is wrong with them, each with its line and column in that file.
    pub fn compile_part(file: &str, root: &Node) -> Result<Self, Problems> {
        Self::of_root(Reader::new(file), Some(root))
    }

    fn of_root(mut reader: Reader, root: Option<&Node>) -> Result<Self, Problems> {
        let compiled = root.and_then(|it| compile(&mut reader, it));
        let Reader { file, mut problems } = reader;
        match compiled {
            Some(file_of_rules) if problems.is_empty() => {
                let FileOfRules { rules, default, mode, tests } = file_of_rules;
                let index = Index::of(&rules);
                Ok(Self { file, rules, index, default, mode, tests })
            }
            _ => {
                if problems.is_empty() {
                    let message = "there are no rules in it".to_owned();
                    let at = root.map_or(Position { line: 1, column: 1 }, |it| it.at);
                    problems.push(Problem { file: Arc::clone(&file), at, message });
                }
                problems.sort_by_key(|it| it.at);
                Err(Problems(problems))
            }
        }
    }
}

fn root(reader: &mut Reader, file: &str, text: &str) -> Option<Node> {
    let start = Position { line: 1, column: 1 };
    if text.len() > FILE_BYTES_MAX {
        reader.error(start, "the file has more than 4 MiB: make several of it");
        return None;
    }
    let ends = |ending: &str| file.to_ascii_lowercase().ends_with(ending);
    let format = match () {
        () if ends(".json") || ends(".jsonc") => Format::Json,
        () if ends(".toml") => Format::Toml,
        () => Format::Yaml,
    };
    match eyot_document::parse(text, format) {
        Ok((node, faults)) => {
            for fault in faults {
                reader.error(fault.at, fault.message);
            }
            Some(node)
        }
        Err(fault) => {
            reader.error(fault.at, fault.message);
            None
        }
    }
}

/// What is in a file.
struct FileOfRules {
    rules: Vec<Rule>,
    default: Default,
    mode: Mode,
    tests: Vec<Test>,
}

fn compile(reader: &mut Reader, root: &Node) -> Option<FileOfRules> {
    let mut fields = reader.fields("the file", root)?;
    match fields.value("version") {
        Some(node) => drop(reader.word("`version`", node, &[("1", ())])),
        None => reader.error(root.at, "`version` is missing: write `version: 1`"),
    }
    let default = match fields.value("default") {
        Some(node) => {
            reader.word("`default`", node, &[("allow", Default::Allow), ("deny", Default::Deny)])
        }
        None => {
            let message = "`default` is missing: say `allow` or `deny` of what no rule decides";
            reader.error(root.at, message);
            None
        }
    };
    let mode = fields.value("mode").and_then(|it| reader.mode(it)).unwrap_or_default();
    let on_error = fields.value("on_error").and_then(|it| reader.on_error(it)).unwrap_or_default();
    let definitions = Definitions::read(reader, fields.value("sets"), fields.value("patterns"));
    let rules = fields.value("rules");
    let tests = fields.value("tests");
    fields.finish(reader, "a file of rules");
    let rules = match rules {
        Some(node) => rules::read(reader, node, &definitions, Inherited { mode, on_error }),
        None => {
            reader.error(root.at, "`rules` is missing");
            Vec::new()
        }
    };
    let tests = tests.map(|it| cases::read(reader, it, &rules)).unwrap_or_default();
    Some(FileOfRules { rules, default: default?, mode, tests })
}

/// What rules have of their file, unless they say something else.
#[derive(Clone, Copy)]
struct Inherited {
    mode: Mode,
    on_error: OnError,
}

/// Bytes of a file.
const FILE_BYTES_MAX: usize = 4 << 20;
