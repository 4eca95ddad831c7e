//! Hand-written guests for tests: a canned output for each event, in WAT.
//!
//! Records are laid out here by the ABI's constants, so tests say what a guest
//! answers and nothing about bytes. All of it lies below the input and counts as
//! constants; [`GuestFixture::slot_at`] lets a record refer to a slot of the input.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod remembering;
mod scanning;

pub(crate) use remembering::{CLOSED, IN_FLIGHT, ITEMS, LAX_ITEMS, PER_IP, WATCHING, WINDOW};

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use edge_abi::input::Event;
use edge_abi::output::{NONE, Op, edit, segment};
use serde_json::{Value, json};

use crate::engine::{Engine, EngineOptions, LoadError, Policy};

/// Where the fixture's input lies: everything below is constant.
pub(crate) const INPUT: u32 = 0x8_0000;
/// Longest input that the fixture takes.
pub(crate) const LIMIT: u32 = 0x4_0000;
/// Where its records begin.
const BASE: u32 = 1024;

pub(crate) type Ref = (u32, u32);

/// A guest in the making.
pub(crate) struct GuestFixture {
    pub(crate) manifest: Value,
    pub(crate) data: Vec<u8>,
    outputs: BTreeMap<u16, u32>,
    /// (address of a ref, slot): the ref is to lead to the slot's bytes.
    patches: Vec<(u32, u32)>,
    /// WAT that runs at the beginning of `edge_run`.
    pub(crate) prologue: String,
}

/// What follows a call.
#[derive(Clone, Copy, Default)]
pub(crate) struct Next<'a> {
    pub(crate) slots: u16,
    pub(crate) wanted: u16,
    pub(crate) continuation: &'a [u8],
}

impl GuestFixture {
    /// A guest with two origins (`shop`, `backup`), a pool of both, one secret and some rules.
    pub(crate) fn new() -> Self {
        let origin = |name: &str| json!({"kind": "origin", "name": name, "url": format!("http://{name}.internal:8080"), "connect_ms": 1000, "timeout_ms": 5000, "idle_ms": 5000});
        let pool = json!({"kind": "pool", "name": "both", "choice": "failover", "members": [{"target": 0}, {"target": 1}]});
        let rule = |name: &str, kind: &str| json!({"name": name, "kind": kind, "place": 0});
        let manifest = json!({
            "abi": 1, "language": 1, "name": "fixture", "source_digest": "", "module_digest": "",
            "files": ["policy.edge"],
            "targets": [origin("shop"), origin("backup"), pool],
            "proxies": [{}],
            "experiments": [{"name": "homepage", "arms": ["control", "redesign"]}],
            "secrets": ["KEY"],
            "slot_sets": [
                [{"fact": "request.method", "kind": "bytes"}, {"fact": "request.target", "kind": "bytes"}],
                [{"fact": "request.body", "kind": "bytes"}, {"fact": "request.header", "name": "x-in", "kind": "bytes"}],
                [{"fact": "response.origin", "kind": "bytes"}, {"fact": "response.header", "name": "x-from", "kind": "bytes"}],
                [{"fact": "request.chunk"}, {"fact": "request.header", "name": "x-in"}],
                [{"fact": "response.chunk"}]
            ],
            "rules": [rule("route.home", "route"), rule("require.login", "deny"), rule("on_response", "on_response")],
            "places": [[0, 3, 5], [0, 7, 9]],
            "limits": {"input": LIMIT, "body": 65536, "output": {"base": 0, "per_byte": 0}, "fuel": {"base": 10_000, "per_byte": 10}, "memory": 16 << 16}
        });
        GuestFixture {
            manifest,
            data: Vec::new(),
            outputs: BTreeMap::new(),
            patches: Vec::new(),
            prologue: String::new(),
        }
    }

    /// Puts bytes into memory, 16-aligned.
    pub(crate) fn place(&mut self, bytes: &[u8]) -> Ref {
        self.data.resize(self.data.len().next_multiple_of(16), 0);
        let at = BASE + self.data.len() as u32;
        self.data.extend_from_slice(bytes);
        (at, bytes.len() as u32)
    }

    /// A table of edits: (operation, name, value).
    pub(crate) fn edits(&mut self, edits: &[(edit::Op, &str, &[u8])]) -> Ref {
        let mut table = Vec::new();
        for (op, name, value) in edits {
            let (name, value) = (self.place(name.as_bytes()), self.place(value));
            table.extend_from_slice(&[*op as u8, 0, 0, 0]);
            words(&mut table, &[1, name.0, name.1, value.0, value.1]);
        }
        (self.place(&table).0, edits.len() as u32)
    }

