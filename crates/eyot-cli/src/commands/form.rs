//! Forms of a server, filled in line by line.

use std::io::{self, Write};

use eyot::types::{
    ElicitAction, ElicitResult, ElicitSchema, JsonObject, NumberKind, NumberSchema,
    PrimitiveSchema, StringSchema,
};
use serde_json::{Number, Value};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

use super::page::Page;
use crate::writer::Lines;
use eyot_terminal::escaped;

/// The user: types lines, and sees what is written.
pub(super) struct Terminal<R, W> {
    pub(super) input: R,
    pub(super) output: Lines<W>,
}

/// Asks whether to fill in the form, then each of its questions until its answer fits. The end of
/// the input cancels.
///
/// "MCP clients MUST: Provide UI that makes it clear which server is requesting information"
/// (2025-11-25, client/elicitation).
pub(super) async fn fill_in<R, W>(
    (server, message): (&str, &str),
    form: &ElicitSchema,
    terminal: &mut Terminal<R, W>,
) -> io::Result<ElicitResult>
where
    R: AsyncBufRead + Unpin,
    W: Write,
{
    terminal.output.line("")?;
    terminal.output.line(&format!("{server} asks:"))?;
    terminal.output.quote(message)?;
    if let Some(refusal) = refusal("Answer? [Y/n] ", terminal).await? {
        return Ok(refusal);
    }
    let mut content = JsonObject::new();
    for (name, question) in form.properties.iter() {
        let is_required = form.required.iter().flatten().any(|it| it == name);
        match answer((name, question), is_required, terminal).await? {
            Answered::Value(value) => {
                content.insert(name.to_owned(), value);
            }
            Answered::Nothing => {}
            Answered::End => return Ok(ElicitResult::new(ElicitAction::Cancel)),
        }
    }
    Ok(ElicitResult::accept(content))
}

/// Asks the user to look at a page.
///
/// "For URL mode, clearly display the target domain/host" (2025-11-25, client/elicitation): nothing
/// is opened, and a page whose address does not say plainly where it leads is declined.
pub(super) async fn page<R, W>(
    (server, message): (&str, &str),
    url: &str,
    terminal: &mut Terminal<R, W>,
) -> io::Result<ElicitResult>
where
    R: AsyncBufRead + Unpin,
    W: Write,
{
    let output = &mut terminal.output;
    output.line("")?;
    output.line(&format!("{server} asks you to open a page:"))?;
    output.quote(message)?;
    match Page::parse(url) {
        Ok(page) => {
            output.line(&format!("  at the host {}", page.host()))?;
            if let Some(user_info) = page.user_info() {
                output.line(&format!("  with the user info {user_info}, which is no host"))?;
            }
            output.line(&format!("  {}", page.url()))?;
        }
        Err(reason) => {
            output.line(&format!("This is declined, because the address {reason}:"))?;
            output.quote(url)?;
            return Ok(ElicitResult::new(ElicitAction::Decline));
        }
    }
    let refusal = refusal("Done? [Y/n] ", terminal).await?;
    Ok(refusal.unwrap_or_else(|| ElicitResult::new(ElicitAction::Accept)))
}

/// Asks for a yes or no; `None` is yes.
async fn refusal<R, W>(
    asked: &str,
    terminal: &mut Terminal<R, W>,
) -> io::Result<Option<ElicitResult>>
where
    R: AsyncBufRead + Unpin,
    W: Write,
{
    loop {
        let Some(line) = read(asked, terminal).await? else {
            return Ok(Some(ElicitResult::new(ElicitAction::Cancel)));
        };
        match line.to_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(None),
            "n" | "no" => return Ok(Some(ElicitResult::new(ElicitAction::Decline))),
            _ => {}
        }
    }
}

enum Answered {
    Value(Value),
    /// The question is left out.
    Nothing,
    /// The input has ended.
    End,
}

async fn answer<R, W>(
    (name, question): (&str, &PrimitiveSchema),
    is_required: bool,
    terminal: &mut Terminal<R, W>,
) -> io::Result<Answered>
where
    R: AsyncBufRead + Unpin,
    W: Write,
{
    let (topic, hint) = (topic(name, question), hint(question));
    let options = options(question);
    loop {
        let asked = match options.as_slice() {
            [] => format!("│ {topic}{hint}: "),
            options => {
                terminal.output.quote(&escaped(&topic))?;
                for (number, (_, title)) in options.iter().enumerate() {
                    terminal.output.quote(&format!("  {}. {}", number + 1, escaped(title)))?;
                }
                format!("{hint}: ")
            }
        };
        let Some(line) = read(&asked, terminal).await? else { return Ok(Answered::End) };
        let wrong = match (line.is_empty(), default(question)) {
            (true, Some(default)) => return Ok(Answered::Value(default)),
            (true, None) if !is_required => return Ok(Answered::Nothing),
            _ => match parse(question, &line) {
                Ok(value) => return Ok(Answered::Value(value)),
                Err(wrong) => wrong,
            },
        };
        terminal.output.line(&format!("  {wrong}"))?;
    }
}

