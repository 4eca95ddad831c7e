//! The fuzzers' corpus, replayed without a fuzzer: `fuzz/README.md` says how to run the real one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs
)]

#[path = "support/record.rs"]
mod record;
#[path = "../fuzz/src/targets.rs"]
mod targets;

use edge_abi::manifest::{Fact, Kind};
use edge_compiler::{
    eval::{Facts, RawValue},
    source::NoFiles,
};

use std::{fs, path::Path};

fn replay(name: &str, least: usize, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= least, "{name}: {} files", files.len());
    for file in files {
        println!("{}", file.display());
        target(&fs::read(file).unwrap());
    }
}

#[test]
fn parse() {
    replay("parse", 10, targets::parse);
}

#[test]
fn compile() {
    replay("compile", 10, targets::compile);
}

#[test]
fn guest_input() {
    replay("guest_input", 10, targets::guest_input);
}

#[test]
fn output_check() {
    replay("output_check", 5, targets::output_check);
}

#[test]
fn stream_scan() {
    replay("stream_scan", 5, targets::stream_scan);
}

/// Every example and every policy of the vectors, whole and cut off anywhere.
#[test]
fn policies_that_break_off() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for entry in fs::read_dir(root.join("examples")).into_iter().flatten() {
        texts.extend(fs::read(entry.unwrap().path().join("policy.edge")));
    }
    for entry in fs::read_dir(root.join("fuzz/corpus/compile")).unwrap() {
        texts.push(fs::read(entry.unwrap().path()).unwrap());
    }
    for text in texts {
        let step = (text.len() / 40).max(1);
        (0..=text.len())
            .step_by(step)
            .for_each(|end| targets::parse(&text[..end]));
    }
}

/// The seeds of `guest_input` are inputs that the policy takes. `EDGE_BLESS=1` writes them anew.
#[test]
fn the_policy_takes_its_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/guest_input");
    let (_, lowered) = edge_compiler::compile("policy.edge", targets::POLICY, &NoFiles).unwrap();
    let manifest = lowered.manifest;
    let tag = u64::from_str_radix(&manifest.source_digest[..16], 16).unwrap();
    let requests = [
        ("GET", "/"),
        ("GET", "/users/7/a/b?q=%41+b"),
        ("POST", "/body"),
        ("GET", "/list?q=a&q=b&to=%2f%0a"),
        ("GET", "/a/%2e%2e/b"),
        ("PUT", "/%zz"),
        ("GET", "/list?q=%3Cb%3E&amp;&q=b"),
    ];
    for (set, slots) in manifest.slot_sets.iter().enumerate() {
        let set = u32::try_from(set).unwrap();
        for (i, (method, target)) in requests
            .iter()
            .enumerate()
            .take(if set == 0 { 7 } else { 2 })
        {
            let mut facts = Facts::default();
            for slot in slots {
                let value = match (&slot.fact, slot.kind) {
                    (Fact::Method, _) => RawValue::Bytes(method.as_bytes().to_vec()),
                    (Fact::RequestTarget, _) => RawValue::Bytes(target.as_bytes().to_vec()),
                    (_, Kind::I64) => RawValue::Int(7),
                    (_, Kind::Ip) => {
                        RawValue::Ip([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1])
                    }
                    (_, Kind::Bool) => RawValue::Bool(i % 2 == 0),
                    (_, Kind::F64) => RawValue::Float(52.5),
                    (_, Kind::List) => RawValue::List(vec![b"a".to_vec(), b"bc".to_vec()]),
                    (_, Kind::Bytes) => RawValue::Bytes(b"sid=1; 123 a".to_vec()),
                };
                facts.raw.insert(slot.fact.clone(), value);
            }
            let body = slots.iter().any(|slot| slot.fact == Fact::Body);
            let continuation = [&tag.to_le_bytes()[..], &set.to_le_bytes()].concat();
            let event = match (set, body) {
                (0, _) => 1,
                (_, true) => 2,
                _ if i == 0 => 3,
                _ => 6,
            };
            let input = record::write(
                &record::Input {
                    event,
                    slots,
                    continuation: if set == 0 { &[] } else { &continuation },
                    results: if body { &[(0, 22)] } else { &[] },
                    ..record::Input::default()
                },
                &facts,
            );
            targets::guest_input(&input);
            let file = folder.join(format!("set{set}_{i}"));
            if std::env::var_os("EDGE_BLESS").is_some() {
                fs::write(&file, &input).unwrap();
            }
            assert!(
                fs::read(&file).unwrap() == input,
                "stale, see EDGE_BLESS: {}",
                file.display()
            );
        }
    }
}
