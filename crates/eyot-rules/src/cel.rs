//! Expressions of rules, in CEL. No other module knows the crate `cel`.
//!
//! An expression is checked when it is loaded: its names, its functions, its size. Places in the
//! message that it names become names of their own, so that evaluating it reads these places and
//! nothing else. What it may cost has a bound, which what it looks at counts against.

mod names;
mod prepare;
mod values;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::extractors::This;
use cel::{Context, Env, ExecutionError, IdedExpr, Value};

use self::prepare::Place;
use self::values::Values;
use crate::pattern::Pattern;
use crate::truth::{Truth, Undecidable};
use crate::view::{Source, View};

/// What is named outside of expressions, once for all of them.
pub(crate) use self::prepare::Named;

/// An expression that was checked.
pub(crate) struct Program {
    text: String,
    expression: IdedExpr,
    /// The places in the message that it names, by number.
    places: Vec<Place>,
    /// The known texts that it names.
    known: Vec<&'static str>,
    /// Its patterns, as they are written.
    patterns: Arc<HashMap<String, Pattern>>,
    /// Parts of the expression: what one step of a loop may take.
    parts_count: u64,
}

impl Program {
    /// Checks an expression; an error says what is wrong with it.
    pub(crate) fn compile(text: &str, named: &Named) -> Result<Self, String> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(format!("the expression has more than {TEXT_BYTES_MAX} bytes"));
        }
        bounded(text)?;
        let parser = ENV.parser().max_recursion_depth(DEPTH_MAX).error_recovery_limit(1);
        let parsed = parser.parse(text).map_err(|errors| {
            let Some(first) = errors.errors.first() else { return "it cannot be read".to_owned() };
            let (line, column) = first.pos;
            let place = if line > 1 { format!("line {line}, ") } else { String::new() };
            let message = first.msg.lines().next().unwrap_or_default();
            format!("the expression cannot be read at {place}character {}: {message}", column + 1)
        })?;
        let prepared = prepare::prepare(parsed, named)?;
        Ok(Self {
            text: text.to_owned(),
            expression: prepared.expression,
            places: prepared.places,
            known: prepared.known,
            patterns: Arc::new(prepared.patterns),
            parts_count: prepared.parts_count,
        })
    }

    /// The expression, as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the expression reads a part of this JSON value.
    pub(crate) fn reads(&self, source: Source) -> bool {
        self.places.iter().any(|it| it.source == source)
    }

    /// Whether the expression names this known text.
    pub(crate) fn names(&self, known: &str) -> bool {
        self.known.contains(&known)
    }

    /// Whether it is true of the message.
    pub(crate) fn holds(&self, view: &View<'_>) -> Result<Truth, Undecidable> {
        let values = Values::new(view, &self.places, self.parts_count);
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.set_variable_resolver(&values);
        if !self.patterns.is_empty() {
            let patterns = Arc::clone(&self.patterns);
            let matches = move |This(text): This<Arc<String>>, pattern: Arc<String>| {
                patterns.get(pattern.as_str()).is_some_and(|it| it.is_in(&text))
            };
            let added = context.add_function("matches", matches);
            added.map_err(|_| Undecidable("`matches` is taken".to_owned()))?;
        }
        let result = match Value::resolve(&self.expression, &context) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("the expression gives a value of type {}", other.type_of())),
            Err(error) => Err(values.fault().unwrap_or_else(|| self.shown(&error))),
        };
        match result {
            Ok(holds) => Ok(holds.into()),
            Err(_) if values.met_unknown() => Ok(Truth::Unknown),
            Err(message) => Err(Undecidable(message)),
        }
    }

    fn place(&self, name: &str) -> Option<&Place> {
        self.places.get(prepare::number_of(name)?)
    }

    /// An error for operators. No value of the message is in it.
    fn shown(&self, error: &ExecutionError) -> String {
        match error {
            ExecutionError::UndeclaredReference(name) => match self.place(name) {
                Some(place) => format!("`{place}` is not there: ask for it with `has({place})`"),
                None => "something that it names is not there".to_owned(),
            },
            ExecutionError::NoSuchKey(key) => {
                let key = eyot_document::shown_name(key);
                format!("there is no member `{key}`: ask for it with `has`")
            }
            ExecutionError::NoSuchOverload(error) => error.to_string(),
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "it divides by zero".to_owned()
            }
            ExecutionError::Overflow(..) => "a number is too large".to_owned(),
            ExecutionError::IndexOutOfBounds(_) => "a list is too short for it".to_owned(),
            _ => "a value has another type than it needs".to_owned(),
        }
    }
}

/// Refuses what could take too much of the stack: the parser calls itself, for brackets and `?` in
/// each other many times a level, and what goes over its tree does so for each sign in a row.
fn bounded(text: &str) -> Result<(), String> {
    let (mut signs, mut depth, mut depth_max, mut choices) = (0, 0_usize, 0, 0);
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(open), _) if open == char => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '?') => choices += 1,
            (None, _) => signs += usize::from(char.is_ascii_punctuation() && char != '_'),
        }
        depth_max = depth_max.max(depth + choices);
    }
    if depth_max > BRACKETS_MAX {
        return Err(format!("the expression is more than {BRACKETS_MAX} brackets and `?` deep"));
    }
    if signs > SIGNS_MAX {
        return Err(format!(
            "the expression has more than {SIGNS_MAX} signs: make two rules of it"
        ));
    }
    Ok(())
}

/// Shows the expression, which has no value of any message.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.text).finish()
    }
}

/// The functions and macros of expressions.
static ENV: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// Bytes of an expression.
const TEXT_BYTES_MAX: usize = 4_096;

/// Brackets and `?` in each other.
const BRACKETS_MAX: usize = 12;

/// Operators, points and commas.
const SIGNS_MAX: usize = 200;

/// Parts of an expression in each other.
const DEPTH_MAX: u16 = 64;

#[cfg(test)]
mod tests;
