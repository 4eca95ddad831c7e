//! A conformance vector: a policy, the calls that a host makes, and what each must give.
//!
//! `tests/conformance/README.md` explains the files.

use edge_abi::{
    input::{Event, flags, result},
    manifest::{Fact, Kind, Manifest, ProxyOptions, Slot, Target},
    output::{Op, edit, fault},
};
use edge_compiler::eval::{Facts, RawValue};
use edge_host::output::{EditValue, Edits, Effect, Output, SegmentValue, Segments, State};
use serde::{Deserialize, Serialize};

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub about: String,
    /// Lines of `policy.edge`.
    pub policy: Vec<String>,
    #[serde(default)]
    pub slot_sets: Vec<Vec<Slot>>,
    pub calls: Vec<Call>,
}

/// One call of the guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub about: String,
    pub event: EventName,
    /// The call whose continuation and slot set this one goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<usize>,
    #[serde(default = "start_of_2026")]
    pub now: u64,
    #[serde(default)]
    pub random: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Given>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Answer>,
    /// Of a piece of a body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// The parts of the body that the pieces have shown so far, where the evaluator is to be asked about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Vec<Bytes>>,
    /// Instead of the earlier call's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<Bytes>,
    /// What is done to the record once it is written: this makes inputs that are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<Change>,
    #[serde(default)]
    pub input: String,
    #[serde(default)]
    pub expect: Said,
}

fn start_of_2026() -> u64 {
    1_767_225_600_000
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    Start,
    Results,
    ResponseHead,
    RequestChunk,
    ResponseChunk,
    Failed,
    Done,
    Admit,
}

const EVENTS: [(EventName, Event); 8] = [
    (EventName::Start, Event::Start),
    (EventName::Results, Event::Results),
    (EventName::ResponseHead, Event::ResponseHead),
    (EventName::RequestChunk, Event::RequestChunk),
    (EventName::ResponseChunk, Event::ResponseChunk),
    (EventName::Failed, Event::Failed),
    (EventName::Done, Event::Done),
    (EventName::Admit, Event::Admit),
];

impl EventName {
    pub fn event(self) -> Event {
        EVENTS.iter().find(|(name, _)| *name == self).unwrap().1
    }

    /// Whether it shows a piece of a body.
    pub fn is_chunk(self) -> bool {
        matches!(self, EventName::RequestChunk | EventName::ResponseChunk)
    }
}

/// What is said of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    Last,
    Over,
}

impl Flag {
    pub fn bit(self) -> u32 {
        match self {
            Flag::Last => flags::LAST,
            Flag::Over => flags::OVER,
        }
    }
}

/// A fact that is known; the others are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Given {
    #[serde(flatten)]
    pub fact: Fact,
    pub value: FactValue,
}

/// Text, `{"hex": …}`, a number, a truth value or a list; an address is text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(Bytes),
    List(Vec<Bytes>),
}

/// Bytes: as text where they are UTF-8, else in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bytes {
    Text(String),
    Hex { hex: String },
}

impl Bytes {
    pub fn of(bytes: &[u8]) -> Bytes {
        match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Bytes::Text(text),
            Err(_) => Bytes::Hex { hex: hex(bytes) },
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Bytes::Text(text) => text.clone().into_bytes(),
            Bytes::Hex { hex } => unhex(hex),
        }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    pairs
        .map(|pair| u8::from_str_radix(&pair, 16).unwrap())
        .collect()
}

/// An answer to what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub op: AnswerOp,
    pub status: AnswerStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerOp {
    Body,
    Limit,
    StoreGet,
    CounterGet,
    CounterAdd,
    CounterList,
    Put,
    Delete,
}

