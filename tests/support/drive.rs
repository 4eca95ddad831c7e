//! Runs a module as a host does and gives what it said as owned values.

use super::record::{Input, write};
use edge_abi::{
    input::{Event, result},
    manifest::{Fact, Manifest},
    output::{Op, edit},
};
use edge_compiler::{
    ast::EditOp,
    eval::{Edit, End, Facts, Outcome, Proxy, State},
};
use edge_host::{
    engine::{Engine, EngineOptions, Guest, Policy},
    output::{EditValue, Effect, Output, SegmentValue},
};
use std::sync::{Arc, LazyLock};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&EngineOptions::default()).unwrap());

/// A module that runs.
pub struct Module {
    guest: Guest,
    manifest: Manifest,
}

/// What a call said, and what it wants next.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub outcome: Outcome,
    pub next: u16,
    pub wanted: u16,
    pub continuation: Vec<u8>,
    /// What is asked of what the host remembers: the answers' numbers, and whether each is only asked if
    /// the one before it succeeded.
    pub asks: Vec<(u32, bool, State)>,
    /// Where the scan of a body goes on: slot set and continuation.
    pub scan: Option<(u16, Vec<u8>)>,
}

impl Module {
    pub fn load(wasm: &[u8]) -> Module {
        let policy = Policy::load(&ENGINE, wasm).unwrap();
        let manifest = policy.manifest().clone();
        let guest = Guest::new(&Arc::new(policy)).unwrap();
        Module { guest, manifest }
    }

    pub fn start(&mut self, facts: &Facts) -> Said {
        self.call(Event::Start, 0, &[], &[], facts, 0)
    }

    /// After a wait for the body: it is there.
    pub fn with_body(&mut self, before: &Said, facts: &Facts) -> Said {
        let results = [(result::Status::Ok as u16, Op::Body as u16)];
        self.call(
            Event::Results,
            before.next,
            &before.continuation,
            &results,
            facts,
            0,
        )
    }

    /// After a wait for the body: it is too large.
    pub fn without_body(&mut self, before: &Said, status: result::Status, facts: &Facts) -> Said {
        let results = [(status as u16, Op::Body as u16)];
        self.call(
            Event::Results,
            before.next,
            &before.continuation,
            &results,
            facts,
            0,
        )
    }

    /// After a wait for what the host remembers; the facts hold what is answered.
    pub fn answered(&mut self, before: &Said, results: &[result::Status], facts: &Facts) -> Said {
        let asked = before.asks.iter().map(|(_, _, state)| state.op as u16);
        let results: Vec<(u16, u16)> = results.iter().map(|it| *it as u16).zip(asked).collect();
        let (next, continuation) = (before.next, &before.continuation);
        self.call(Event::Results, next, continuation, &results, facts, 0)
    }

    pub fn go_on(&mut self, event: Event, before: &Said, facts: &Facts) -> Said {
        self.call(event, before.next, &before.continuation, &[], facts, 0)
    }

    /// A piece of a body, which is the fact `request.chunk` or `response.chunk`. A verdict that lets it go on says
    /// where the next one goes.
    pub fn piece(&mut self, event: Event, before: &Said, facts: &Facts, flags: u32) -> Said {
        let (set, continuation) = before.scan.clone().unwrap();
        let mut said = self.call(event, set, &continuation, &[], facts, flags);
        if let Some(scan) = &mut said.scan {
            scan.0 = set;
        }
        said
    }

    fn call(
        &mut self,
        event: Event,
        set: u16,
        continuation: &[u8],
        results: &[(u16, u16)],
        facts: &Facts,
        flags: u32,
    ) -> Said {
        let slots = &self.manifest.slot_sets[usize::from(set)];
        if event == Event::Start {
            assert!(
                !slots.iter().any(|s| s.fact == Fact::Body),
                "the body is asked for before it was read"
            );
        }
        let input = write(
            &Input {
                event: event as u16,
                flags,
                slots,
                continuation,
                results,
            },
            facts,
        );
        let said = said(&self.guest.run(&input).unwrap());
        // A guest keeps nothing: the same again gives the same.
        assert_eq!(said, self::said(&self.guest.run(&input).unwrap()));
        said
    }
}

fn said(output: &Output<'_>) -> Said {
    Said {
        outcome: outcome(output),
        next: output.next_slots(),
        wanted: output.wanted(),
        continuation: output.continuation().to_vec(),
        asks: asks(output),
        scan: output.effects().find_map(|effect| match effect {
            Effect::Scan(scan) => Some((scan.slots(), scan.continuation().to_vec())),
            _ => None,
        }),
    }
}