    /// A table with one edit whose value is text and a secret.
    pub(crate) fn secret_edit(&mut self, name: &str, text: &[u8], secret: u32) -> Ref {
        let (name, text) = (self.place(name.as_bytes()), self.place(text));
        let mut segments = Vec::new();
        words(
            &mut segments,
            &[segment::Kind::Bytes as u32, 0, text.0, text.1],
        );
        words(&mut segments, &[segment::Kind::Secret as u32, secret, 0, 0]);
        let segments = self.place(&segments).0;
        let mut table = vec![edit::Op::Set as u8, edit::SEGMENTS, 0, 0];
        words(&mut table, &[1, name.0, name.1, segments, 2]);
        (self.place(&table).0, 1)
    }

    pub(crate) fn respond(&mut self, rule: u32, status: u32, edits: Ref, body: &[u8]) -> Vec<u8> {
        let body = self.place(body);
        let mut segments = Vec::new();
        words(&mut segments, &[0, 0, body.0, body.1]);
        let segments = self.place(&segments).0;
        let kind = self.place(b"text/plain");
        effect(
            Op::Respond,
            0,
            &[rule, status, kind.0, kind.1, edits.0, edits.1, segments, 1],
        )
    }

    pub(crate) fn proxy(
        &mut self,
        target: u32,
        path: &str,
        request: Ref,
        response: Ref,
    ) -> Vec<u8> {
        let path = self.place(path.as_bytes());
        let fields = [
            0, target, 0, 0, path.0, path.1, 0, 0, 0, 0, request.0, request.1, response.0,
            response.1, 0, NONE,
        ];
        effect(Op::Proxy, 0, &[&fields[..], &[0; 6]].concat())
    }

    /// What the guest answers to an event; its address.
    pub(crate) fn output(&mut self, event: Event, effects: &[Vec<u8>], next: Next<'_>) -> u32 {
        let at = self.record(effects, next);
        self.outputs.insert(event as u16, at);
        at
    }

    /// An output record; its address.
    fn record(&mut self, effects: &[Vec<u8>], next: Next<'_>) -> u32 {
        let continuation = if next.continuation.is_empty() {
            (0, 0)
        } else {
            self.place(next.continuation)
        };
        let bytes = effects.concat();
        let place = self.place(&bytes);
        let mut record = Vec::new();
        words(
            &mut record,
            &[
                32,
                1,
                effects.len() as u32,
                u32::from(next.slots) | (u32::from(next.wanted) << 16),
            ],
        );
        words(
            &mut record,
            &[continuation.0, continuation.1, place.0, place.1],
        );
        self.place(&record).0
    }

    /// Lets the ref at an address lead to a slot of the input.
    pub(crate) fn slot_at(&mut self, address: u32, slot: u32) {
        self.patches.push((address, slot));
    }

    pub(crate) fn wat(&self) -> String {
        let mut patches = String::new();
        for (address, slot) in &self.patches {
            let at = INPUT + 48 + 8 * slot;
            writeln!(patches, "(i32.store (i32.const {address}) (i32.add (i32.const {INPUT}) (i32.load (i32.const {at}))))").unwrap();
            writeln!(
                patches,
                "(i32.store (i32.const {}) (i32.load (i32.const {})))",
                address + 4,
                at + 4
            )
            .unwrap();
        }
        let mut table = vec![0; 64];
        for (event, address) in &self.outputs {
            table[4 * usize::from(*event)..][..4].copy_from_slice(&address.to_le_bytes());
        }
        format!(
            r#"(module
              (memory (export "memory") 16 16)
              (global (export "edge_abi") i32 (i32.const 1))
              (func (export "edge_input") (param $length i32) (result i32)
                (select (i32.const 0) (i32.const {INPUT}) (i32.gt_u (local.get $length) (i32.const {LIMIT}))))
              (func (export "edge_run") (param $length i32) (result i32)
                (local $at i32) (local $end i32) (local $byte i32) (local $state i32)
                {}
                {patches}
                (i32.load (i32.add (i32.const 16) (i32.shl (i32.load16_u (i32.const {})) (i32.const 2)))))
              (data (i32.const 16) "{}")
              (data (i32.const {BASE}) "{}")
              (@custom "edge.manifest" "{}"))"#,
            self.prologue,
            INPUT + 6,
            escape(&table),
            escape(&self.data),
            escape(self.manifest.to_string().as_bytes()),
        )
    }

    pub(crate) fn load(&self) -> Result<Arc<Policy>, LoadError> {
        load_wat(&self.wat(), &EngineOptions::default())
    }

    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.load().unwrap()
    }
}

pub(crate) fn load_wat(wat: &str, options: &EngineOptions) -> Result<Arc<Policy>, LoadError> {
    Policy::load(
        &Engine::new(options).unwrap(),
        &wat::parse_str(wat).unwrap(),
    )
    .map(Arc::new)
}

/// An effect's bytes.
pub(crate) fn effect(op: Op, flags: u16, operands: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    words(
        &mut bytes,
        &[
            u32::from(op as u16) | (u32::from(flags) << 16),
            8 + 4 * operands.len() as u32,
        ],
    );
    words(&mut bytes, operands);
    bytes
}

fn words(bytes: &mut Vec<u8>, words: &[u32]) {
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

fn escape(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    })
}
