//! Three readings of one policy agree: the reference evaluator, the module without passes, and
//! the module with all of them.
//!
//! `EDGE_CASES=100000 cargo test --release --test differential` runs more than the default.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use edge_abi::{
    input::{Event, flags, result::Status},
    manifest::Fact as RawFact,
};
use edge_compiler::{
    Optimise,
    eval::{self, End, Facts, Outcome, Phase, RawValue},
    hir::{Hir, Lane},
    lower,
    source::SourceMap,
};
use proptest::{prelude::*, test_runner::Config};
use support::{
    drive::{Module, Said},
    generate::{self, Source, scan::Sent},
};

fn cases() -> u32 {
    std::env::var("EDGE_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2_000)
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, max_shrink_iters: 300, ..Config::default() })]

    #[test]
    fn three_readings_agree(
        policy in proptest::collection::vec(any::<u8>(), 0..600),
        requests in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..4),
    ) {
        let hir = generate::policy(&mut Source::new(&policy));
        let mut modules = [Optimise::No, Optimise::Yes].map(|optimise| {
            let lowered = lower(&hir, &SourceMap::default(), optimise);
            Module::load(&lowered.unwrap_or_else(|error| panic!("{error}\n{hir}")).wasm)
        });
        for request in &requests {
            let mut source = Source::new(request);
            let mut facts = generate::facts(&mut source);
            let body = generate::body(&mut source);
            let sent = generate::sent(&mut source, &mut facts);
            for module in &mut modules {
                exchange(&hir, module, &facts, &body, &sent);
                scan(&hir, module, &facts, &sent);
            }
        }
    }
}

/// One request through all its phases, held against the evaluator at each.
fn exchange(hir: &Hir, module: &mut Module, facts: &Facts, body: &[u8], sent: &Sent) {
    let mut said = module.start(facts);
    same(&said, eval::evaluate(hir, facts, Phase::Request));
    let mut facts = facts.clone();
    loop {
        match said.outcome.end {
            End::WaitForBody => {
                for (status, code) in [(Status::TooLarge, 413), (Status::Timeout, 400)] {
                    same(
                        &module.without_body(&said, status, &facts),
                        eval::without_body(hir, &facts, code),
                    );
                }
                facts
                    .raw
                    .insert(RawFact::Body, RawValue::Bytes(body.to_vec()));
                said = module.with_body(&said, &facts);
            }
            End::Ask(..) => said = answer(hir, module, &said, &mut facts),
            _ => break,
        }
        same(&said, eval::evaluate(hir, &facts, Phase::Request));
    }
    let rule = match &said.outcome.end {
        End::Respond { rule, .. } => *rule,
        End::Proxy(proxy) => proxy.rule,
        _ => return,
    };
    let route = owner(hir, rule, &said);
    admission(hir, module, &said, &facts);
    if said.wanted & Event::ResponseHead.bit() != 0 {
        let mut after = module.go_on(Event::ResponseHead, &said, &facts);
        let (mut expected, mut left) = eval::response(hir, &facts, route, 0);
        same(&after, expected.clone());
        let passes = matches!(expected.end, End::Pass { .. });
        let verdict =
            |texts: &[Vec<u8>], over| eval::response_scan(hir, &facts, (route, 0), texts, over).0;
        let lane = (Lane::Response, expected.scan.is_some() && passes);
        scanned(module, lane, &after, &facts, sent, &verdict);
        // An answer that replaces another is shown to the handlers that are left.
        while let Some(from) = left {
            assert_eq!(after.wanted, Event::ResponseHead.bit());
            after = module.go_on(Event::ResponseHead, &after, &facts);
            (expected, left) = eval::response(hir, &facts, route, from);
            same(&after, expected);
        }
        assert_eq!(after.wanted, 0);
    } else {
        assert!(hir.on_response.is_empty());
    }
    if hir.on_error.is_some() {
        assert_ne!(said.wanted & Event::Failed.bit(), 0);
        let failed = module.go_on(Event::Failed, &said, &facts);
        same(&failed, eval::evaluate(hir, &facts, Phase::Failed));
    }
}

/// What the cache of a `proxy` makes of its answer: asked where it could say anything.
fn admission(hir: &Hir, module: &mut Module, said: &Said, facts: &Facts) {
    let End::Proxy(proxy) = &said.outcome.end else {
        return;
    };
    let cache = proxy
        .cache
        .map(|cache| (cache, &hir.caches[cache as usize]));
    let asked = cache.filter(|(_, cache)| cache.admits());
    let is_wanted = said.wanted & Event::Admit.bit() != 0;
    assert_eq!(is_wanted, asked.is_some());
    if let Some((cache, _)) = asked {
        let admitted = module.go_on(Event::Admit, said, facts);
        assert_eq!(admitted.wanted, 0);
        same(&admitted, eval::admit(hir, facts, cache));
    }
}

