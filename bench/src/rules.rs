//! Ten rules on one field, then a hundred: what a rule more costs, in time and in instructions.
//!
//! Half of the rules look for a literal, half for a regex. They are all decided by one pass over
//! the field, so ten times as many rules should be far from ten times as much work.

use crate::{
    Outcome,
    clock::{Budget, Contender, race},
    examples::run_once,
    policy::{Loaded, instructions, lower},
    report::{Cell, Section},
    request::Request,
    scans::{bare, patterns::Patterns, policy},
};
use edge_compiler::{Lowered, source::NoFiles};
use edge_host::engine::Guest;

/// How many rules.
const COUNTS: [usize; 2] = [10, 100];

/// What the rules add to a call of a policy without them.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let patterns = COUNTS.map(Patterns::mixed);
    let [few, many] = &patterns;
    let bare = bare()?;
    let small = lower("rules.edge", &policy(few), &NoFiles)?;
    let large = lower("rules.edge", &policy(many), &NoFiles)?;
    let texts = [
        ("ordinary 200 B", many.ordinary(200)),
        ("ordinary 1 KiB", many.ordinary(1024)),
        ("hostile 1 KiB", many.hostile(1024)),
    ];
    let mut rows = Vec::new();
    for (name, text) in texts {
        rows.extend(one(name, text.leak(), [&bare, &small, &large], budget)?);
    }
    Ok(vec![Section {
        title: "Rules on one field: what they add to a call".into(),
        columns: vec![
            "text",
            "rules",
            "instructions",
            "of 10 rules'",
            "ns",
            "of 10 rules' ns",
            "module B",
        ],
        rows,
    }])
}

/// A row for each number of rules.
fn one(
    name: &str,
    text: &'static str,
    modules: [&Lowered; 3],
    budget: &Budget,
) -> Outcome<Vec<Vec<Cell>>> {
    let request = Request::get("rules", "/").header("x-text", text);
    let [empty, few, many] = times(modules, &request, budget)?;
    let [bare, small, large] = modules;
    let none = instructions(bare, &request)?;
    let row = |index: usize, module: &Lowered, time: f64| -> Outcome<Vec<Cell>> {
        let more = instructions(module, &request)?.saturating_sub(none);
        let first = instructions(small, &request)?.saturating_sub(none);
        Ok(vec![
            Cell::text(name),
            Cell::Count(COUNTS.get(index).copied().unwrap_or(0) as u64),
            Cell::Count(more),
            Cell::ratio(more as f64, first as f64),
            Cell::time(time - empty),
            Cell::ratio(time - empty, few - empty),
            Cell::Count(module.wasm.len() as u64),
        ])
    };
    Ok(vec![row(0, small, few)?, row(1, large, many)?])
}

fn times(modules: [&Lowered; 3], request: &Request, budget: &Budget) -> Outcome<[f64; 3]> {
    let ready = |module: &Lowered| -> Outcome<(Guest, Vec<u8>)> {
        let loaded = Loaded::new(module)?;
        let (mut guest, input) = (loaded.guest()?, loaded.input(request)?);
        guest.run(&input)?;
        Ok((guest, input))
    };
    let [bare, small, large] = modules.map(ready);
    let contenders = [bare?, small?, large?]
        .map(|(mut guest, input)| Contender::new(1, move || run_once(&mut guest, &input)));
    Ok(race(contenders, budget))
}
