//! `eyot interceptors`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use eyot::interceptors::{Descriptor, INVOKE, LIST, ListResult};
use eyot::sidecar::{
    Case, LivePlan, PlanDriver, PlanSource, PlanStartError, RemoteServer, StepOrder,
};
use eyot::{Boundary, Phase, PlanOptions, Target};
use eyot_interception::InterceptionFiles;
use eyot_terminal::escaped;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answers::Source;
use super::connection::{Connection, Home, Words, limits, unconnected};
use super::show;
use crate::args::{
    InterceptorsInvoke, InterceptorsList, InterceptorsOf, InterceptorsPlan, InterceptorsTest,
    Server,
};
use crate::failure::{Code, Failure};
use crate::{config, input, secrets, writer};

/// Runs the command.
pub(super) async fn run(of: InterceptorsOf, home: &Home, is_json: bool) -> anyhow::Result<()> {
    match of {
        InterceptorsOf::List(it) => list(it, home, is_json).await,
        InterceptorsOf::Invoke(it) => invoke(it, home, is_json).await,
        InterceptorsOf::Plan(it) => plan(it, home, is_json).await,
        InterceptorsOf::Test(it) => test(it, home, is_json).await,
    }
}

async fn list(list: InterceptorsList, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let InterceptorsList { words, event, server } = list;
    let mut words = Words::new(&server, words)?;
    words.end()?;
    let connection = Connection::open(home, &server, words, Source::new(Vec::new())).await?;
    let params = event.map_or_else(|| json!({}), |it| json!({ "event": it }));
    let answer = connection.client.request(LIST, params).await;
    let answer = answer.map_err(|it| connection.failure(it))?;
    if is_json {
        return show::answer(&answer);
    }
    let listed: ListResult = answer.decode_result().context("the list cannot be read")?;
    let row = |it: &Descriptor| {
        let hooks =
            it.hooks.iter().map(|it| format!("{} ({})", it.events.join(" "), it.phase.as_str()));
        let hooks = hooks.collect::<Vec<_>>().join(", ");
        let text = show::first_line(it.description.as_deref()).to_owned();
        [it.name.clone(), json!(it.kind).as_str().unwrap_or_default().to_owned(), hooks, text]
    };
    Ok(eyot_terminal::print_table(0, &listed.interceptors.iter().map(row).collect::<Vec<_>>())?)
}

/// A question to an interceptor; the payload is that of the file, to the letter.
#[derive(Serialize)]
struct Asked {
    name: String,
    event: String,
    phase: Phase,
    payload: Box<RawValue>,
}

async fn invoke(invoke: InterceptorsInvoke, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let InterceptorsInvoke { words, event, phase, payload, server } = invoke;
    let mut words = Words::new(&server, words)?;
    let name = words.next("name an interceptor; `eyot interceptors list` shows what there is")?;
    words.end()?;
    let payload = serde_json::from_str(&text(Some(&payload))?);
    let payload = payload.map_err(|it| Failure::usage(format!("the payload is no JSON: {it}")))?;
    let connection = Connection::open(home, &server, words, Source::new(Vec::new())).await?;
    let asked = Asked { name, event, phase, payload };
    let answer = connection.client.request(INVOKE, asked).await;
    let answer = answer.map_err(|it| connection.failure(it))?;
    match is_json {
        true => show::answer(&answer),
        false => writer::print_pretty_json(&answer.decode_result::<Value>()?),
    }
}

async fn plan(plan: InterceptorsPlan, home: &Home, is_json: bool) -> anyhow::Result<()> {
    if plan.is_of_a_proxy() {
        return plans_of_files(&plan, home, is_json).await;
    }
    let InterceptorsPlan { words, event, server, .. } = plan;
    let mut servers = Vec::new();
    if words.len() < 2 {
        let mut words = Words::new(&server, words)?;
        words.end()?;
        servers.push(words);
    } else if server.command.is_empty() && server.from.config.is_empty() {
        for url in words {
            servers.push(Words::new(&server, vec![url])?);
        }
    } else {
        return Err(Failure::usage("several servers are named by their URLs alone").into());
    }
    let (live, _driver) = start(home, &server, servers).await?;
    let plan = live.interceptors().plan();
    let orders = StepOrder::of(&plan, Boundary::Upstream, event.as_deref());
    match is_json {
        true => writer::print_json(&json!({ "plan": orders })),
        false => print_orders(&orders, ""),
    }
}

