//! The engine that walks texts, single automata, scans, searches for literals and all, against the `regex`
//! crate and plain loops: the same patterns in a header and in a body that is cut anywhere.
//!
//! A case is a set of patterns and a text. `EDGE_CASES=1000000 EDGE_TEXTS=1000 cargo test --release --test engine`
//! runs more than the default, with that many texts for a set; `EDGE_SEED` makes other ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs
)]

#[path = "support/drive.rs"]
mod drive;
#[path = "support/engine.rs"]
mod engine;
#[path = "support/record.rs"]
mod record;

use drive::Module;
use edge_abi::{
    input::{Event, flags},
    manifest::{Fact as RawFact, ProxyOptions, RuleKind},
    output::hits::Kind,
};
use edge_compiler::{
    LowerError, Optimise,
    eval::{End, Facts, RawValue},
    hir::{
        Base, Elements, Expr, Fact, Hir, Hits, Lane, Matcher, Over, OverLimit, Respond, Rule,
        RuleId, Scan, Set, Stmt, StmtKind, Type,
    },
    lower,
    source::{SourceMap, Span},
};
use engine::{MIXES, Oracle, Pattern, Random};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::Cell, collections::BTreeSet};

/// Texts for one module: making one takes longer than all of them.
fn texts() -> u32 {
    u32::try_from(number("EDGE_TEXTS", 200)).unwrap()
}

fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.and_then(|n| n.parse().ok()).unwrap_or(default)
}

#[test]
fn the_engine_agrees_with_regex() {
    let config = Config {
        cases: u32::try_from(number("EDGE_CASES", 10_000)).unwrap() / texts(),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let seed = number("EDGE_SEED", 1).to_le_bytes().repeat(4);
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, random);
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let sizes = prop_oneof![1usize..5, 5usize..24, 24usize..60];
    let sets = sizes.prop_flat_map(move |size| prop::collection::vec(bytes.clone(), 1..=size));
    let (checked, refused) = (Cell::new(0u32), Cell::new(0u32));
    let result = runner.run(
        &(0..MIXES.len(), sets, any::<u64>()),
        |(mix, set, seed)| match agrees(mix, &set, seed) {
            Ok(texts) => {
                checked.set(checked.get() + texts);
                refused.set(refused.get() + u32::from(texts == 0));
                Ok(())
            }
            Err(difference) => Err(TestCaseError::fail(difference)),
        },
    );
    println!("{} cases; {} sets refused", checked.get(), refused.get());
    result.unwrap_or_else(|failure| panic!("{failure}"));
    // What the compiler refuses says nothing.
    assert!(refused.get() <= 1 + checked.get() / texts() / 20);
}

/// How many texts were looked at: none if the compiler refuses the patterns.
fn agrees(mix: usize, set: &[Vec<u8>], seed: u64) -> Result<u32, String> {
    let numbered = set.iter().enumerate();
    let patterns: Vec<Pattern> = numbered
        .map(|(number, bytes)| engine::pattern(bytes, MIXES[mix], number < 2))
        .collect();
    let oracles: Option<Vec<Oracle>> = patterns.iter().map(Oracle::new).collect();
    let oracles = oracles.expect("a regex");
    let hir = policy(&patterns);
    let module = match lower(&hir, &SourceMap::default(), Optimise::Yes) {
        Ok(lowered) => Module::load(&lowered.wasm),
        Err(LowerError::Emit(_) | LowerError::Bounds(_)) => return Ok(0),
        Err(error) => return Err(error.to_string()),
    };
    let mut engine = Engine {
        module,
        patterns: u32::try_from(patterns.len()).unwrap(),
    };
    let mut random = Random(seed);
    for _ in 0..texts() {
        let text = engine::text(&patterns, &mut random);
        let cuts = cuts(text.len(), &mut random);
        if let Some(found) = engine.difference(&oracles, &text, &cuts) {
            let (text, cuts) = engine.smaller(&oracles, text, cuts);
            let last = engine.difference(&oracles, &text, &cuts).unwrap_or(found);
            let matcher = &patterns[last.pattern as usize].matcher();
            let all: Vec<Matcher> = patterns.iter().map(Pattern::matcher).collect();
            return Err(format!(
                "{matcher:?} in the {}: should be {}\ntext {:?} cut at {cuts:?}\nall {all:?}",
                last.place,
                last.should,
                String::from_utf8_lossy(&text),
            ));
        }
    }
    Ok(texts())
}

/// Ends of pieces but the last, ascending.
fn cuts(length: usize, random: &mut Random) -> Vec<usize> {
    if length < 64 && random.below(4) == 0 {
        return (0..length).collect();
    }
    let mut cuts: Vec<usize> = (0..random.below(6))
        .map(|_| random.below(length + 1))
        .collect();
    cuts.sort_unstable();
    cuts
}

struct Engine {
    module: Module,
    patterns: u32,
}

struct Difference {
    pattern: u32,
    place: &'static str,
    should: bool,
}