/// What a [`Did::State`] may be, with its names.
const STATES: [(&str, Op); 8] = [
    ("limit", Op::Limit),
    ("store_get", Op::StoreGet),
    ("counter_get", Op::CounterGet),
    ("counter_add", Op::CounterAdd),
    ("counter_list", Op::CounterList),
    ("put", Op::Put),
    ("delete", Op::Delete),
    ("purge", Op::Purge),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerStatus {
    Ok,
    Absent,
    Refused,
    Invalid,
    Timeout,
    Unavailable,
    TooLarge,
    Skipped,
}

impl Answer {
    pub fn codes(&self) -> (u16, u16) {
        use result::Status;
        let status = match self.status {
            AnswerStatus::Ok => Status::Ok,
            AnswerStatus::Absent => Status::Absent,
            AnswerStatus::Refused => Status::Refused,
            AnswerStatus::Invalid => Status::Invalid,
            AnswerStatus::Timeout => Status::Timeout,
            AnswerStatus::Unavailable => Status::Unavailable,
            AnswerStatus::TooLarge => Status::TooLarge,
            AnswerStatus::Skipped => Status::Skipped,
        };
        let op = match self.op {
            AnswerOp::Body => Op::Body,
            AnswerOp::Limit => Op::Limit,
            AnswerOp::StoreGet => Op::StoreGet,
            AnswerOp::CounterGet => Op::CounterGet,
            AnswerOp::CounterAdd => Op::CounterAdd,
            AnswerOp::CounterList => Op::CounterList,
            AnswerOp::Put => Op::Put,
            AnswerOp::Delete => Op::Delete,
        };
        (status as u16, op as u16)
    }
}

/// A change of a record's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Change {
    /// Write these bytes there.
    Put { at: usize, hex: String },
    /// Put these bytes between.
    Insert { before: usize, hex: String },
    /// Keep so many bytes.
    Cut { length: usize },
    /// Add these bytes.
    Append { append: String },
}

impl Change {
    pub fn apply(&self, record: &mut Vec<u8>) {
        match self {
            Change::Put { at, hex } => {
                let bytes = unhex(hex);
                record[*at..*at + bytes.len()].copy_from_slice(&bytes);
            }
            Change::Insert { before, hex } => {
                record.splice(*before..*before, unhex(hex));
            }
            Change::Cut { length } => record.truncate(*length),
            Change::Append { append } => record.extend(unhex(append)),
        }
    }
}

/// What a call gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    pub status: SaidStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Did>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<EventName>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub next_slot_set: u16,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub continuation: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(n: &u16) -> bool {
    *n == 0
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaidStatus {
    #[default]
    Ok,
    InvalidInput,
    StaleContinuation,
}

impl Said {
    /// Where the scan of a body goes on, if one does.
    pub fn scan(&self) -> Option<(u16, &str)> {
        self.effects.iter().find_map(|did| match did {
            Did::Scan {
                slot_set,
                continuation,
                ..
            } => Some((*slot_set, continuation.as_str())),
            _ => None,
        })
    }
}

/// An effect, with names instead of indexes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Did {
    Respond {
        rule: String,
        status: u16,
        content_type: Option<Bytes>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edits: Vec<Edited>,
        body: Bytes,
    },
    Proxy {
        rule: String,
        target: String,
        method: Option<Bytes>,
        path: Bytes,
        query: Option<Bytes>,
        host: Option<Bytes>,
        /// Timeout, retry and fallback, as the manifest has them.
        options: Box<ProxyOptions>,
        /// The cache's name, and what is added to its key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache: Option<(String, Bytes)>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        request_edits: Vec<Edited>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        response_edits: Vec<Edited>,
    },
    Pass {
        rule: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edits: Vec<Edited>,
    },
    Admit {
        stores: bool,
        ttl: Option<u64>,
        tags: Vec<Bytes>,
    },
    Fault {
        rule: String,
        reason: String,
    },
    Body {
        limit: u32,
    },
    /// What is asked of the host's memory, or done to it.
    State {
        /// `limit`, `store_get` …
        what: String,
        /// The number of the answer, where one is waited for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<u32>,
        /// Only if the one before it succeeded.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        chained: bool,
        /// The limit, store or counter; `tag` or `path` of a purge.
        of: String,
        key: Bytes,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Bytes>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<i64>,
    },
    Log {
        place: String,
        text: Bytes,
    },
    Exposure {
        experiment: String,
        arm: String,
    },
    Hits {
        kind: String,
        rules: Vec<String>,
    },
    Edits {
        edits: Vec<Edited>,
    },
    Scan {
        lane: String,
        limit: u32,
        over_limit: String,
        #[serde(default, skip_serializing_if = "is_zero")]
        slot_set: u16,
        continuation: String,
    },
}

/// An edit of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    pub edit: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Bytes(Bytes),
    Parts(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    Secret { secret: String },
    Bytes(Bytes),
}