/// The plans that a proxy makes of files: those at both its sides, and those before single servers.
async fn plans_of_files(plan: &InterceptorsPlan, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let InterceptorsPlan { words, event, interceptors, server } = plan;
    if !words.is_empty() {
        return Err(Failure::usage("files are named by their flags alone").into());
    }
    let only = server.from.server.as_deref();
    let files = config::settings_files(interceptors.as_ref(), &server.from, only);
    let started = InterceptionFiles::start(files, &home.0).await;
    let (files, _driver) = started.map_err(|it| Failure::usage(it.to_string()))?;
    let event = event.as_deref();
    let [downstream, upstream] = files.plans().plans();
    let of_servers = files.plans().own_plans().into_iter().map(|(name, own)| {
        // The only server of a proxy has no name there.
        let name = if name.is_empty() { only.unwrap_or_default().to_owned() } else { name };
        (name, StepOrder::of_server(&upstream.1, &own, event))
    });
    let of_servers: BTreeMap<_, _> = of_servers.collect();
    let [downstream, upstream] =
        [downstream, upstream].map(|(at, plan)| StepOrder::of(&plan, at, event));
    if is_json {
        let plans =
            json!({ "downstream": downstream, "upstream": upstream, "servers": of_servers });
        return writer::print_json(&plans);
    }
    print_orders(&downstream, ", on the side of clients")?;
    print_orders(&upstream, ", on the side of servers")?;
    of_servers.iter().try_for_each(|(name, orders)| {
        print_orders(orders, &format!(", on the side of the server {}", escaped(name)))
    })
}

fn print_orders(orders: &[StepOrder], place: &str) -> anyhow::Result<()> {
    for order in orders {
        writer::print(&format!("{} ({}{place})", order.event, order.phase.as_str()))?;
        let rows: Vec<_> = order.steps.iter().map(|it| [it.name.clone(), it.manner()]).collect();
        eyot_terminal::print_table(2, &rows)?;
    }
    Ok(())
}

async fn test(test: InterceptorsTest, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let InterceptorsTest { words, server } = test;
    let mut words = Words::new(&server, words)?;
    let file = words.rest();
    let file = file.first().map(String::as_str);
    let place = file.unwrap_or("stdin");
    let cases = Case::read_all(&text(file)?);
    let cases = cases.map_err(|it| Failure::usage(format!("{place}:{it}")))?;
    let (live, _driver) = start(home, &server, vec![words]).await?;
    let plan = live.interceptors().plan();
    let mut documents = Vec::new();
    let mut failed = 0;
    for case in &cases {
        let problem = case.run(&plan).await.err();
        failed += usize::from(problem.is_some());
        match &problem {
            _ if is_json => documents.push(json!({ "name": case.name, "problem": problem })),
            None => writer::print(&format!("ok      {}", case.name))?,
            Some(problem) => writer::print(&format!("FAILED  {}: {problem}", case.name))?,
        }
    }
    if is_json {
        writer::print_json(&json!({ "cases": documents, "failed": failed }))?;
    }
    let message = format!("{failed} of {} cases failed", cases.len());
    if failed > 0 { Err(Failure::new(Code::Failure, message).into()) } else { Ok(()) }
}

/// A text that the user names: a file, or stdin.
fn text(file: Option<&str>) -> anyhow::Result<String> {
    let (read, place) = match file {
        None | Some("-") => (input::read_stdin(), "stdin"),
        Some(path) => (input::read(path), path),
    };
    Ok(read.map_err(|error| Failure::usage(format!("{place}: {error}")))?)
}

/// A plan of the interceptors of these servers.
async fn start(
    home: &Home,
    server: &Server,
    named: Vec<Words>,
) -> anyhow::Result<(LivePlan, PlanDriver)> {
    let mut source = PlanSource::new(PlanOptions::default()).runtime(home.0.clone());
    let mut names = Vec::new();
    for words in named {
        let label = words.target.label();
        let count = names.iter().filter(|it| **it == label).count();
        let name = if count > 0 { format!("{label}-{}", count + 1) } else { label.clone() };
        names.push(label);
        let remote = RemoteServer::new(name, with_headers(server, words.target)?)?;
        source =
            source.server(remote.limits(limits(server)).era(server.era.unwrap_or_default().into()));
    }
    Ok(source.start().await.map_err(unplanned)?)
}

/// The target with what every request to it carries.
fn with_headers(server: &Server, target: Target) -> anyhow::Result<Target> {
    let mut given = server.header.iter();
    let mut target =
        given.try_fold(target, |target, it| target.with_header(&it.name, &it.value))?;
    if let Some(source) = &server.token {
        let token = secrets::read(&source.0).context("--token");
        let token = token.map_err(|error| Failure::usage(format!("{error:#}")))?;
        target = target.with_header("authorization", &format!("Bearer {}", token.expose()))?;
    }
    Ok(target)
}

fn unplanned(error: PlanStartError) -> Failure {
    match error {
        PlanStartError::Unusable { source, .. } => unconnected(source),
        error => Failure::new(Code::Failure, format!("{:#}", anyhow::Error::from(error))),
    }
}