/// A request's body on its way.
fn scan(hir: &Hir, module: &mut Module, facts: &Facts, sent: &Sent) {
    let mut facts = facts.clone();
    let mut said = module.start(&facts);
    let mut asks_to_see = said.clone();
    let mut asked = eval::evaluate(hir, &facts, Phase::Request).scan.is_some();
    while let End::Ask(..) = said.outcome.end {
        said = answer(hir, module, &said, &mut facts);
        asked |= eval::evaluate(hir, &facts, Phase::Request).scan.is_some();
        if said.scan.is_some() {
            asks_to_see = said.clone();
        }
    }
    let lane = Lane::Request;
    let verdict = |texts: &[Vec<u8>], over| eval::scan(hir, &facts, lane, texts, over);
    scanned(module, (lane, asked), &asks_to_see, &facts, sent, &verdict);
}

/// Answers what was asked of what the host remembers, each as the evaluator asks for it.
fn answer(hir: &Hir, module: &mut Module, said: &Said, facts: &mut Facts) -> Said {
    let mut results: Vec<Status> = Vec::new();
    for (n, (ask, is_chained, state)) in said.asks.iter().enumerate() {
        if *is_chained && results.last() != Some(&Status::Ok) {
            results.push(Status::Skipped);
            continue;
        }
        if n > 0 {
            let expected = Outcome {
                end: End::Ask(*ask, state.clone()),
                ..Outcome::default()
            };
            assert_eq!(eval::evaluate(hir, facts, Phase::Request), expected);
        }
        let (status, value) = generate::state::answer(state);
        results.push(status);
        facts.answered.insert(*ask);
        let fact = RawFact::Answer { ask: *ask };
        facts.raw.extend(value.map(|value| (fact, value)));
    }
    module.answered(said, &results, facts)
}

/// A body on its way: in one piece as the evaluator says, and cut anywhere with the same end.
fn scanned(
    module: &mut Module,
    (lane, asked): (Lane, bool),
    said: &Said,
    facts: &Facts,
    sent: &Sent,
    verdict: &dyn Fn(&[Vec<u8>], bool) -> Outcome,
) {
    let expected = verdict(&sent.texts, false);
    if said.scan.is_none() {
        // It is asked for wherever it could say anything.
        assert!(!asked || expected.end == End::GoOn);
        return;
    }
    let (event, fact) = match lane {
        Lane::Request => (Event::RequestChunk, RawFact::RequestChunk),
        Lane::Response => (Event::ResponseChunk, RawFact::ResponseChunk),
    };
    let with = |piece: &[u8]| {
        let mut facts = facts.clone();
        facts
            .raw
            .insert(fact.clone(), RawValue::Bytes(piece.to_vec()));
        facts
    };
    let whole = module.piece(event, said, &with(&sent.body), flags::LAST);
    same(&whole, expected.clone());
    let over = module.piece(event, said, facts, flags::OVER);
    same(&over, verdict(&[], true));
    let mut before = said.clone();
    for (piece, is_last) in sent.pieces() {
        let last = if is_last { flags::LAST } else { 0 };
        before = module.piece(event, &before, &with(piece), last);
        if before.outcome.end != End::GoOn {
            break;
        }
    }
    let goes_on = expected.end == End::GoOn;
    assert_eq!(before.outcome.end == End::GoOn, goes_on);
}

/// The route in which a rule stands: rules are numbered in the order in which they are made.
fn owner(hir: &Hir, rule: u32, said: &Said) -> Option<usize> {
    let default = hir
        .rules
        .iter()
        .position(|r| r.kind == edge_abi::manifest::RuleKind::Default)?;
    if rule as usize >= default
        || matches!(
            &said.outcome.end,
            End::Respond {
                status: 400 | 413,
                ..
            }
        )
    {
        return None;
    }
    hir.routes.iter().rposition(|route| route.rule.0 <= rule)
}

fn same(said: &Said, mut expected: Outcome) {
    let mut outcome = said.outcome.clone();
    // What no rule could answer need not be asked: `scan` looks at that.
    expected.scan = expected.scan.filter(|_| outcome.scan.is_some());
    for one in [&mut outcome, &mut expected] {
        // The same note twice counts once.
        one.exposures.sort_unstable();
        one.exposures.dedup();
    }
    assert_eq!(outcome, expected);
}
