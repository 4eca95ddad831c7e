//! Many rules on one text, beside native libraries: which of N patterns are in 1 KiB?
//!
//! Each pattern is a rule of its own, so all contenders must find out which ones match. A text that
//! holds none is the common case; the hostile one is full of what nearly matches.

mod hyperscan;
pub mod patterns;

use crate::{
    Outcome,
    clock::{Budget, Contender, race},
    examples::run_once,
    policy::{Loaded, lower},
    report::{Cell, Section},
    request::Request,
};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use edge_compiler::{Lowered, source::NoFiles};
use hyperscan::{Program, Scanner};
use patterns::Patterns;
use regex::bytes::{RegexSet, RegexSetBuilder};
use std::{fmt::Write, hint::black_box, time::Duration};

/// Bytes of the text.
const TEXT: usize = 1024;

/// Literals, then regexes.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let counts: &[usize] = if budget.quick {
        &[50]
    } else {
        &[10, 50, 100, 200, 1000]
    };
    let hyperscan = Program::build()?;
    let mut literals = Vec::new();
    for count in counts {
        literals.extend(rows(
            &Patterns::literals(*count),
            hyperscan.as_ref(),
            budget,
        )?);
    }
    let mut regexes = Vec::new();
    for count in if budget.quick { &[10][..] } else { &[10, 100] } {
        regexes.extend(rows(
            &Patterns::regexes(*count),
            hyperscan.as_ref(),
            budget,
        )?);
    }
    let columns = vec![
        "patterns",
        "text",
        "wasm",
        "RegexSet",
        "/ RegexSet",
        "aho-corasick",
        "/ aho-corasick",
        "hyperscan",
        "/ hyperscan",
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

fn rows(
    patterns: &Patterns,
    hyperscan: Option<&Program>,
    budget: &Budget,
) -> Outcome<Vec<Vec<Cell>>> {
    let lowered = lower("scans.edge", &policy(patterns), &NoFiles)?;
    let (loaded, mut peers) = (Loaded::new(&lowered)?, Peers::new(patterns)?);
    let bare = Loaded::new(&bare()?)?;
    let texts = [
        ("ordinary", patterns.ordinary(TEXT).leak() as &str),
        ("hostile", patterns.hostile(TEXT).leak()),
    ];
    peers.scanner = match hyperscan {
        Some(program) => Some(program.start(patterns, &texts.map(|(_, text)| text))?),
        None => None,
    };
    let mut rows = Vec::new();
    for (index, (name, text)) in texts.into_iter().enumerate() {
        let [ours, sets, best, hyperscan] =
            one([&loaded, &bare], &mut peers, (index, text), budget)?;
        let against = |peer: f64, there: bool| match there {
            true => [Cell::time(peer), Cell::ratio(ours, peer)],
            false => [Cell::None, Cell::None],
        };
        let mut row = vec![
            Cell::Count(patterns.len() as u64),
            Cell::text(name),
            Cell::time(ours),
        ];
        row.extend(against(sets, true));
        row.extend(against(best, peers.finders.is_some()));
        row.extend(against(hyperscan, peers.scanner.is_some()));
        row.push(Cell::Count(lowered.wasm.len() as u64));
        rows.push(row);
    }
    Ok(rows)
}

/// What the scan adds to a call, what `RegexSet` takes, the faster one of the finders, Hyperscan.
fn one(
    [loaded, bare]: [&Loaded; 2],
    peers: &mut Peers,
    (index, text): (usize, &'static str),
    budget: &Budget,
) -> Outcome<[f64; 4]> {
    let request = Request::get("scan", "/").header("x-text", text);
    let (input, other) = (loaded.input(&request)?, bare.input(&request)?);
    let (mut guest, mut plain) = (loaded.guest()?, bare.guest()?);
    if peers.set.is_match(text.as_bytes()) {
        return Err(format!("a text that should hold nothing: {text}").into());
    }
    guest.run(&input)?;
    let Peers {
        set,
        finders,
        scanner,
    } = peers;
    let find = |which: usize| {
        if let Some(finder) = finders.as_ref().and_then(|finders| finders.get(which)) {
            black_box(self::which(finder, black_box(text.as_bytes())));
        }
    };
    let [wasm, empty, sets, all, first, hyperscan] = race(
        [
            Contender::new(1, || run_once(&mut guest, &input)),
            Contender::new(1, || run_once(&mut plain, &other)),
            Contender::new(1, || {
                black_box(set.matches(black_box(text.as_bytes())));
            }),
            Contender::new(1, || find(0)),
            Contender::new(1, || find(1)),
            Contender::elsewhere(|times| match scanner {
                Some(scanner) => scanner.scan(index, times),
                None => Duration::ZERO,
            }),
        ],
        budget,
    );
    if let Some(scanner) = scanner {
        scanner.check()?;
    }
    Ok([wasm - empty, sets, all.min(first), hyperscan])
}

/// The libraries that do the same job.
struct Peers {
    set: RegexSet,
    /// For literals: Aho and Corasick's automaton, which names all matches, and the library's own
    /// best choice, which only says whether there is any.
    finders: Option<[AhoCorasick; 2]>,
    scanner: Option<Scanner>,
}

impl Peers {
    fn new(patterns: &Patterns) -> Outcome<Peers> {
        let set = RegexSetBuilder::new(patterns.regex_sources())
            .unicode(false)
            .size_limit(1 << 28)
            .dfa_size_limit(1 << 28)
            .build()?;
        let finders = match patterns.plain() {
            Some(literals) => Some([
                AhoCorasick::builder()
                    .kind(Some(AhoCorasickKind::DFA))
                    .build(literals)?,
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostFirst)
                    .build(literals)?,
            ]),
            None => None,
        };
        Ok(Peers {
            set,
            finders,
            scanner: None,
        })
    }
}

/// A bit for each pattern, overlaps included, where the finder can tell.
fn which(finder: &AhoCorasick, text: &[u8]) -> u64 {
    if finder.match_kind() == MatchKind::Standard {
        let all = finder.find_overlapping_iter(text);
        return all.fold(0, |bits, found| bits | 1 << (found.pattern().as_u32() % 64));
    }
    u64::from(finder.is_match(text))
}

/// The policy without a pattern: what a call costs without the scan.
pub fn bare() -> Outcome<Lowered> {
    lower("bare.edge", &policy(&Patterns::default()), &NoFiles)
}

/// A rule for each pattern, all about one header.
pub fn policy(patterns: &Patterns) -> String {
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
