//! The conformance vectors, run against the compiled policies through the bundled host's engine
//! and, where a call is a valid one, against the reference evaluator.
//!
//! `EDGE_BLESS=1 cargo test --test conformance` writes what is derived (slot sets, inputs and
//! expectations) anew: read the difference before you keep it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs
)]

mod support;
#[path = "support/vector.rs"]
mod vector;

use edge_abi::{input::Event, manifest::Fact, output::Status};
use edge_compiler::{
    eval::{self, End, Facts, Outcome, Phase, State},
    hir::{Hir, Lane},
    source::NoFiles,
};
use edge_host::{
    engine::{Engine, EngineOptions, Guest, GuestError, Policy},
    output::OutputError,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use support::{drive, record};
use vector::{AnswerOp, AnswerStatus, Bytes, Call, EventName, Flag, Said, SaidStatus, Vector};

#[test]
fn every_vector_holds() {
    let bless = std::env::var_os("EDGE_BLESS").is_some();
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let (mut calls, mut stale) = (0, Vec::new());
    let files = files();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let read: Vector = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let now = Runner::new(&engine, &name, &read).run(&read);
        calls += now.calls.len();
        let fresh = serde_json::to_string_pretty(&now).unwrap() + "\n";
        if fresh == text {
            continue;
        }
        if bless {
            fs::write(file, fresh).unwrap();
            continue;
        }
        for (i, (was, is)) in read.calls.iter().zip(&now.calls).enumerate() {
            assert_eq!(was.expect, is.expect, "{name}, call {i}: {}", was.about);
        }
        stale.push(name);
    }
    println!("{} vectors, {calls} calls", files.len());
    assert!(stale.is_empty(), "stale, see EDGE_BLESS: {stale:?}");
    assert!(files.len() >= 25);
}

