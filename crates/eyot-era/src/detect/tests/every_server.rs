//! Every server that there may be, of whatever it may answer in whatever order.

use eyot_types::Era;
use proptest::prelude::*;

use super::{
    Action, Carrier, Detector, EraAnswer, EraMode, Goal, LEGACY, MODERN, detector, offered,
    unsupported, with_status,
};

/// What a server may do with a question.
#[derive(Clone, Debug)]
enum Reaction {
    Answer(EraAnswer),
    Fault { is_refusal: bool },
    Silence,
}

fn codes() -> impl Strategy<Value = i64> {
    prop::sample::select(vec![-32601, -32602, -32600, -32000, -32020, -32021, -32022, -32603, 1])
}

fn versions() -> impl Strategy<Value = Vec<&'static str>> {
    let known = ["2026-07-28", "2025-11-25", "2024-11-05", "2031-01-01", "nonsense"];
    prop::collection::vec(prop::sample::select(known.to_vec()), 0..4)
}

fn status() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![200, 400, 401, 403, 404, 405, 408, 429, 500, 503])
}

fn reaction() -> impl Strategy<Value = Reaction> {
    prop_oneof![
        Just(EraAnswer::Accepted(MODERN)).prop_map(Reaction::Answer),
        Just(EraAnswer::Accepted(LEGACY)).prop_map(Reaction::Answer),
        (codes(), status()).prop_map(|(code, it)| Reaction::Answer(with_status(code, it))),
        versions().prop_map(|it| Reaction::Answer(unsupported(&it))),
        versions().prop_map(|it| Reaction::Answer(offered(&it))),
        Just(Reaction::Answer(EraAnswer::Misunderstood)),
        any::<bool>().prop_map(|is_refusal| Reaction::Fault { is_refusal }),
        Just(Reaction::Silence),
    ]
}

fn modes() -> impl Strategy<Value = EraMode> {
    prop::sample::select(vec![EraMode::Auto, EraMode::Legacy, EraMode::Modern])
}

fn carriers() -> impl Strategy<Value = Carrier> {
    prop::sample::select(vec![Carrier::Pipe, Carrier::Http])
}

fn goals() -> impl Strategy<Value = Goal> {
    let known = prop::sample::select(vec![None, Some(Era::Legacy), Some(Era::Modern)]);
    let handshake = (known, any::<bool>());
    let handshake =
        handshake.prop_map(|(known, can_reconnect)| Goal::Handshake { known, can_reconnect });
    prop_oneof![Just(Goal::Era), handshake]
}

fn handle(detector: &mut Detector, reaction: Reaction) {
    match reaction {
        Reaction::Answer(answer) => detector.handle_answer(answer),
        Reaction::Fault { is_refusal } => detector.handle_fault("gone".to_owned(), is_refusal),
        Reaction::Silence => detector.handle_silence(),
    }
}

fn is_over(action: &Action) -> bool {
    matches!(action, Action::Settled(..) | Action::GaveUp(_))
}

/// Everything that was done, the last with no question in it.
fn run(detector: &mut Detector, reactions: Vec<Reaction>) -> Vec<Action> {
    let mut actions = vec![detector.poll_action()];
    for reaction in reactions {
        if actions.last().is_some_and(is_over) {
            break;
        }
        handle(detector, reaction);
        actions.push(detector.poll_action());
    }
    actions
}

fn reactions() -> impl Strategy<Value = Vec<Reaction>> {
    prop::collection::vec(reaction(), QUESTIONS_MAX)
}

proptest! {
    #[test]
    fn it_settles_or_gives_up_after_a_bounded_number_of_questions(
        mode in modes(), goal in goals(), carrier in carriers(), reactions in reactions(),
    ) {
        let actions = run(&mut detector(mode, goal, carrier), reactions);
        prop_assert!(actions.last().is_some_and(is_over), "{:?}", actions);
        prop_assert!(actions.len() <= QUESTIONS_MAX + 1, "{:?}", actions);
    }

    #[test]
    fn a_pinned_server_is_asked_nothing_of_the_other_era_and_never_taken_for_it(
        goal in goals(), carrier in carriers(), reactions in reactions(), is_legacy in any::<bool>(),
    ) {
        let mode = if is_legacy { EraMode::Legacy } else { EraMode::Modern };
        let actions = run(&mut detector(mode, goal, carrier), reactions);
        if goal == Goal::Era {
            prop_assert!(is_over(&actions[0]), "an era alone is asked for nothing");
        }
        for action in &actions {
            let is_other = match action {
                Action::Discover(_) | Action::Retry(_) => is_legacy,
                Action::Initialize(_) => !is_legacy,
                Action::Settled(era, _) => (*era == Era::Legacy) != is_legacy,
                Action::GaveUp(_) => false,
            };
            prop_assert!(!is_other, "{:?}", actions);
        }
    }

    #[test]
    fn silence_and_outages_over_http_settle_nothing(
        mode in modes(), goal in goals(), code in prop::sample::select(vec![-32603, -32000, -32601]),
        status in prop::sample::select(vec![401, 403, 408, 429, 500, 502, 503, 504]),
        which in 0..3_u8,
    ) {
        let mut detector = detector(mode, goal, Carrier::Http);
        prop_assume!(matches!(detector.poll_action(), Action::Discover(_)));
        match which {
            0 => detector.handle_silence(),
            1 => detector.handle_fault("connection was closed".to_owned(), false),
            _ => detector.handle_answer(with_status(code, status)),
        }
        prop_assert!(matches!(detector.poll_action(), Action::GaveUp(_)));
        prop_assert_eq!(detector.poll_step().and_then(|it| it.taken_for), None);
    }

    #[test]
    fn a_legacy_server_is_settled_by_its_own_handshake_and_nothing_else(
        mode in modes(), carrier in carriers(), reactions in reactions(),
        known in prop::sample::select(vec![None, Some(Era::Legacy), Some(Era::Modern)]),
    ) {
        let goal = Goal::Handshake { known, can_reconnect: true };
        let mut detector = detector(mode, goal, carrier);
        for reaction in reactions {
            let asked = detector.poll_action();
            if is_over(&asked) {
                break;
            }
            let is_agreement =
                matches!(&reaction, Reaction::Answer(EraAnswer::Accepted(it)) if *it == LEGACY);
            handle(&mut detector, reaction);
            if let Action::Settled(Era::Legacy, revision) = detector.poll_action() {
                prop_assert!(matches!(asked, Action::Initialize(_)) && is_agreement);
                prop_assert_eq!(revision, Some(LEGACY));
            }
        }
    }

    #[test]
    fn every_question_but_one_that_is_repeated_is_told_to_a_listener(
        goal in goals(), carrier in carriers(), reactions in reactions(),
    ) {
        let mut detector = detector(EraMode::Auto, goal, carrier);
        for reaction in reactions {
            let asked = detector.poll_action();
            if is_over(&asked) {
                prop_assert_eq!(detector.poll_step(), None);
                break;
            }
            handle(&mut detector, reaction);
            let method = if matches!(asked, Action::Initialize(_)) { "initialize" } else { "server/discover" };
            let told = detector.poll_step().map(|it| it.asked);
            let is_repeated = matches!(detector.poll_action(), Action::Retry(_));
            prop_assert_eq!(told, (!is_repeated).then_some(method));
        }
    }
}

/// Initialize, discover twice, initialize, discover twice with more patience.
const QUESTIONS_MAX: usize = 6;