/// What an output asks of what the host remembers.
pub fn asks(output: &Output<'_>) -> Vec<(u32, bool, State)> {
    let asked = |effect| match effect {
        Effect::State(it) => Some((it.ask()?, it.is_chained(), state(&it))),
        _ => None,
    };
    output.effects().filter_map(asked).collect()
}

pub fn outcome(output: &Output<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    for effect in output.effects() {
        match effect {
            Effect::Log(log) => outcome.logs.push((log.place(), log.text().to_vec())),
            Effect::Note(note) => outcome.exposures.push((note.id(), note.value())),
            Effect::Hits(hits) => {
                let kind = hits.kind();
                outcome.hits.extend(hits.rules().map(|rule| (kind, rule)));
            }
            Effect::Scan(scan) if scan.limit() == 0 => outcome.end = End::GoOn,
            Effect::Scan(scan) => {
                outcome.scan = Some((scan.lane(), scan.limit(), scan.over_limit()));
            }
            Effect::Edits(edits) => outcome.edits.extend(edits.map(edit)),
            Effect::State(it) => match (it.ask(), &outcome.end) {
                (None, _) => outcome.changes.push(state(&it)),
                (Some(ask), End::Open) => outcome.end = End::Ask(ask, state(&it)),
                (Some(_), _) => {}
            },
            Effect::Body(_) => outcome.end = End::WaitForBody,
            Effect::Respond(respond) => {
                outcome.edits.extend(respond.edits().map(edit));
                let body = respond.body().flat_map(|segment| match segment.value() {
                    SegmentValue::Bytes(bytes) => bytes.to_vec(),
                    SegmentValue::Secret(_) => panic!("a secret in a body"),
                });
                outcome.end = End::Respond {
                    rule: respond.rule(),
                    status: respond.status(),
                    content_type: respond
                        .content_type()
                        .map(|t| String::from_utf8(t.to_vec()).unwrap()),
                    body: body.collect(),
                };
            }
            Effect::Proxy(proxy) => {
                outcome.edits.extend(proxy.response_edits().map(edit));
                outcome.end = End::Proxy(Proxy {
                    rule: proxy.rule(),
                    target: proxy.target(),
                    method: proxy
                        .method()
                        .map(|m| String::from_utf8(m.to_vec()).unwrap()),
                    path: proxy.path().to_vec(),
                    query: proxy.query().map(<[u8]>::to_vec),
                    host: proxy.host().map(<[u8]>::to_vec),
                    edits: proxy.request_edits().map(edit).collect(),
                    options: proxy.options(),
                    cache: proxy.cache(),
                    key: proxy.key().to_vec(),
                });
            }
            Effect::Pass(pass) => {
                outcome.edits.extend(pass.edits().map(edit));
                outcome.end = End::Pass { rule: pass.rule() };
            }
            Effect::Admit(admit) => {
                outcome.end = End::Admit {
                    stores: admit.may_store(),
                    ttl: admit.ttl_ms(),
                    tags: admit.tags().map(<[u8]>::to_vec).collect(),
                };
            }
            Effect::Fault(fault) => {
                outcome.end = End::Fault {
                    rule: fault.rule(),
                    reason: fault.reason() as u32,
                };
            }
        }
    }
    outcome
}

fn state(it: &edge_host::output::State<'_>) -> State {
    State {
        op: it.op(),
        id: it.id(),
        key: it.key().to_vec(),
        value: it.value().to_vec(),
        number: it.number(),
    }
}

fn edit(edit: edge_host::output::Edit<'_>) -> Edit {
    let op = match edit.op() {
        edit::Op::Set => EditOp::Set,
        edit::Op::Add => EditOp::Add,
        edit::Op::Remove => EditOp::Remove,
    };
    let value = match (op, edit.value()) {
        (EditOp::Remove, _) => Vec::new(),
        (_, EditValue::Bytes(bytes)) => vec![Ok(bytes.to_vec())],
        (_, EditValue::Segments(segments)) => segments
            .map(|segment| match segment.value() {
                SegmentValue::Bytes(bytes) => Ok(bytes.to_vec()),
                SegmentValue::Secret(id) => Err(id),
            })
            .collect(),
    };
    Edit {
        op,
        name: String::from_utf8(edit.name().to_vec()).unwrap(),
        value,
    }
}
