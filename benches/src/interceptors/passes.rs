//! Calls through steps, without a socket: what the steps themselves cost.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use eyot::jsonrpc::{Request, Response, ScanLimits};
use eyot::service::{Input, Peer};
use eyot::types::Era;
use eyot::{BoxService, Call, Message, Reply};
use eyot_benches::exchange::{self, ID_PREFIX, Tool};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_service::Service as _;

use super::kind::Kind;
use crate::callgrind::{self, Counts};
use crate::process::{self, Core};
use crate::subject::Programs;

/// What passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    /// A call of a tool, whose text comes back.
    Call,
    /// A list of a thousand tools.
    List,
}

/// One loop: what the hidden command is told.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Options {
    #[arg(long, value_enum)]
    pub(super) plan: Kind,
    #[arg(long)]
    pub(super) steps: usize,
    #[arg(long, value_enum)]
    pub(super) what: What,
    #[arg(long)]
    pub(super) text_bytes: usize,
    #[arg(long)]
    pub(super) times: u32,
}

/// What the hidden command says.
#[derive(Serialize, Deserialize)]
struct Took {
    us: f64,
}

/// Instructions and allocations of one pass.
///
/// # Errors
///
/// When it fails.
pub(super) fn count(programs: &Programs, options: Options) -> anyhow::Result<Counts> {
    let counted = |times| {
        let profile = callgrind::profile(&format!("pass, {}", options.plan))?;
        let mut command = callgrind::command(&profile);
        add(programs, &mut command, Options { times, ..options });
        process::read(command)?;
        callgrind::totals(&profile)
    };
    let times = options.times;
    Ok(Counts::per_repetition(counted(times)?, counted(times * 2)?, times))
}

/// Microseconds of one pass, in the calmest of a few batches.
///
/// # Errors
///
/// When it fails.
pub(super) fn time(programs: &Programs, options: Options) -> anyhow::Result<f64> {
    let mut command = process::on(Core::First);
    add(programs, &mut command, options);
    let took: Took = serde_json::from_str(&process::read(command)?)?;
    Ok(took.us)
}

fn add(programs: &Programs, command: &mut std::process::Command, options: Options) {
    let Options { plan, steps, what, text_bytes, times } = options;
    let what = what.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default();
    command.arg(programs.bench()).args(["passes", "--plan", &plan.word(), "--what", &what]);
    command.args(["--steps", &steps.to_string(), "--text-bytes", &text_bytes.to_string()]);
    command.args(["--times", &times.to_string()]);
}

/// Passes one message again and again, and says how long one pass took in the calmest of a few
/// batches.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    const BATCHES: u32 = 10;
    let pair = Pair::new(options.what, options.text_bytes)?;
    let service = pair.service(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let us = runtime.block_on(async {
        pair.check(&service, options.plan).await?;
        let mut us = f64::INFINITY;
        for batch in 0..BATCHES {
            let count = options.times / BATCHES + u32::from(batch < options.times % BATCHES);
            let begin = Instant::now();
            for _ in 0..count {
                drop(black_box(pair.pass(&service).await?));
            }
            if count > 0 {
                us = us.min(begin.elapsed().as_secs_f64() * 1e6 / f64::from(count));
            }
        }
        anyhow::Ok(us)
    })?;
    println!("{}", serde_json::to_string(&Took { us }).context("write the time")?);
    Ok(())
}

/// A request and its answer.
struct Pair {
    request: Request,
    answer: Response,
}

impl Pair {
    fn new(what: What, text_bytes: usize) -> anyhow::Result<Self> {
        let (request, result) = match what {
            What::Call => {
                let call = exchange::Call::new(exchange::Era::Modern, Tool::Echo, text_bytes);
                let content = json!([{ "type": "text", "text": "x".repeat(text_bytes) }]);
                (call.pieces(ID).concat(), json!({ "resultType": "complete", "content": content }))
            }
            What::List => {
                let request = format!(r#"{ID_PREFIX}{ID},"method":"tools/list","params":{{}}}}"#);
                (request.into_bytes(), list())
            }
        };
        let answer = json!({ "jsonrpc": "2.0", "id": ID, "result": result }).to_string();
        let read = |text: Vec<u8>| Message::parse(text.into(), &ScanLimits::default());
        Ok(Self {
            request: read(request)?.into_request().ok().context("a request")?,
            answer: read(answer.into_bytes())?.into_response().ok().context("an answer")?,
        })
    }

    /// A service that gives the answer, behind the steps.
    fn service(&self, options: Options) -> anyhow::Result<BoxService> {
        let answer = self.answer.clone();
        let inner = BoxService::from_fn(move |call| {
            drop(black_box(call));
            Box::pin(std::future::ready(Ok(Reply::One(answer.clone()))))
        });
        Ok(options.plan.layer(options.steps)?.around(inner))
    }

    async fn pass(&self, service: &BoxService) -> anyhow::Result<Reply> {
        let input = Input::Request(self.request.clone());
        let call = Call::new(input, Peer::ourselves(Era::Modern));
        Ok(service.clone().call(call).await?)
    }

    /// Sees whether steps do what they are here for: nothing, in most cases.
    async fn check(&self, service: &BoxService, plan: Kind) -> anyhow::Result<()> {
        let Reply::One(answer) = self.pass(service).await? else { anyhow::bail!("no answer") };
        let (came, went) = (self.answer.to_bytes(), answer.to_bytes());
        let is_as_it_should = match plan {
            Kind::Hiding => went.len() < came.len(),
            _ => went == came,
        };
        anyhow::ensure!(is_as_it_should, "another answer than was to be");
        Ok(())
    }
}

/// Tools with descriptions of the usual length. Of each fifty, one is of those that rules hide.
fn list() -> Value {
    const TOOLS: usize = 1_000;
    const EACH: usize = 50;
    let tool = |number: usize| {
        let name = match number % EACH {
            0 => format!("hidden_{}_{number}", number / EACH),
            _ => format!("tool_{number}"),
        };
        let text = json!({ "type": "string", "description": "What it says" });
        json!({
            "name": name,
            "description": "Says again what it is told, at any length, and does nothing besides.",
            "inputSchema": { "type": "object", "properties": { "text": text }, "required": ["text"] },
        })
    };
    let tools: Vec<_> = (0..TOOLS).map(tool).collect();
    json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools })
}

const ID: u64 = 1_000_000;
