//! What reading one message costs: Eyot's strict scan beside serde's borrowed envelope.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use eyot::Message;
use eyot::jsonrpc::ScanLimits;
use eyot_benches::exchange::{CALL_END, ID_PREFIX};
use serde::{Deserialize, Serialize};

use crate::callgrind::{self, Counts};
use crate::envelope::Envelope;
use crate::process::{self, Core};
use crate::program;
use crate::subject::Programs;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
enum Reader {
    /// `eyot_jsonrpc::Message::parse`.
    Eyot,
    /// serde, unread members as `RawValue`.
    Serde,
}

/// What the message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
enum Shape {
    /// One long string.
    Text,
    /// Many small objects.
    Objects,
}

/// One loop: what the hidden command is told.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Options {
    #[arg(long, value_enum)]
    reader: Reader,
    #[arg(long, value_enum)]
    shape: Shape,
    #[arg(long)]
    bytes: usize,
    #[arg(long)]
    times: u32,
}

/// What the hidden command says.
#[derive(Serialize, Deserialize)]
struct Took {
    ns: f64,
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Row {
    reader: Reader,
    shape: Shape,
    bytes: usize,
    instructions: f64,
    ns: f64,
}

/// Sizes of whole messages.
const SIZES: &[usize] = &[200, 4 << 10, 64 << 10, 1 << 20];

/// Counts and times all, prints a table, and writes `out/bench-micro.json`.
pub(crate) fn run(programs: &Programs) -> anyhow::Result<()> {
    callgrind::require()?;
    let mut rows = Vec::new();
    for shape in [Shape::Text, Shape::Objects] {
        for &bytes in SIZES {
            for reader in [Reader::Serde, Reader::Eyot] {
                let row = row(programs, Options { reader, shape, bytes, times: 0 })?;
                let Row { instructions, ns, .. } = row;
                let each = instructions / bytes as f64;
                println!(
                    "{shape:?} {bytes:8} bytes, {reader:?}: {instructions:10.0} instructions \
                     ({each:.2} a byte), {ns:9.0} ns"
                );
                rows.push(row);
            }
        }
    }
    program::write("micro", &rows)
}

fn row(programs: &Programs, options: Options) -> anyhow::Result<Row> {
    /// Bytes to read in one loop: a second or so under callgrind.
    const LOOP_BYTES: usize = 4 << 20;
    let Options { reader, shape, bytes, .. } = options;
    let times = u32::try_from((LOOP_BYTES / bytes).clamp(4, 2_000))?;
    let counted = |times| counted(programs, Options { times, ..options });
    let per_message = Counts::per_repetition(counted(times)?, counted(times * 2)?, times);
    let mut command = process::on(Core::First);
    command.arg(programs.bench());
    add_arguments(&mut command, Options { times: times * 10, ..options });
    let took: Took = serde_json::from_str(&process::read(command)?)?;
    Ok(Row { reader, shape, bytes, instructions: per_message.instructions, ns: took.ns })
}

fn counted(programs: &Programs, options: Options) -> anyhow::Result<Counts> {
    let profile = callgrind::profile("parse")?;
    let mut command = callgrind::command(&profile);
    command.arg(programs.bench());
    add_arguments(&mut command, options);
    process::read(command)?;
    callgrind::totals(&profile)
}

fn add_arguments(command: &mut std::process::Command, options: Options) {
    let Options { reader, shape, bytes, times } = options;
    command.args(["parse", "--reader", &name(&reader), "--shape", &name(&shape)]);
    command.args(["--bytes", &bytes.to_string(), "--times", &times.to_string()]);
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default()
}

/// Reads one message again and again, and says how long one reading took in the calmest of
/// a few batches.
pub(crate) fn read(options: Options) -> anyhow::Result<()> {
    const BATCHES: u32 = 10;
    let Options { reader, shape, bytes, times } = options;
    let message = message(shape, bytes);
    let limits = ScanLimits { keys_max: usize::MAX, ..ScanLimits::default() };
    let mut ns = f64::INFINITY;
    for batch in 0..BATCHES {
        let count = times / BATCHES + u32::from(batch < times % BATCHES);
        let begin = Instant::now();
        for _ in 0..count {
            let message = black_box(message.clone());
            match reader {
                Reader::Eyot => drop(black_box(Message::parse(message, &limits)?)),
                Reader::Serde => drop(black_box(Envelope::parse(&message)?)),
            }
        }
        if count > 0 {
            ns = ns.min(begin.elapsed().as_secs_f64() * 1e9 / f64::from(count));
        }
    }
    println!("{}", serde_json::to_string(&Took { ns }).context("write the time")?);
    Ok(())
}

/// A call of so many bytes, or a few less.
fn message(shape: Shape, bytes: usize) -> Bytes {
    /// What stands before the text, roughly.
    const REST_BYTES: usize = 110;
    const OBJECT: &str = r#"{"name":"left bank","size":12,"tags":["river","eyot"],"at":-0.5}"#;
    let room = bytes.saturating_sub(REST_BYTES);
    let (argument, end) = match shape {
        Shape::Text => (format!(r#""text":"{}"#, "x".repeat(room)), CALL_END),
        Shape::Objects => {
            let count = (room / (OBJECT.len() + 1)).max(1);
            (format!(r#""list":[{}]"#, vec![OBJECT; count].join(",")), "}}}")
        }
    };
    let call = r#"7,"method":"tools/call","params":{"name":"echo","arguments":{"#;
    format!("{ID_PREFIX}{call}{argument}{end}").into()
}

#[cfg(test)]
mod tests;
