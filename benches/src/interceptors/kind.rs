//! The steps that stand in a hop, or before a service of this process.

use std::fmt;
use std::sync::Arc;

use clap::ValueEnum;
use eyot::guard::{Counts, Rules, Secrets, Tools, Trust};
use eyot::interceptors::Seen;
use eyot::jsonrpc::Json;
use eyot::rules::RuleSet;
use eyot::service::Input;
use eyot::{
    Boundary, BoxService, Edit, Failure, Fault, Interceptor, InterceptorLayer, Interceptors, Phase,
    Plan, PlanOptions, ServiceLayer, Validation, View,
};
use serde::Serialize;
use tower_service::Service as _;

/// What the steps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// There is no plan.
    None,
    /// The plan has no steps.
    Empty,
    /// Validators of another event, in both phases.
    Elsewhere,
    /// Validators of calls that look at the method and the name of the tool.
    Validator,
    /// Mutators that look at these as well, and keep what they see.
    Mutator,
    /// A validator, a mutator, and so on.
    Native,
    /// The same, in both phases.
    Both,
    /// One step with so many rules, each on the path of an argument.
    Rule,
    /// Validators that take their time, and need none.
    Async,
    /// Boxed tower layers that look at the method and the name of the tool.
    Layer,
    /// A mutator that takes one field out of each call.
    Redaction,
    /// The search for secrets of known forms, in both phases.
    Secrets,
    /// One step with so many rules, each of which denies a tool: what they deny is in no list.
    Hiding,
}

impl Kind {
    /// So many steps around a service.
    ///
    /// # Errors
    ///
    /// When they are no plan.
    pub(crate) fn layer(self, steps: usize) -> anyhow::Result<ServiceLayer> {
        if self == Self::Layer {
            return Ok((0..steps).fold(ServiceLayer::default(), |it, _| it.with(looking_layer())));
        }
        let plan = self.interceptors(steps)?;
        let layer = plan.map(|it| InterceptorLayer::new(&it, Boundary::Upstream).into());
        Ok(layer.unwrap_or_default())
    }

    /// So many steps as a plan; `None` of what is none.
    ///
    /// # Errors
    ///
    /// When they are no plan.
    pub(crate) fn interceptors(self, steps: usize) -> anyhow::Result<Option<Interceptors>> {
        let all = |step: &dyn Fn(usize) -> Interceptor| (0..steps).map(step).collect();
        let steps: Vec<Interceptor> = match self {
            Self::None | Self::Layer => return Ok(None),
            Self::Empty => Vec::new(),
            Self::Elsewhere => all(&|it| validator(it).on_both(["resources/read"])),
            Self::Validator => all(&|it| validator(it).on(Phase::Request, [CALL])),
            Self::Mutator => all(&|it| mutator(it).on(Phase::Request, [CALL])),
            Self::Native => all(&|it| native(it).on(Phase::Request, [CALL])),
            Self::Both => all(&|it| native(it).on_both([CALL])),
            Self::Async => all(&|it| later(it).on(Phase::Request, [CALL])),
            Self::Rule => vec![rules(steps, |it| {
                format!("match: {{tool: echo, arguments: {{text: never-{it}}}}}")
            })?],
            Self::Hiding => vec![rules(steps, |it| format!("match: {{tool: 'hidden_{it}_*'}}"))?],
            Self::Redaction => all(&|it| redaction(it).on(Phase::Request, [CALL])),
            Self::Secrets => {
                vec![Secrets::known().redactor().interceptor(&[Phase::Request, Phase::Response])]
            }
        };
        Ok(Some(Interceptors::new(Plan::compile(steps, PlanOptions::default())?)))
    }

    /// The word on the command line.
    pub(crate) fn word(self) -> String {
        self.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no plan",
            Self::Empty => "an empty plan",
            Self::Elsewhere => "steps of another event",
            Self::Validator => "native validators",
            Self::Mutator => "native mutators that keep",
            Self::Native => "native steps, requests",
            Self::Both => "native steps, both phases",
            Self::Rule => "rules on an argument",
            Self::Async => "validators that take time",
            Self::Layer => "boxed tower layers",
            Self::Redaction => "redaction of one field",
            Self::Secrets => "search for secrets",
            Self::Hiding => "rules that hide tools",
        })
    }
}

const CALL: &str = "tools/call";
/// No tool has this name.
const FORBIDDEN: &str = "forbidden";

fn native(number: usize) -> Interceptor {
    if number.is_multiple_of(2) { validator(number) } else { mutator(number) }
}

fn validator(number: usize) -> Interceptor {
    Interceptor::validator(format!("step-{number}"), judge)
}

fn mutator(number: usize) -> Interceptor {
    Interceptor::mutator(format!("step-{number}"), |view: &View<'_>| {
        let is_forbidden = is_forbidden(view.event(), view.name().as_deref());
        if is_forbidden { Err(Failure::new(FORBIDDEN)) } else { Ok(Edit::Keep) }
    })
}

fn later(number: usize) -> Interceptor {
    Interceptor::async_validator(format!("step-{number}"), |seen: Seen| {
        Box::pin(async move { judge(&seen.view()) }) as _
    })
}

fn judge(view: &View<'_>) -> Result<Validation, Failure> {
    let is_forbidden = is_forbidden(view.event(), view.name().as_deref());
    Ok(if is_forbidden { Validation::deny(FORBIDDEN) } else { Validation::PASS })
}

fn is_forbidden(method: &str, name: Option<&str>) -> bool {
    method == CALL && name == Some(FORBIDDEN)
}

fn redaction(number: usize) -> Interceptor {
    const FIELD: &str = "/_meta/io.modelcontextprotocol~1clientInfo/version";
    Interceptor::mutator(format!("step-{number}"), |view: &View<'_>| {
        let redacted = Json::parse(r#""[redacted]""#).ok_or(Failure::new("no JSON"))?;
        view.set(FIELD, &redacted)
    })
}

fn rules(count: usize, matching: impl Fn(usize) -> String) -> anyhow::Result<Interceptor> {
    let rule = |it| format!("  - {{name: rule-{it}, {}, deny: true}}\n", matching(it));
    let rules: String = (0..count).map(rule).collect();
    let text = format!("version: 1\ndefault: allow\nrules:\n{rules}");
    let set = RuleSet::compile("rules.yaml", &text)?;
    Ok(Rules::new(set, Arc::new(Tools::new(Trust::Latest)), Arc::<Counts>::default())
        .interceptor("rules"))
}

fn looking_layer() -> ServiceLayer {
    ServiceLayer::from_fn(|inner| {
        BoxService::from_fn(move |call| {
            let mut inner = inner.clone();
            Box::pin(async move {
                if let Input::Request(request) = &call.input
                    && is_forbidden(request.method(), request.name().as_deref())
                {
                    return Err(Fault::internal(FORBIDDEN));
                }
                inner.call(call).await
            })
        })
    })
}
