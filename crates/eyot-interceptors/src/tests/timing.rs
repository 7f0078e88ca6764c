//! What comes of a message does not depend on when its steps are done.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use proptest::prelude::*;
use tokio::sync::oneshot;

use super::*;
use crate::{Mode, Origin, Overrides, Seen};

/// What a step makes of any payload.
#[derive(Clone, Copy, Debug)]
enum Says {
    Pass,
    Warn,
    Deny,
    DenyInItsWords,
    /// A validator or a mutator that cannot tell.
    FailsToJudge,
    FailsToChange,
    Panics,
    Keep,
    /// Writes its number behind the note.
    Append,
    /// Makes what may not be sent.
    Spoil,
    Refuse,
}

/// A step, but for the time that it takes.
#[derive(Clone, Copy, Debug)]
struct Shape {
    says: Says,
    is_later: bool,
    is_audit: bool,
    fails_open: bool,
    priority: i32,
}

/// What a step that takes its time waits for, once.
type Wait = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

fn any_shape() -> impl Strategy<Value = Shape> {
    let says = prop_oneof![
        6 => prop::sample::select(vec![Says::Pass, Says::Warn, Says::Keep]),
        6 => Just(Says::Append),
        2 => prop::sample::select(vec![Says::Deny, Says::DenyInItsWords, Says::FailsToJudge]),
        1 => prop::sample::select(vec![Says::FailsToChange, Says::Panics, Says::Spoil, Says::Refuse]),
    ];
    let is_later = prop_oneof![3 => Just(true), 1 => Just(false)];
    let rest = (prop::bool::weighted(0.2), prop::bool::weighted(0.3), -1..2);
    (says, is_later, rest).prop_map(|(says, is_later, (is_audit, fails_open, priority))| Shape {
        says,
        is_later,
        is_audit,
        fails_open,
        priority,
    })
}

/// Shapes of steps, and two orders in which they can be done.
fn any_steps() -> impl Strategy<Value = (Vec<Shape>, Vec<usize>, Vec<usize>)> {
    prop::collection::vec(any_shape(), 2..9).prop_flat_map(|shapes| {
        let order = || Just((0..shapes.len()).collect::<Vec<_>>()).prop_shuffle();
        (Just(shapes.clone()), order(), order())
    })
}

fn judged(says: Says) -> Result<Validation, Failure> {
    match says {
        Says::Warn => Ok(Validation::warn("look at this")),
        Says::Deny => Ok(Validation::deny("denied by policy")),
        Says::DenyInItsWords => {
            let error = eyot_jsonrpc::ErrorObject::new(1403, "not on Sundays");
            Ok(Validation::deny("closed").with_error(error))
        }
        Says::FailsToJudge => Err(Failure::new("no idea")),
        Says::Panics => panic!("it crashes"),
        _ => Ok(Validation::PASS),
    }
}

fn changed(says: Says, number: usize, view: &View<'_>) -> Result<Edit, Failure> {
    match says {
        Says::FailsToChange => Err(Failure::new("no idea")),
        Says::Spoil => Ok(Edit::Replace("[".to_owned())),
        Says::Refuse => {
            let error = eyot_jsonrpc::ErrorObject::new(1404, format!("refused by {number}"));
            Ok(Edit::Refuse(Box::new(error)))
        }
        Says::Append => {
            let pointer = match view.phase() {
                Phase::Request => "/arguments/note",
                Phase::Response => "/content/0/text",
            };
            let Some(old) = view.at(pointer)? else { return Ok(Edit::Keep) };
            let old: String = serde_json::from_str(old).unwrap();
            view.set(pointer, &eyot_jsonrpc::Json::of(&format!("{old}{number}")).unwrap())
        }
        _ => Ok(Edit::Keep),
    }
}