/// All kinds of effects, facts, events and refusals occur in some vector.
#[test]
fn the_vectors_cover_the_abi() {
    let all: String = files()
        .iter()
        .map(|f| fs::read_to_string(f).unwrap())
        .collect();
    for word in [
        "\"op\": \"respond\"",
        "\"op\": \"proxy\"",
        "\"op\": \"pass\"",
        "\"op\": \"fault\"",
        "\"op\": \"body\"",
        "\"op\": \"state\"",
        "\"what\": \"limit\"",
        "\"what\": \"store_get\"",
        "\"what\": \"counter_get\"",
        "\"what\": \"counter_add\"",
        "\"what\": \"counter_list\"",
        "\"what\": \"put\"",
        "\"what\": \"delete\"",
        "\"what\": \"purge\"",
        "\"chained\": true",
        "\"answer\"",
        "\"refused\"",
        "\"absent\"",
        "\"timeout\"",
        "\"unavailable\"",
        "\"skipped\"",
        "\"op\": \"log\"",
        "\"op\": \"exposure\"",
        "\"op\": \"hits\"",
        "\"shadow\"",
        "\"scored\"",
        "\"op\": \"edits\"",
        "\"op\": \"scan\"",
        "\"op\": \"admit\"",
        "\"request_chunk\"",
        "\"response_chunk\"",
        "\"last\"",
        "\"over\"",
        "\"secret\":",
        "request_path",
        "upstream_path",
        "\"location\"",
        "invalid_input",
        "stale_continuation",
        "\"response_head\"",
        "\"failed\"",
        "\"results\"",
        "\"kind\": \"i64\"",
        "\"kind\": \"ip\"",
        "\"kind\": \"bool\"",
        "\"kind\": \"f64\"",
        "\"kind\": \"list\"",
        "too_large",
        "\"edit\": \"set\"",
        "\"edit\": \"add\"",
        "\"edit\": \"remove\"",
        "request.method",
        "request.target",
        "request.scheme",
        "request.authority",
        "request.http_version",
        "request.id",
        "request.body",
        "request.chunk",
        "response.chunk",
        "request.fields",
        "\"request.header\"",
        "\"request.headers\"",
        "client.ip",
        "client.port",
        "client.tls.version",
        "geo.country",
        "geo.continent",
        "geo.region",
        "geo.city",
        "geo.latitude",
        "geo.longitude",
        "geo.asn",
        "edge.pop",
        "edge.region",
        "\"param\"",
        "response.status",
        "response.origin",
        "\"response.header\"",
        "\"response.headers\"",
    ] {
        assert!(all.contains(word), "no vector has {word}");
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|f| f.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
}

/// One vector's policy, loaded.
struct Runner {
    name: String,
    hir: Hir,
    policy: Arc<Policy>,
    guest: Guest,
    /// What each call asked of what the host remembers: the answer's number, and whether it is only asked if
    /// the one before it succeeded.
    asked: Vec<Vec<(u32, bool, State)>>,
}

impl Runner {
    fn new(engine: &Engine, name: &str, vector: &Vector) -> Runner {
        let text = vector.policy.join("\n") + "\n";
        let (checked, lowered) = edge_compiler::compile("policy.edge", &text, &NoFiles)
            .unwrap_or_else(|report| panic!("{name}: {report:?}"));
        let policy = Arc::new(Policy::load(engine, &lowered.wasm).unwrap());
        let guest = Guest::new(&policy).unwrap();
        Runner {
            name: name.into(),
            hir: checked.hir,
            policy,
            guest,
            asked: Vec::new(),
        }
    }

    /// The vector with everything derived anew.
    fn run(&mut self, read: &Vector) -> Vector {
        let mut now = Vector {
            slot_sets: self.policy.manifest().slot_sets.clone(),
            ..read.clone()
        };
        for i in 0..now.calls.len() {
            let (done, rest) = now.calls.split_at_mut(i);
            let call = &mut rest[0];
            let before = going_on(call, done);
            self.call(call, &before, done);
        }
        now
    }

    fn call(&mut self, call: &mut Call, before: &GoingOn, done: &[Call]) {
        let manifest = self.policy.manifest();
        let slots = &manifest.slot_sets[usize::from(before.slot_set)];
        let facts = self.facts(call, done);
        let continuation = match &call.continuation {
            Some(bytes) => bytes.bytes(),
            None => before.continuation.clone(),
        };
        let results: Vec<(u16, u16)> = call.results.iter().map(vector::Answer::codes).collect();
        let mut input = record::write(
            &record::Input {
                event: call.event.event() as u16,
                flags: call.flags.iter().fold(0, |bits, flag| bits | flag.bit()),
                slots,
                continuation: &continuation,
                results: &results,
            },
            &facts,
        );
        input[24..32].copy_from_slice(&call.random.to_le_bytes());
        call.change
            .iter()
            .for_each(|change| change.apply(&mut input));
        call.input = vector::hex(&input);
        let mut asked = Vec::new();
        let outcome = match self.guest.run(&input) {
            Ok(output) => {
                asked = drive::asks(&output);
                call.expect = vector::said(&output, manifest);
                Some(drive::outcome(&output))
            }
            Err(GuestError::Output(OutputError::Refused(status))) => {
                call.expect = Said {
                    status: match status {
                        Status::InvalidInput => SaidStatus::InvalidInput,
                        _ => SaidStatus::StaleContinuation,
                    },
                    ..Said::default()
                };
                None
            }
            Err(error) => panic!("{}: {}: {error}", self.name, call.about),
        };
        self.asked.push(asked);
        if let Some(outcome) = outcome.filter(|_| call.change.is_empty()) {
            let what = format!("{}: {}", self.name, call.about);
            if let Some(expected) = self.evaluate(call, &facts, done) {
                assert_eq!(normal(outcome), normal(expected), "{what}");
            }
        }
    }

    /// What the reference evaluator says.
    fn evaluate(&self, call: &Call, facts: &Facts, done: &[Call]) -> Option<Outcome> {
        Some(match call.event.event() {
            Event::Start => eval::evaluate(&self.hir, facts, Phase::Request),
            Event::Results if call.results[0].op != AnswerOp::Body => {
                self.check_batch(call, facts, done);
                eval::evaluate(&self.hir, facts, Phase::Request)
            }
            Event::Results => match call.results[0].status {
                AnswerStatus::Ok => {
                    let mut facts = facts.clone();
                    let none = eval::RawValue::Bytes(Vec::new());
                    facts.raw.entry(Fact::Body).or_insert(none);
                    eval::evaluate(&self.hir, &facts, Phase::Request)
                }
                AnswerStatus::TooLarge => eval::without_body(&self.hir, facts, 413),
                _ => eval::without_body(&self.hir, facts, 400),
            },
            Event::Failed => eval::evaluate(&self.hir, facts, Phase::Failed),
            Event::Admit => {
                let start = eval::evaluate(&self.hir, facts, Phase::Request);
                let End::Proxy(proxy) = start.end else {
                    return None;
                };
                eval::admit(&self.hir, facts, proxy.cache?)
            }
            Event::ResponseHead => self.response(call, facts, done)?.0,
            Event::RequestChunk => {
                let texts: Vec<_> = call.texts.as_ref()?.iter().map(Bytes::bytes).collect();
                let over = call.flags.contains(&Flag::Over);
                eval::scan(&self.hir, facts, Lane::Request, &texts, over)
            }
            Event::ResponseChunk => {
                let texts: Vec<_> = call.texts.as_ref()?.iter().map(Bytes::bytes).collect();
                let over = call.flags.contains(&Flag::Over);
                let mut head = call;
                while head.event.is_chunk() {
                    head = &done[head.after?];
                }
                let handlers = self.handlers(head, done)?;
                eval::response_scan(&self.hir, facts, handlers, &texts, over).0
            }
            _ => return None,
        })
    }
}

impl Runner {
    /// The evaluator asks one at a time for what the call before asked at once.
    fn check_batch(&self, call: &Call, facts: &Facts, done: &[Call]) {
        let Some(after) = call.after else {
            return;
        };
        let mut facts = Facts {
            answered: self.answered(&done[after], done),
            ..facts.clone()
        };
        let asked = self.asked[after].iter().zip(&call.results);
        let mut before = None;
        for ((ask, is_chained, state), result) in asked {
            let skipped = *is_chained && before != Some(AnswerStatus::Ok);
            let what = format!("{}: {}: answer {ask}", self.name, call.about);
            assert_eq!(result.status == AnswerStatus::Skipped, skipped, "{what}");
            before = Some(result.status);
            if skipped {
                continue;
            }
            let said = eval::evaluate(&self.hir, &facts, Phase::Request);
            assert_eq!(said.end, End::Ask(*ask, state.clone()), "{what}");
            facts.answered.insert(*ask);
        }
    }

    /// The numbers of what was answered up to a call.
    fn answered(&self, call: &Call, done: &[Call]) -> BTreeSet<u32> {
        let (mut call, mut answered) = (call, BTreeSet::new());
        while let Some(after) = call.after {
            let asked = self.asked[after].iter().zip(&call.results);
            let told = asked.filter(|(_, result)| result.status != AnswerStatus::Skipped);
            answered.extend(told.map(|((ask, ..), _)| *ask));
            call = &done[after];
        }
        answered
    }

    /// What the reference evaluator says to a response, and which handler is left where it was replaced.
    fn response(
        &self,
        call: &Call,
        facts: &Facts,
        done: &[Call],
    ) -> Option<(Outcome, Option<usize>)> {
        let (route, from) = self.handlers(call, done)?;
        Some(eval::response(&self.hir, facts, route, from))
    }

    /// The route that had decided, and the handler that a response's head is for. The answer that is
    /// seen may itself have replaced another.
    fn handlers(&self, call: &Call, done: &[Call]) -> Option<(Option<usize>, usize)> {
        let before = &done[call.after?];
        let mut first = before;
        while first.event == EventName::ResponseHead {
            first = &done[first.after?];
        }
        let route =
            self.hir.routes.iter().position(|route| {
                Some(&self.hir.rules[route.rule.0 as usize].name) == decided(first)
            });
        let from = match before.event {
            EventName::ResponseHead => self.response(before, &self.facts(before, done), done)?.1?,
            _ => 0,
        };
        Some((route, from))
    }

    /// The facts of a call, as all slots together show them, and what is answered by then.
    fn facts(&self, call: &Call, done: &[Call]) -> Facts {
        let mut facts = call.raw_facts();
        facts.answered = self.answered(call, done);
        let slots = self.policy.manifest().slot_sets.iter().flatten();
        slots.for_each(|slot| vector::fit(&mut facts, slot));
        facts
    }
}

/// What a call goes on with.
#[derive(Default)]
struct GoingOn {
    slot_set: u16,
    continuation: Vec<u8>,
}

/// A body's scan has a lane of its own: the slot set is that of its beginning, the continuation that of the piece before.
fn going_on(call: &Call, done: &[Call]) -> GoingOn {
    let Some(before) = call.after.map(|i| &done[i]) else {
        return GoingOn::default();
    };
    if !call.event.is_chunk() {
        return GoingOn {
            slot_set: before.expect.next_slot_set,
            continuation: vector::unhex(&before.expect.continuation),
        };
    }
    let (slot_set, continuation) = before.expect.scan().unwrap_or_default();
    let slot_set = match before.event.is_chunk() {
        true => going_on(before, done).slot_set,
        false => slot_set,
    };
    GoingOn {
        slot_set,
        continuation: vector::unhex(continuation),
    }
}

/// The rule that decided a call.
fn decided(call: &vector::Call) -> Option<&String> {
    call.expect.effects.iter().find_map(|did| match did {
        vector::Did::Respond { rule, .. } | vector::Did::Proxy { rule, .. } => Some(rule),
        _ => None,
    })
}

fn normal(mut outcome: Outcome) -> Outcome {
    let set: BTreeSet<(u32, u32)> = outcome.exposures.drain(..).collect();
    outcome.exposures.extend(set);
    outcome
}
