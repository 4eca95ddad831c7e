//! `docs/abi.md` says what the constants, the schema and a real module say.
//!
//! `EDGE_BLESS=1 cargo test --test abi_page` writes the example's bytes anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs
)]

mod support;

use edge_abi::{
    input::Event,
    manifest::Fact,
    output::{self, Op},
};
use edge_compiler::{
    eval::{Facts, RawValue},
    source::NoFiles,
};
use std::{fmt::Write, fs, ops::Range, path::PathBuf};
use support::record;
use wasmtime::{Engine, Instance, Module, Store};

fn page() -> (PathBuf, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/abi.md");
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

#[test]
fn the_tables_hold_the_constants() {
    let (_, page) = page();
    let built = [
        (Op::Respond, "respond", output::respond::SIZE),
        (Op::Proxy, "proxy", output::proxy::SIZE),
        (Op::Pass, "pass", output::pass::SIZE),
        (Op::Fault, "fault", output::fault::SIZE),
        (Op::Body, "body", output::body::SIZE),
        (Op::Admit, "admit", output::admit::SIZE),
        (Op::Log, "log", output::log::SIZE),
        (Op::Note, "note", output::note::SIZE),
        (Op::Edits, "edits", output::edits::SIZE),
        (Op::Hits, "hits", output::hits::SIZE),
        (Op::Limit, "limit", output::state::SIZE),
        (Op::StoreGet, "store_get", output::state::SIZE),
        (Op::CounterAdd, "counter_add", output::state::SIZE),
        (Op::CounterList, "counter_list", output::state::SIZE),
        (Op::CounterGet, "counter_get", output::state::SIZE),
        (Op::Put, "put", output::state::SIZE),
        (Op::Delete, "delete", output::state::SIZE),
        (Op::Purge, "purge", output::state::SIZE),
    ];
    for (op, name, size) in built {
        let row = format!("| {} | `{name}` | {size} |", op as u16);
        assert!(page.contains(&row), "{row}");
    }
    let reserved = [
        (Op::Verify, "verify"),
        (Op::Fetch, "fetch"),
        (Op::Seal, "seal"),
        (Op::Unseal, "unseal"),
        (Op::Hmac, "hmac"),
        (Op::Count, "count"),
    ];
    for (op, name) in reserved {
        let words = format!("{} `{name}`", op as u16);
        assert!(page.replace('\n', " ").contains(&words), "{words}");
    }
    for (event, name) in [
        (Event::Start, "start"),
        (Event::Results, "results"),
        (Event::ResponseHead, "response head"),
        (Event::Failed, "failed"),
        (Event::Admit, "admit"),
    ] {
        let row = format!("| {} | {name} |", event as u16);
        assert!(page.contains(&row), "{row}");
    }
    for limit in [
        format!(
            "| {} | the checker refuses: 500 |\n| rules",
            output::MAX_EFFECTS
        ),
        format!("| {} | a compile error; the checker", output::MAX_EDITS),
    ] {
        assert!(page.contains(&limit), "{limit}");
    }
}

/// Every fact and capability of the manifest's schema is explained.
#[test]
fn all_facts_are_explained() {
    let (_, page) = page();
    let schema = include_str!("../docs/manifest.schema.json");
    let consts = schema
        .split("\"const\": \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let facts: Vec<&str> = consts
        .filter(|name| name.contains('.') || *name == "param")
        .collect();
    assert!(facts.len() > 20);
    for fact in facts {
        assert!(page.contains(&format!("`{fact}`")), "{fact}");
    }
}

#[test]
fn the_example_is_what_the_compiler_makes() {
    let (path, text) = page();
    let policy = between(&text, "```edge\n", "```");
    let (_, lowered) = edge_compiler::compile("policy.edge", &text[policy], &NoFiles).unwrap();
    let slots = &lowered.manifest.slot_sets[0];
    let mut facts = Facts {
        now: 1_767_225_600_000,
        ..Facts::default()
    };
    for (fact, value) in [(Fact::Method, "GET"), (Fact::RequestTarget, "/hello/ada")] {
        facts.raw.insert(fact, RawValue::Bytes(value.into()));
    }
    let input = record::write(
        &record::Input {
            event: 1,
            slots,
            continuation: &[],
            results: &[],
            ..record::Input::default()
        },
        &facts,
    );
    let (at, output) = run(&lowered.wasm, &input);
    let listed = serde_json::to_string(slots).unwrap();
    let fresh = [
        ("slots", format!("```json\n{listed}\n```\n")),
        ("input", format!("```text\n{}```\n", dump(0, &input))),
        ("output", format!("```text\n{}```\n", dump(at, &output))),
    ];
    let mut page = text.clone();
    for (name, fence) in &fresh {
        let place = between(
            &page,
            &format!("<!-- {name} -->\n"),
            &format!("<!-- /{name} -->"),
        );
        page.replace_range(place, fence);
    }
    if std::env::var_os("EDGE_BLESS").is_some() {
        fs::write(path, page).unwrap();
        return;
    }
    assert_eq!(
        without_addresses(&text),
        without_addresses(&page),
        "stale, see EDGE_BLESS"
    );
}

/// Raw wasmtime: a host of four lines.
fn run(wasm: &[u8], input: &[u8]) -> (u32, Vec<u8>) {
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let edge_input = instance
        .get_typed_func::<u32, u32>(&mut store, "edge_input")
        .unwrap();
    let edge_run = instance
        .get_typed_func::<u32, u32>(&mut store, "edge_run")
        .unwrap();
    let length = u32::try_from(input.len()).unwrap();
    let at = edge_input.call(&mut store, length).unwrap() as usize;
    memory.data_mut(&mut store)[at..at + input.len()].copy_from_slice(input);
    let out = edge_run.call(&mut store, length).unwrap();
    let record = &memory.data(&store)[out as usize..];
    let length = u32::from_le_bytes(record[..4].try_into().unwrap()) as usize;
    (out, record[..length].to_vec())
}

fn between(text: &str, begin: &str, end: &str) -> Range<usize> {
    let start = text.find(begin).unwrap() + begin.len();
    start..start + text[start..].find(end).unwrap()
}

/// Sixteen bytes a line, with the text that they are.
fn dump(start: u32, bytes: &[u8]) -> String {
    let mut lines = String::new();
    for (i, line) in (0u32..).zip(bytes.chunks(16)) {
        let hex: Vec<String> = line
            .chunks(4)
            .map(|word| {
                word.iter()
                    .map(|b| format!("{b:02x}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let text: String = line
            .iter()
            .map(|b| {
                if b.is_ascii_graphic() {
                    char::from(*b)
                } else {
                    '.'
                }
            })
            .collect();
        writeln!(
            lines,
            "{:05x}  {:<50}  {text}",
            start + 16 * i,
            hex.join("  ")
        )
        .unwrap();
    }
    lines
}

/// The page with everything that depends on where constants and regions lie left out: the
/// output's line numbers, and words that are beyond what a length or an index can be.
fn without_addresses(page: &str) -> String {
    let place = between(page, "<!-- output -->\n", "<!-- /output -->");
    let lines = page[place.clone()].lines().map(|line| {
        let words = line.get(7..57).unwrap_or_default().split("  ");
        let words = words.map(|word| match word.split(' ').nth(1) {
            Some(high) if high != "00" && word.ends_with("00") => "address",
            _ => word,
        });
        words.collect::<Vec<_>>().join("|")
    });
    let lines: Vec<String> = lines.collect();
    format!(
        "{}{}{}",
        &page[..place.start],
        lines.join("\n"),
        &page[place.end..]
    )
}