impl Engine {
    /// The first pattern of which the module says something else.
    fn difference(
        &mut self,
        oracles: &[Oracle],
        text: &[u8],
        cuts: &[usize],
    ) -> Option<Difference> {
        let expected: Vec<bool> = oracles.iter().map(|oracle| oracle.holds(text)).collect();
        let [head, body] = self.found(text, cuts);
        [("header", head, 0), ("body", body, self.patterns)]
            .into_iter()
            .find_map(|(place, found, first)| {
                (0..).zip(&expected).find_map(|(pattern, &should)| {
                    (found.contains(&(first + pattern)) != should).then_some(Difference {
                        pattern,
                        place,
                        should,
                    })
                })
            })
    }

    /// The rules that a request reports whose header and whose body are a text.
    fn found(&mut self, text: &[u8], cuts: &[usize]) -> [BTreeSet<u32>; 2] {
        let mut facts = Facts::default();
        let value = RawValue::Bytes(text.to_vec());
        facts.raw.insert(header(), value);
        let target = RawValue::Bytes(b"/".to_vec());
        facts.raw.insert(RawFact::RequestTarget, target);
        let mut said = self.module.start(&facts);
        let hits = |said: &drive::Said| -> Vec<u32> {
            said.outcome.hits.iter().map(|(_, rule)| *rule).collect()
        };
        let mut found = [BTreeSet::from_iter(hits(&said)), BTreeSet::new()];
        let mut start = 0;
        let ends = cuts.iter().map(|cut| (*cut, 0));
        for (end, flags) in ends.chain([(text.len(), flags::LAST)]) {
            let piece = RawValue::Bytes(text[start..end].to_vec());
            facts.raw.insert(RawFact::RequestChunk, piece);
            said = self.module.piece(Event::RequestChunk, &said, &facts, flags);
            assert_eq!(said.outcome.end, End::GoOn);
            found[1].extend(hits(&said));
            start = end;
        }
        found
    }

    /// A shorter text of which the module says something wrong too.
    fn smaller(
        &mut self,
        oracles: &[Oracle],
        mut text: Vec<u8>,
        mut cuts: Vec<usize>,
    ) -> (Vec<u8>, Vec<usize>) {
        let mut size = text.len();
        while size > 0 {
            let mut at = 0;
            while at < text.len() {
                let end = (at + size).min(text.len());
                let shorter = [&text[..at], &text[end..]].concat();
                let moved = |cut: &usize| {
                    if *cut < end {
                        (*cut).min(at)
                    } else {
                        cut - (end - at)
                    }
                };
                let fewer: Vec<usize> = cuts.iter().map(moved).collect();
                if self.difference(oracles, &shorter, &fewer).is_some() {
                    (text, cuts) = (shorter, fewer);
                } else {
                    at = end;
                }
            }
            size /= 2;
        }
        for number in (0..cuts.len()).rev() {
            let mut fewer = cuts.clone();
            fewer.remove(number);
            if self.difference(oracles, &text, &fewer).is_some() {
                cuts = fewer;
            }
        }
        (text, cuts)
    }
}

fn header() -> RawFact {
    let name = "x-text".to_owned();
    RawFact::Header { name }
}

/// Reports every pattern that the header holds, and every one that the body holds.
fn policy(patterns: &[Pattern]) -> Hir {
    let mut hir = Hir {
        name: "engine".to_owned(),
        proxies: vec![ProxyOptions::default()],
        ..Hir::default()
    };
    let head = Expr::Fact(Fact::Raw(header()), Type::optional(Base::String));
    let body = Expr::Fact(Fact::Stream(Lane::Request), Type::of(Base::String));
    let mut groups = Vec::new();
    for (text, streams) in [(head, false), (body, true)] {
        let rules = patterns.iter().map(|pattern| {
            let matcher = match pattern {
                Pattern::Literals(engine::Kind::In, any) if !streams => {
                    hir.sets.push(Set {
                        name: String::new(),
                        elements: Elements::Bytes(any.clone()),
                    });
                    Matcher::In(u32::try_from(hir.sets.len() - 1).unwrap())
                }
                pattern => pattern.matcher(),
            };
            let condition = Expr::Test(Box::new(text.clone()), matcher);
            (rule(&mut hir.rules, RuleKind::Shadow), condition)
        });
        groups.push(StmtKind::Hits(Hits {
            kind: Kind::Shadow,
            rules: rules.collect(),
            then: Vec::new(),
        }));
    }
    let scan = StmtKind::Scan(Scan {
        lane: Lane::Request,
        limit: 1 << 20,
        over_limit: OverLimit::Pass,
        over: Over::GoesOn,
        rule: rule(&mut hir.rules, RuleKind::OnRequest),
    });
    let [head, body] = <[StmtKind; 2]>::try_from(groups).unwrap();
    hir.on_request = [head, scan, body].map(plain).into();
    let default = rule(&mut hir.rules, RuleKind::Default);
    let answer = StmtKind::Respond(Respond {
        rule: default,
        status: 200,
        content_type: None,
        body: None,
    });
    hir.default = vec![plain(answer)];
    hir
}

fn rule(rules: &mut Vec<Rule>, kind: RuleKind) -> RuleId {
    let id = RuleId(u32::try_from(rules.len()).unwrap());
    rules.push(Rule {
        name: format!("rule.{}", id.0),
        kind,
        span: Span::default(),
        severity: None,
        tags: Vec::new(),
    });
    id
}

fn plain(kind: StmtKind) -> Stmt {
    Stmt {
        span: Span::default(),
        kind,
    }
}
