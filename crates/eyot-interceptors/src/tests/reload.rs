//! A plan that is replaced while very many calls run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use futures_util::stream;

use super::*;
use crate::Seen;

const CALLS: usize = 10_000;

/// A number below `bound` that looks random, and is another one for each call and purpose.
fn dice(call: usize, purpose: u64, bound: u64) -> u64 {
    let mixed = (call as u64 ^ (purpose << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)) % bound
}

/// How long something of a call takes, in virtual time.
async fn takes(call: usize, purpose: u64) {
    tokio::time::sleep(Duration::from_millis(dice(call, purpose, 20))).await;
}

/// The number of the call that a payload is of, which stands behind the marks of its plans.
fn number_in(text: &str) -> usize {
    let is_digit = |it: &char| it.is_ascii_digit();
    text.chars().filter(is_digit).collect::<String>().parse().unwrap()
}

/// Puts the mark of a plan before a text of a payload, at once and later; and holds that none of another
/// plan is there.
fn marking(mark: char) -> Plan {
    let mark_at = move |view: &View<'_>| {
        let pointer = match (view.event(), view.phase()) {
            ("tools/call", Phase::Request) => "/arguments/note",
            ("tools/call", Phase::Response) => "/content/0/text",
            _ => "/message",
        };
        let old: String = serde_json::from_str(view.at(pointer)?.unwrap()).unwrap();
        view.set(pointer, &eyot_jsonrpc::Json::of(&format!("{mark}{old}")).unwrap())
    };
    let hook =
        |step: Interceptor| step.on_both(["tools/call"]).on(Phase::Request, ["elicitation/create"]);
    let at_once = hook(Interceptor::mutator("at-once", mark_at));
    let later = Interceptor::async_mutator("later", move |seen: Seen| {
        async move {
            takes(number_in(seen.view().payload()), 1).await;
            mark_at(&seen.view())
        }
        .boxed()
    });
    let judge = Interceptor::async_validator("judge", move |seen: Seen| {
        async move {
            takes(number_in(seen.view().payload()), 2).await;
            let other = if mark == 'A' { 'B' } else { 'A' };
            Ok(match seen.view().payload().contains(other) {
                true => Validation::deny("another plan has seen this message"),
                false => Validation::PASS,
            })
        }
        .boxed()
    });
    Plan::compile([at_once, hook(later), hook(judge)], PlanOptions::default()).unwrap()
}

/// Waits, and says what the call says; every other answer comes behind a question.
fn server(running: &Arc<AtomicUsize>) -> BoxService {
    let running = Arc::clone(running);
    BoxService::from_fn(move |call| {
        let running = Arc::clone(&running);
        async move {
            let Input::Request(request) = call.input else { return Ok(Reply::None) };
            let params: Value = request.decode_params().unwrap();
            let note = params["arguments"]["note"].as_str().unwrap().to_owned();
            let number = number_in(&note);
            running.fetch_add(1, Ordering::Relaxed);
            // By then the steps of the last request are done.
            tokio::time::sleep(Duration::from_millis(100)).await;
            takes(number, 3).await;
            running.fetch_sub(1, Ordering::Relaxed);
            let answer = request.answer(&text(&note));
            if number.is_multiple_of(2) {
                return Ok(Reply::One(answer));
            }
            let params = json!({ "message": number.to_string() });
            let question =
                json!({ "jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": params });
            let question = stream::once(async move { Ok(ReplyItem::from(message(&question))) });
            let answer = stream::once(async move {
                takes(number, 4).await;
                Ok(ReplyItem::from(answer.into_message()))
            });
            Ok(Reply::Stream(Messages::new(futures_util::StreamExt::chain(question, answer))))
        }
        .boxed()
    })
}

/// The marks of all plans that a call has met: those of its request and its answer, and of its question.
async fn marks_of(service: BoxService, number: usize) -> (String, Option<String>) {
    takes(number, 5).await;
    let params = json!({ "name": "echo", "arguments": { "note": number.to_string() } });
    let request = Request::new(Id::from_number(7), "tools/call", &params);
    let call = Call::new(Input::Request(request), Peer::ourselves(Era::Modern));
    let reply = service.clone().call(call).await.unwrap();
    let mut question = None;
    let answer = reply.answer(|it| question = Some(it)).await.unwrap();
    let answer: Value = answer.decode_result().unwrap();
    let answer = answer["content"][0]["text"].as_str().unwrap().to_owned();
    let marks = |text: &str| {
        assert_eq!(number_in(text), number);
        text.trim_end_matches(|it: char| it.is_ascii_digit()).to_owned()
    };
    let question = question.map(|it| {
        let params: Value = it.decode_params().unwrap();
        marks(params["message"].as_str().unwrap())
    });
    (marks(&answer), question)
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_replaced_under_ten_thousand_calls_changes_none_half_way() {
    for boundary in [Boundary::Upstream, Boundary::Downstream] {
        let running = Arc::<AtomicUsize>::default();
        let interceptors = Interceptors::new(marking('A'));
        let service = InterceptorLayer::new(&interceptors, boundary).layer(server(&running));
        let calls = join_all((0..CALLS).map(|number| marks_of(service.clone(), number)));
        // They are one task: its budget would have them all polled for each few that go on.
        let calls = tokio::task::unconstrained(calls);
        let mut swapped_under_all = 0;
        let replacing = async {
            for mark in ['B', 'A'].into_iter().cycle() {
                tokio::time::sleep(Duration::from_millis(1)).await;
                interceptors.replace(marking(mark));
                swapped_under_all += usize::from(running.load(Ordering::Relaxed) == CALLS);
            }
        };
        let marks = tokio::select! {
            marks = calls => marks,
            () = replacing => unreachable!("it has no end"),
        };
        assert!(swapped_under_all > 0, "all of them run at one time");
        let of = |plan: &str| {
            let questions = [None, Some(plan[..2].to_owned())];
            let is_whole =
                |it: &&(String, Option<String>)| it.0 == plan && questions.contains(&it.1);
            marks.iter().filter(is_whole).count()
        };
        let (a, b) = (of("AAAA"), of("BBBB"));
        assert_eq!(a + b, CALLS, "{boundary:?}: {a} and {b}");
        assert!(a > CALLS / 20 && b > CALLS / 20, "{boundary:?}: {a} and {b}");
    }
}
