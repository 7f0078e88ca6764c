//! Variables in texts, in the syntax of each dialect.

use eyot_document::shown_name;

use crate::dialect::{Dialect, split};
use crate::lookup::{Input, Lookup, input_variable};

/// A text with its variables replaced.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expanded {
    pub(crate) text: String,
    /// Variables that have no value: what is wrong with each, and what to do.
    pub(crate) errors: Vec<String>,
    /// What looks like a variable, and is passed on as it is.
    pub(crate) warnings: Vec<String>,
}

/// What a reference stands for.
enum Found {
    Value(String),
    /// It has no value: what to do.
    Missing(String),
    /// It is no variable of this dialect, but one of another.
    Foreign,
    /// It is no variable.
    NoVariable,
}

/// Replaces the variables of texts in one file.
pub(crate) struct Variables<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) path: &'a str,
    pub(crate) lookup: &'a dyn Lookup,
    /// The values of `${user_config.KEY}` and `{NAME}` that the file itself gives.
    pub(crate) defaults: Vec<(String, String)>,
    /// The inputs that the file declares.
    pub(crate) inputs: Vec<Input>,
}

impl Variables<'_> {
    /// The text with its variables replaced. What stands for them is not looked through again.
    pub(crate) fn expand(&self, text: &str) -> Expanded {
        match self.dialect {
            Dialect::Codex => Expanded { text: text.to_owned(), ..Expanded::default() },
            Dialect::Registry => self.expand_curly(text),
            _ => self.expand_dollar(text),
        }
    }

    fn expand_dollar(&self, text: &str) -> Expanded {
        let mut expanded = Expanded::default();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            expanded.text.push_str(before);
            let is_escaped = self.dialect == Dialect::Eyot && behind.starts_with("${");
            if is_escaped {
                expanded.text.push_str("${");
                rest = behind.get(2..).unwrap_or_default();
                continue;
            }
            let braced = behind.strip_prefix('{').and_then(|it| it.split_once('}'));
            let bare_end = behind.find(|it| !is_name_char(it)).unwrap_or(behind.len());
            let bare = behind.get(..bare_end).filter(|it| is_name(it));
            rest = match (braced, bare) {
                (Some((body, rest)), _) => {
                    self.put(&mut expanded, &format!("${{{body}}}"), self.find(body));
                    rest
                }
                (None, Some(name)) if self.dialect == Dialect::Gemini => {
                    self.put(&mut expanded, &format!("${name}"), self.variable(name));
                    behind.get(bare_end..).unwrap_or_default()
                }
                _ => {
                    expanded.text.push('$');
                    behind
                }
            };
        }
        expanded.text.push_str(rest);
        expanded
    }

    fn expand_curly(&self, text: &str) -> Expanded {
        let mut expanded = Expanded::default();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            expanded.text.push_str(before);
            rest = match behind.split_once('}') {
                Some((name, rest)) if is_input_name(name) => {
                    self.put(&mut expanded, &format!("{{{name}}}"), self.input(name));
                    rest
                }
                _ => {
                    expanded.text.push('{');
                    behind
                }
            };
        }
        expanded.text.push_str(rest);
        expanded
    }

    fn put(&self, expanded: &mut Expanded, written: &str, found: Found) {
        let shown = shown_name(written);
        match found {
            Found::Value(value) => expanded.text.push_str(&value),
            Found::Missing(advice) => {
                expanded.errors.push(format!("{shown} has no value: {advice}"))
            }
            Found::Foreign => expanded.errors.push(format!(
                "{shown} is no variable of a {} file: {}, or name another dialect",
                self.dialect,
                self.forms()
            )),
            Found::NoVariable => {
                expanded.text.push_str(written);
                expanded.warnings.push(format!(
                    "{shown} is no variable of a {} file, and is passed on as it is",
                    self.dialect
                ));
            }
        }
    }

    /// How variables are written in this dialect.
    fn forms(&self) -> &'static str {
        match self.dialect {
            Dialect::ClaudeCode => "write ${VAR} or ${VAR:-default}",
            Dialect::Gemini => "write $VAR or ${VAR}",
            Dialect::Bundle => "write ${__dirname} or ${user_config.KEY}",
            Dialect::VsCode => "write ${env:VAR} or ${input:ID}",
            Dialect::Cline | Dialect::Cursor => "write ${env:VAR}",
            Dialect::Eyot => "write ${VAR}, ${env:VAR}, ${file:PATH} or ${input:ID}",
            _ => "write the value itself",
        }
    }

    /// What stands for `${body}`.
    fn find(&self, body: &str) -> Found {
        use Dialect::{Bundle, ClaudeCode, ClaudeDesktop, Cline, Cursor, Eyot, Gemini, VsCode};
        let kind =
            body.split_once(':').filter(|(kind, _)| matches!(*kind, "env" | "file" | "input"));
        match (self.dialect, kind, body) {
            (VsCode | Cursor | Cline, Some(("env", name)), _) => self.variable(name),
            (Eyot, Some(("env", name)), _) => self.variable_or_default(name),
            (VsCode, Some(("input", id)), _) => self.declared_input(id),
            (Eyot, Some(("input", id)), _) => self.asked(&Input::new(id)),
            (Eyot, Some(("file", path)), _) => self.file(path),
            (VsCode | Cursor | Eyot, None, "workspaceFolder") => {
                let folder = self.lookup.workspace_folder();
                found(folder, || "run eyot in a folder that exists".to_owned())
            }
            (VsCode | Cursor | Eyot, None, "userHome") | (Bundle, None, "HOME") => self.home(""),
            (VsCode | Cursor, None, "pathSeparator" | "/")
            | (Bundle, None, "/" | "pathSeparator") => {
                Found::Value(std::path::MAIN_SEPARATOR_STR.to_owned())
            }
            (Bundle, None, "__dirname") => Found::Value(self.folder()),
            (Bundle, None, "DESKTOP") => self.home("Desktop"),
            (Bundle, None, "DOCUMENTS") => self.home("Documents"),
            (Bundle, None, "DOWNLOADS") => self.home("Downloads"),
            (Bundle, None, _) if body.starts_with("user_config.") => {
                self.input(body.trim_start_matches("user_config."))
            }
            (ClaudeCode | Gemini | Eyot, None, _) if is_variable(body) => {
                self.variable_or_default(body)
            }
            // A program without variables gets the text as it is, and so does what it starts.
            (ClaudeDesktop | Dialect::Inspector, ..) => Found::NoVariable,
            _ if kind.is_some() || is_variable(body) || body.starts_with("user_config.") => {
                Found::Foreign
            }
            _ => Found::NoVariable,
        }
    }

    fn variable(&self, name: &str) -> Found {
        found(self.lookup.variable(name), || format!("set the variable {}", shown_name(name)))
    }

    /// `VAR` or `VAR:-default`.
    fn variable_or_default(&self, text: &str) -> Found {
        match text.split_once(":-") {
            Some((name, default)) => Found::Value(self.lookup.variable_or(name, default)),
            None => self.variable(text),
        }
    }

    fn declared_input(&self, id: &str) -> Found {
        match self.inputs.iter().find(|it| it.id == id) {
            Some(input) => self.asked(input),
            None => Found::Missing("there is no input of this id in `inputs`".to_owned()),
        }
    }

    fn asked(&self, input: &Input) -> Found {
        let answer = self.lookup.asked(input);
        found(answer, || format!("set the variable {}", shown_name(&input_variable(&input.id))))
    }

    /// What the user is to fill in: from its variable, or the default of the file.
    pub(crate) fn input_value(&self, id: &str) -> Option<String> {
        let default = || self.defaults.iter().find(|(name, _)| name == id).map(|it| it.1.clone());
        self.lookup.variable(&input_variable(id)).or_else(default)
    }

    fn input(&self, id: &str) -> Found {
        found(self.input_value(id), || {
            format!("set the variable {}", shown_name(&input_variable(id)))
        })
    }

    fn file(&self, path: &str) -> Found {
        match self.lookup.secret_file(path) {
            Ok(text) => Found::Value(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(reason) => Found::Missing(format!("the file cannot be read ({reason})")),
        }
    }

    fn home(&self, below: &str) -> Found {
        let home = self.lookup.home();
        let separator = if below.is_empty() { "" } else { std::path::MAIN_SEPARATOR_STR };
        let folder = home.map(|home| format!("{home}{separator}{below}"));
        found(folder, || "set the variable HOME".to_owned())
    }

    /// The folder of the file.
    fn folder(&self) -> String {
        match split(self.path).0 {
            "" if self.path.starts_with('/') => "/".to_owned(),
            "" => self.lookup.workspace_folder().unwrap_or_else(|| ".".to_owned()),
            folder => folder.to_owned(),
        }
    }
}

fn found(value: Option<String>, advice: impl FnOnce() -> String) -> Found {
    value.map_or_else(|| Found::Missing(advice()), Found::Value)
}

fn is_name_char(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '_'
}

fn is_name(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && text.chars().all(is_name_char)
}

/// Whether it is a variable's name, perhaps with a default behind it.
fn is_variable(text: &str) -> bool {
    is_name(text.split_once(":-").map_or(text, |it| it.0))
}

fn is_input_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| is_name_char(it) || it == '-' || it == '.')
}

#[cfg(test)]
mod tests;
