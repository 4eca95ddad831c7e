//! The cache over real sockets: what the RFCs ask of a shared cache, and attacks on what it keeps.
//!
//! The cases are data, `cases/*.toml` and `poisoning.toml`; `README.md` explains both.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod attack;
mod case;
mod date;
mod expect;
mod origin;
mod play;
mod server;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use case::Case;
use origin::Origin;
use server::Edge;

/// How many cases run at a time. Most of them wait.
const AT_A_TIME: usize = 64;

#[test]
fn every_case_holds() {
    let cases = cases();
    assert!(cases.len() >= 200, "only {} cases", cases.len());
    let failed = run(&cases);
    assert!(
        failed.is_empty(),
        "\n{}\n{} of {} cases failed",
        failed.join("\n"),
        failed.len(),
        cases.len()
    );
}

/// All cases, in the order of their files; `CASE=text` runs those only whose name holds the text.
fn cases() -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(folder().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let class = path.file_stem().unwrap().to_str().unwrap();
        cases.extend(case::read(class, &fs::read_to_string(&path).unwrap()));
    }
    cases
}

/// Runs cases on one server with one origin, and tells what failed.
fn run(cases: &[Case]) -> Vec<String> {
    let origin = Origin::start();
    let policy = fs::read_to_string(folder().join("policy.edge")).unwrap();
    let edge = Edge::start(&policy, origin.address);
    let wanted = std::env::var("CASE").unwrap_or_default();
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case.name.contains(&wanted))
        .collect();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(report) = play::run(case, edge.address, &origin) {
                        failed.lock().unwrap().push((case.name.clone(), report));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    failed.into_iter().map(|(_, report)| report).collect()
}

#[test]
fn no_attack_is_seen_by_others() {
    let attacks = attack::read(&fs::read_to_string(folder().join("poisoning.toml")).unwrap());
    assert!(attacks.len() >= 40, "only {} attacks", attacks.len());
    let policy = fs::read_to_string(folder().join("poisoning.edge")).unwrap();
    let mirror = attack::mirror();
    let (attacked, untouched) = (Edge::start(&policy, mirror), Edge::start(&policy, mirror));
    let wanted = std::env::var("CASE").unwrap_or_default();
    let failed: Vec<_> = attacks
        .iter()
        .filter(|attack| attack.name.contains(&wanted))
        .filter_map(|attack| attack.run(attacked.address, untouched.address).err())
        .collect();
    assert!(
        failed.is_empty(),
        "\n{}\n{} of {} attacks succeeded",
        failed.join("\n"),
        failed.len(),
        attacks.len()
    );
}

/// Where all of the client's header is sent, attacks do succeed: the mirror shows them, and they are noticed.
#[test]
fn attacks_are_noticed() {
    let policy = fs::read_to_string(folder().join("poisoning.edge")).unwrap();
    let open = policy.replace("tier edge 1h", "tier edge 1h  forward client_headers");
    let mirror = attack::mirror();
    let (attacked, untouched) = (Edge::start(&open, mirror), Edge::start(&open, mirror));
    let attacks = attack::read(&fs::read_to_string(folder().join("poisoning.toml")).unwrap());
    let noticed = attacks
        .iter()
        .filter(|attack| attack.run(attacked.address, untouched.address).is_err());
    assert!(noticed.count() >= 40);
}

/// The cases of `README.md` are run too.
#[test]
fn the_page_says_what_is() {
    let page = fs::read_to_string(folder().join("README.md")).unwrap();
    let fences: Vec<_> = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let (attacks, cases): (Vec<&str>, Vec<&str>) =
        fences.iter().partition(|text| text.contains("[[attack]]"));
    let cases: Vec<_> = cases
        .iter()
        .enumerate()
        .flat_map(|(number, text)| case::read(&format!("readme-{number}"), text))
        .collect();
    let failed = run(&cases);
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    assert!(!attacks.is_empty());
    for text in attacks {
        attack::read(text);
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caching")
}

/// What two threads share.
type Shared<T> = Arc<Mutex<T>>;