/// A step of this shape, which waits first if it takes its time.
fn step(number: usize, shape: Shape, wait: Wait) -> Interceptor {
    let Shape { says, is_later, is_audit, fails_open, priority } = shape;
    let name = format!("step-{number}");
    let is_validator = matches!(
        says,
        Says::Pass
            | Says::Warn
            | Says::Deny
            | Says::DenyInItsWords
            | Says::FailsToJudge
            | Says::Panics
    );
    let step = match (is_validator, is_later) {
        (true, false) => Interceptor::validator(name, move |_: &View<'_>| judged(says)),
        (true, true) => Interceptor::async_validator(name, move |_: Seen| {
            let waiting = wait();
            async move {
                waiting.await;
                judged(says)
            }
            .boxed()
        }),
        (false, false) => {
            Interceptor::mutator(name, move |view: &View<'_>| changed(says, number, view))
        }
        (false, true) => Interceptor::async_mutator(name, move |seen: Seen| {
            let waiting = wait();
            async move {
                waiting.await;
                changed(says, number, &seen.view())
            }
            .boxed()
        }),
    };
    let mode = if is_audit { Mode::Audit } else { Mode::Active };
    let used = Overrides { mode: Some(mode), fail_open: Some(fails_open), ..Overrides::default() };
    step.on_both(["tools/call"]).priority(priority).overridden(used).unwrap()
}

/// A plan of these shapes; each step is done at its place of the order.
fn plan(shapes: &[Shape], wait: impl Fn(usize) -> Wait) -> Plan {
    let steps = shapes.iter().enumerate().map(|(number, shape)| step(number, *shape, wait(number)));
    Plan::compile(steps, PlanOptions::default()).unwrap()
}

/// All that a plan says of a call and its answer, alone and as a layer at both boundaries.
async fn everything_said(plan: impl Fn() -> Plan) -> Vec<String> {
    let mut said = Vec::new();
    let origin = Origin::of_client(Peer::ourselves(Era::Modern));
    for (phase, payload) in [(Phase::Request, echo("n")), (Phase::Response, text("t"))] {
        let payload = payload.to_string();
        let outcome = plan().apply("tools/call", phase, &payload, &origin).await.unwrap();
        said.push(serde_json::to_string(&outcome).unwrap());
    }
    for boundary in [Boundary::Upstream, Boundary::Downstream] {
        let stand = Stand::with_plan(boundary, plan(), &[answer(&text("t"))]);
        let (answer, _) = stand.ask("tools/call", echo("n")).await;
        said.push(String::from_utf8(answer.to_bytes().to_vec()).unwrap());
        let came = stand.came.lock().iter().map(|it| it.to_bytes().to_vec()).collect::<Vec<_>>();
        said.extend(came.into_iter().map(|it| String::from_utf8(it).unwrap()));
    }
    said
}

/// In virtual time, each step is done at its place of an order; nothing waits without one.
fn said_in_order(shapes: &[Shape], order: Option<&[usize]>) -> Vec<String> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let place = |number| order.map(|it| it.iter().position(|it| *it == number).unwrap());
    let wait = |number| -> Wait {
        let time = place(number).map(|it| Duration::from_millis(1 + it as u64));
        Box::new(move || match time {
            Some(time) => tokio::time::sleep(time).boxed(),
            None => std::future::ready(()).boxed(),
        })
    };
    runtime.block_on(everything_said(|| plan(shapes, wait)))
}

/// Each step is done when a thread of its own says so: nothing but the threads decides the order.
async fn said_among_threads(shapes: &[Shape]) -> Vec<String> {
    let wait = |_| -> Wait {
        Box::new(|| {
            let (done, waiting) = oneshot::channel();
            std::thread::spawn(move || done.send(()));
            waiting.map(|it| it.unwrap()).boxed()
        })
    };
    everything_said(|| plan(shapes, wait)).await
}

proptest! {
    #[test]
    fn no_order_in_which_steps_are_done_changes_a_decision_a_finding_or_a_byte(
        (shapes, one, other) in any_steps(),
    ) {
        let expected = said_in_order(&shapes, None);
        prop_assert_eq!(&said_in_order(&shapes, Some(&one)), &expected);
        prop_assert_eq!(&said_in_order(&shapes, Some(&other)), &expected);
    }
}

#[test]
fn all_orders_of_five_validators_find_the_same_in_one_order() {
    let says = [Says::Warn, Says::Deny, Says::FailsToJudge, Says::DenyInItsWords, Says::Deny];
    let shapes = says.map(|says| Shape {
        says,
        is_later: true,
        is_audit: false,
        fails_open: false,
        priority: 0,
    });
    let expected = said_in_order(&shapes, None);
    assert_eq!(expected.join("\n").matches("denied by policy").count(), 12, "{expected:?}");
    let mut orders = vec![Vec::new()];
    for number in 0..says.len() {
        let longer = |order: &Vec<usize>| {
            let with = |place| {
                let mut order = order.clone();
                order.insert(place, number);
                order
            };
            (0..=order.len()).map(with).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    assert_eq!(orders.len(), 120);
    for order in orders {
        assert_eq!(said_in_order(&shapes, Some(&order)), expected, "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_race_change_nothing() {
    let all = [
        [Says::Deny, Says::Append, Says::Warn, Says::DenyInItsWords, Says::Append, Says::Deny],
        [Says::Append, Says::Pass, Says::Append, Says::Warn, Says::Append, Says::Pass],
        [Says::Append, Says::FailsToJudge, Says::Warn, Says::Spoil, Says::Append, Says::Deny],
    ];
    for says in all {
        let shapes = says.map(|says| Shape {
            says,
            is_later: true,
            is_audit: false,
            fails_open: false,
            priority: 0,
        });
        let at_once = |_| -> Wait { Box::new(|| std::future::ready(()).boxed()) };
        let expected = everything_said(|| plan(&shapes, at_once)).await;
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..50 {
            running.spawn(async move { said_among_threads(&shapes).await });
        }
        while let Some(said) = running.join_next().await {
            assert_eq!(said.unwrap(), expected);
        }
    }
}