impl Call {
    /// The facts, as kinds of their slots.
    pub fn raw_facts(&self) -> Facts {
        let mut facts = Facts {
            now: self.now.cast_signed(),
            ..Facts::default()
        };
        for given in &self.facts {
            facts.raw.insert(given.fact.clone(), raw(&given.value));
        }
        facts
    }
}

fn raw(value: &FactValue) -> RawValue {
    match value {
        FactValue::Bool(value) => RawValue::Bool(*value),
        FactValue::Int(value) => RawValue::Int(*value),
        FactValue::Float(value) => RawValue::Float(*value),
        FactValue::List(list) => RawValue::List(list.iter().map(Bytes::bytes).collect()),
        FactValue::Bytes(bytes) => RawValue::Bytes(bytes.bytes()),
    }
}

/// Addresses and whole floats are told by their slots' kinds.
pub fn fit(facts: &mut Facts, slot: &Slot) {
    let Some(value) = facts.raw.get_mut(&slot.fact) else {
        return;
    };
    match (slot.kind, &*value) {
        (Kind::Ip, RawValue::Bytes(text)) => {
            let ip: std::net::IpAddr = std::str::from_utf8(text).unwrap().parse().unwrap();
            *value = RawValue::Ip(match ip {
                std::net::IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                std::net::IpAddr::V6(v6) => v6.octets(),
            });
        }
        #[expect(clippy::cast_precision_loss, reason = "vectors hold small numbers")]
        (Kind::F64, RawValue::Int(n)) => *value = RawValue::Float(*n as f64),
        _ => {}
    }
}

/// What an output says, with names.
pub fn said(output: &Output<'_>, manifest: &Manifest) -> Said {
    let names = Names(manifest);
    let mut effects: Vec<Did> = Vec::new();
    for effect in output.effects() {
        let did = names.effect(&effect);
        // The same note twice counts once.
        if !(matches!(did, Did::Exposure { .. }) && effects.contains(&did)) {
            effects.push(did);
        }
    }
    let wanted = EVENTS
        .iter()
        .filter(|(_, event)| output.wanted() & event.bit() != 0);
    Said {
        status: SaidStatus::Ok,
        effects,
        wanted: wanted.map(|(name, _)| *name).collect(),
        next_slot_set: output.next_slots(),
        continuation: hex(output.continuation()),
    }
}

struct Names<'a>(&'a Manifest);

