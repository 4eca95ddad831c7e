//! Many rules on one text, beside native libraries: which of N patterns are in 1 KiB?
//!
//! Each pattern is a rule of its own, so all contenders must find out which ones match. A text that
//! holds none is the common case; the hostile one is full of what nearly matches.

mod patterns;

use crate::{
    Outcome,
    clock::{Budget, Contender, race},
    examples::run_once,
    policy::{Loaded, lower},
    report::{Cell, Section},
    request::Request,
};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use edge_compiler::source::NoFiles;
use patterns::Patterns;
use regex::bytes::{RegexSet, RegexSetBuilder};
use std::{fmt::Write, hint::black_box};

/// Bytes of the text.
const TEXT: usize = 1024;

/// Literals, then regexes.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let counts: &[usize] = if budget.quick {
        &[50]
    } else {
        &[10, 50, 100, 200, 1000]
    };
    let mut literals = Vec::new();
    for count in counts {
        literals.extend(rows(&Patterns::literals(*count), budget)?);
    }
    let mut regexes = Vec::new();
    for count in if budget.quick { &[10][..] } else { &[10, 100] } {
        regexes.extend(rows(&Patterns::regexes(*count), budget)?);
    }
    let columns = vec![
        "patterns",
        "text",
        "wasm",
        "RegexSet",
        "ratio",
        "aho-corasick",
        "ratio",
        "module B",
    ];
    Ok(vec![
        Section {
            title: "Literals, each a rule, in 1 KiB: ns a scan".into(),
            columns: columns.clone(),
            rows: literals,
        },
        Section {
            title: "Regexes, each a rule, in 1 KiB: ns a scan".into(),
            columns,
            rows: regexes,
        },
    ])
}

fn rows(patterns: &Patterns, budget: &Budget) -> Outcome<Vec<Vec<Cell>>> {
    let lowered = lower("scans.edge", &policy(patterns), &NoFiles)?;
    let loaded = Loaded::new(&lowered)?;
    let bare = Loaded::new(&lower(
        "bare.edge",
        &policy(&Patterns::default()),
        &NoFiles,
    )?)?;
    let set = RegexSetBuilder::new(patterns.regex_sources())
        .unicode(false)
        .size_limit(1 << 28)
        .dfa_size_limit(1 << 28)
        .build()?;
    let finders = finders(patterns)?;
    let mut rows = Vec::new();
    for (name, text) in [
        ("ordinary", patterns.ordinary(TEXT)),
        ("hostile", patterns.hostile(TEXT)),
    ] {
        rows.push(row(
            patterns,
            name,
            text,
            &lowered,
            [&loaded, &bare],
            &set,
            &finders,
            budget,
        )?);
    }
    Ok(rows)
}

#[expect(clippy::too_many_arguments, reason = "one measurement")]
fn row(
    patterns: &Patterns,
    name: &'static str,
    text: String,
    lowered: &edge_compiler::Lowered,
    [loaded, bare]: [&Loaded; 2],
    set: &RegexSet,
    finders: &[AhoCorasick],
    budget: &Budget,
) -> Outcome<Vec<Cell>> {
    let text: &'static str = text.leak();
    let request = Request::get(name, "/").header("x-text", text);
    let (input, other) = (loaded.input(&request)?, bare.input(&request)?);
    let (mut guest, mut plain) = (loaded.guest()?, bare.guest()?);
    assert!(
        set.matches(text.as_bytes()).iter().next().is_none(),
        "{name}: {text}"
    );
    guest.run(&input)?;
    let mut best: Option<f64> = None;
    let mut ours = f64::NAN;
    let mut regex = f64::NAN;
    // Each finder runs against the others in a race of its own; the best one counts.
    for finder in finders {
        let [wasm, empty, sets, found] = race(
            [
                Contender::new(1, || run_once(&mut guest, &input)),
                Contender::new(1, || run_once(&mut plain, &other)),
                Contender::new(1, || {
                    black_box(set.matches(black_box(text.as_bytes())));
                }),
                Contender::new(1, || {
                    black_box(which(finder, black_box(text.as_bytes())));
                }),
            ],
            budget,
        );
        if best.is_none_or(|best| found < best) {
            (best, ours, regex) = (Some(found), wasm - empty, sets);
        }
    }
    if finders.is_empty() {
        [ours, regex] = {
            let [wasm, empty, sets] = race(
                [
                    Contender::new(1, || run_once(&mut guest, &input)),
                    Contender::new(1, || run_once(&mut plain, &other)),
                    Contender::new(1, || {
                        black_box(set.matches(black_box(text.as_bytes())));
                    }),
                ],
                budget,
            );
            [wasm - empty, sets]
        };
    }
    Ok(vec![
        Cell::Count(patterns.len() as u64),
        Cell::text(name),
        Cell::time(ours),
        Cell::time(regex),
        Cell::ratio(ours, regex),
        best.map_or(Cell::text("-"), Cell::time),
        best.map_or(Cell::text("-"), |best| Cell::ratio(ours, best)),
        Cell::Count(lowered.wasm.len() as u64),
    ])
}

/// All of them, overlaps included: a bit each.
fn which(finder: &AhoCorasick, text: &[u8]) -> u64 {
    // A finder with a prefilter may say quickly that there is nothing.
    if finder.kind() == AhoCorasickKind::DFA
        && finder.match_kind() == aho_corasick::MatchKind::Standard
    {
        return finder
            .find_overlapping_iter(text)
            .map(|found| 1 << (found.pattern().as_u32() % 64))
            .fold(0, |a, b| a | b);
    }
    u64::from(finder.is_match(text))
}

/// Aho and Corasick's automaton that names all matches, and the library's own best choice, which
/// only says whether there is any.
fn finders(patterns: &Patterns) -> Outcome<Vec<AhoCorasick>> {
    let Some(literals) = patterns.plain() else {
        return Ok(Vec::new());
    };
    Ok(vec![
        AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(literals)?,
        AhoCorasick::builder()
            .match_kind(aho_corasick::MatchKind::LeftmostFirst)
            .build(literals)?,
    ])
}

fn policy(patterns: &Patterns) -> String {
    let mut text =
        String::from("waf many {\n  rule none { when request.header[\"x-never\"] is present }\n");
    for (index, condition) in patterns.conditions().enumerate() {
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "  rule r{index} {{ when request.header[\"x-text\"] {condition} }}"
        );
    }
    text.push_str("}\non request { waf many }\ndefault { respond 204 }\n");
    text
}