/// Writes a question and reads a line; `None` at the end of the input.
async fn read<R, W>(asked: &str, terminal: &mut Terminal<R, W>) -> io::Result<Option<String>>
where
    R: AsyncBufRead + Unpin,
    W: Write,
{
    terminal.output.prompt(asked)?;
    let mut line = String::new();
    let read_bytes = terminal.input.read_line(&mut line).await?;
    Ok((read_bytes > 0).then(|| line.trim().to_owned()))
}

/// A question as the user sees it: its name and what it is about.
fn topic(name: &str, question: &PrimitiveSchema) -> String {
    let (title, description) = words(question);
    let name = title.unwrap_or(name);
    description.map_or_else(|| name.to_owned(), |it| format!("{name} ({it})"))
}

/// How to answer, and what no answer stands for.
fn hint(question: &PrimitiveSchema) -> String {
    let hint = match question {
        PrimitiveSchema::Number(_) => " [number]",
        PrimitiveSchema::Boolean(_) => " [yes or no]",
        PrimitiveSchema::SingleSelect(_) => "[one of them]",
        PrimitiveSchema::MultiSelect(_) => "[any of them, by commas]",
        _ => "",
    };
    let Some(default) = default(question) else { return hint.to_owned() };
    let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
    format!("{hint} [{default}]")
}

fn words(question: &PrimitiveSchema) -> (Option<&str>, Option<&str>) {
    let (title, description) = match question {
        PrimitiveSchema::String(it) => (&it.title, &it.description),
        PrimitiveSchema::Number(it) => (&it.title, &it.description),
        PrimitiveSchema::Boolean(it) => (&it.title, &it.description),
        PrimitiveSchema::SingleSelect(it) => (&it.title, &it.description),
        PrimitiveSchema::MultiSelect(it) => (&it.title, &it.description),
        _ => return (None, None),
    };
    (title.as_deref(), description.as_deref())
}

fn default(question: &PrimitiveSchema) -> Option<Value> {
    match question {
        PrimitiveSchema::String(it) => it.default.clone().map(Value::from),
        PrimitiveSchema::Number(it) => it.default.clone().map(Value::from),
        PrimitiveSchema::Boolean(it) => it.default.map(Value::from),
        PrimitiveSchema::SingleSelect(it) => it.default.clone().map(Value::from),
        PrimitiveSchema::MultiSelect(it) => it.default.clone().map(Value::from),
        _ => None,
    }
}

fn options(question: &PrimitiveSchema) -> Vec<(&str, &str)> {
    match question {
        PrimitiveSchema::SingleSelect(it) => it.options(),
        PrimitiveSchema::MultiSelect(it) => it.options(),
        _ => Vec::new(),
    }
}

/// The value that a line stands for, or the reason why it does not fit.
fn parse(question: &PrimitiveSchema, line: &str) -> Result<Value, String> {
    match question {
        PrimitiveSchema::String(schema) => text(schema, line),
        PrimitiveSchema::Number(schema) => number(schema, line),
        PrimitiveSchema::Boolean(_) => match line.to_lowercase().as_str() {
            "y" | "yes" | "true" => Ok(true.into()),
            "n" | "no" | "false" => Ok(false.into()),
            _ => Err("yes or no".to_owned()),
        },
        PrimitiveSchema::SingleSelect(_) => select(&options(question), line).map(Value::from),
        PrimitiveSchema::MultiSelect(_) => {
            let options = options(question);
            let selected = line.split(',').map(|it| select(&options, it.trim()));
            selected.collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        // The kind of the question is unknown here: a user who knows it can write JSON.
        _ => Ok(serde_json::from_str(line).unwrap_or_else(|_| line.into())),
    }
}

fn text(schema: &StringSchema, line: &str) -> Result<Value, String> {
    let length = line.chars().count() as u64;
    match (schema.min_length, schema.max_length) {
        (Some(min), _) if length < min => Err(format!("at least {min} characters")),
        (_, Some(max)) if length > max => Err(format!("at most {max} characters")),
        _ => Ok(line.into()),
    }
}

fn number(schema: &NumberSchema, line: &str) -> Result<Value, String> {
    let wanted = match schema.kind {
        NumberKind::Integer => "a whole number",
        _ => "a number",
    };
    let is_whole = |it: &Number| it.is_i64() || it.is_u64();
    let number: Option<Number> = serde_json::from_str(line).ok();
    let number = number.filter(|it| schema.kind != NumberKind::Integer || is_whole(it));
    let number = number.ok_or_else(|| wanted.to_owned())?;
    let value = |it: &Number| it.as_f64().unwrap_or_default();
    match (&schema.minimum, &schema.maximum) {
        (Some(min), _) if value(&number) < value(min) => Err(format!("at least {min}")),
        (_, Some(max)) if value(&number) > value(max) => Err(format!("at most {max}")),
        _ => Ok(number.into()),
    }
}

/// The value of an option that is named by its number, its title, or itself.
fn select(options: &[(&str, &str)], line: &str) -> Result<String, String> {
    let by_number = line.parse::<usize>().ok().and_then(|it| options.get(it.checked_sub(1)?));
    let is_named = |it: &&(&str, &str)| it.0 == line || it.1 == line;
    let selected = options.iter().find(is_named).or(by_number);
    let wrong = || format!("one of the numbers 1 to {}", options.len());
    selected.map(|it| it.0.to_owned()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests;