impl Names<'_> {
    fn rule(&self, index: u32) -> String {
        self.0.rules[index as usize].name.clone()
    }

    fn place(&self, index: u32) -> String {
        let [file, line, column] = self.0.places[index as usize];
        format!("{}:{line}:{column}", self.0.files[file as usize])
    }

    fn target(&self, index: u32) -> String {
        match &self.0.targets[index as usize] {
            Target::Origin(origin) => origin.name.clone(),
            Target::Pool(pool) => pool.name.clone(),
        }
    }

    fn effect(&self, effect: &Effect<'_>) -> Did {
        match effect {
            Effect::Respond(respond) => Did::Respond {
                rule: self.rule(respond.rule()),
                status: respond.status(),
                content_type: respond.content_type().map(Bytes::of),
                edits: self.edits(respond.edits()),
                body: Bytes::of(&respond.body().fold(Vec::new(), |mut body, segment| {
                    match segment.value() {
                        SegmentValue::Bytes(bytes) => body.extend(bytes),
                        SegmentValue::Secret(_) => panic!("a secret in a body"),
                    }
                    body
                })),
            },
            Effect::Proxy(proxy) => Did::Proxy {
                rule: self.rule(proxy.rule()),
                target: self.target(proxy.target()),
                method: proxy.method().map(Bytes::of),
                path: Bytes::of(proxy.path()),
                query: proxy.query().map(Bytes::of),
                host: proxy.host().map(Bytes::of),
                options: Box::new(self.0.proxies[proxy.options() as usize].clone()),
                cache: proxy.cache().map(|cache| {
                    let name = self.0.caches[cache as usize].name.clone();
                    (name, Bytes::of(proxy.key()))
                }),
                request_edits: self.edits(proxy.request_edits()),
                response_edits: self.edits(proxy.response_edits()),
            },
            Effect::Pass(pass) => Did::Pass {
                rule: self.rule(pass.rule()),
                edits: self.edits(pass.edits()),
            },
            Effect::Admit(admit) => Did::Admit {
                stores: admit.may_store(),
                ttl: admit.ttl_ms(),
                tags: admit.tags().map(Bytes::of).collect(),
            },
            Effect::Fault(fault) => Did::Fault {
                rule: self.rule(fault.rule()),
                reason: match fault.reason() {
                    fault::Reason::RequestPath => "request_path".into(),
                    fault::Reason::UpstreamPath => "upstream_path".into(),
                    fault::Reason::Location => "location".into(),
                },
            },
            Effect::Body(body) => Did::Body {
                limit: body.limit(),
            },
            Effect::Log(log) => Did::Log {
                place: self.place(log.place()),
                text: Bytes::of(log.text()),
            },
            Effect::Note(note) => {
                let experiment = &self.0.experiments[note.id() as usize];
                Did::Exposure {
                    experiment: experiment.name.clone(),
                    arm: experiment.arms[note.value() as usize].clone(),
                }
            }
            Effect::Hits(hits) => Did::Hits {
                kind: format!("{:?}", hits.kind()).to_lowercase(),
                rules: hits.rules().map(|rule| self.rule(rule)).collect(),
            },
            Effect::State(state) => self.state(state),
            Effect::Edits(edits) => Did::Edits {
                edits: self.edits(edits.clone()),
            },
            Effect::Scan(scan) => Did::Scan {
                lane: format!("{:?}", scan.lane()).to_lowercase(),
                limit: scan.limit(),
                over_limit: format!("{:?}", scan.over_limit()).to_lowercase(),
                slot_set: scan.slots(),
                continuation: hex(scan.continuation()),
            },
        }
    }

    fn state(&self, state: &State<'_>) -> Did {
        let id = state.id() as usize;
        let of = match state.op() {
            Op::Limit => self.0.rate_limits[id].name.as_str(),
            Op::StoreGet | Op::Put | Op::Delete => &self.0.stores[id].name,
            Op::Purge => ["tag", "path"][id],
            _ => &self.0.counters[id].name,
        };
        let counts = matches!(
            state.op(),
            Op::Limit | Op::CounterAdd | Op::CounterList | Op::Put
        );
        let known = STATES.iter().find(|(_, op)| *op == state.op()).unwrap();
        Did::State {
            what: known.0.to_owned(),
            ask: state.ask(),
            chained: state.is_chained(),
            of: of.to_owned(),
            key: Bytes::of(state.key()),
            value: (state.op() == Op::Put).then(|| Bytes::of(state.value())),
            number: counts.then_some(state.number()),
        }
    }

    /// Bytes between two secrets are one part: how they are cut is the compiler's affair.
    fn parts(&self, segments: Segments<'_>) -> Vec<Part> {
        let mut parts: Vec<Result<Vec<u8>, String>> = Vec::new();
        for segment in segments {
            match (segment.value(), parts.last_mut()) {
                (SegmentValue::Bytes(bytes), Some(Ok(before))) => before.extend(bytes),
                (SegmentValue::Bytes(bytes), _) => parts.push(Ok(bytes.to_vec())),
                (SegmentValue::Secret(id), _) => {
                    parts.push(Err(self.0.secrets[id as usize].clone()));
                }
            }
        }
        let part = |part: Result<Vec<u8>, String>| match part {
            Ok(bytes) => Part::Bytes(Bytes::of(&bytes)),
            Err(secret) => Part::Secret { secret },
        };
        parts.into_iter().map(part).collect()
    }

    fn edits(&self, edits: Edits<'_>) -> Vec<Edited> {
        let one = |edit: edge_host::output::Edit<'_>| Edited {
            edit: match edit.op() {
                edit::Op::Set => "set".into(),
                edit::Op::Add => "add".into(),
                edit::Op::Remove => "remove".into(),
            },
            name: String::from_utf8(edit.name().to_vec()).unwrap(),
            value: (edit.op() != edit::Op::Remove).then(|| match edit.value() {
                EditValue::Bytes(bytes) => Value::Bytes(Bytes::of(bytes)),
                EditValue::Segments(segments) => Value::Parts(self.parts(segments)),
            }),
            place: self.place(edit.place()),
        };
        edits.map(one).collect()
    }
}
