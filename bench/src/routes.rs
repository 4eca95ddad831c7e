//! Routes: our tables beside `matchit`, natively and within a module.

mod table;

use crate::{
    Outcome,
    clock::{Budget, Contender, race},
    examples::run_once,
    policy::{Loaded, lower},
    report::{Cell, Section},
    request::Request,
};
use edge_compiler::source::NoFiles;
use edge_lookup::route;
use std::hint::black_box;
pub use table::Routes;

/// Lookups in one call of a contender, at most.
const PATHS: usize = 512;

/// Both tables, for growing numbers of routes.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let counts: &[usize] = if budget.quick {
        &[10, 100]
    } else {
        &[10, 100, 1_000, 10_000]
    };
    let (mut lookups, mut calls) = (Vec::new(), Vec::new());
    let bare = Loaded::new(&lower("bare.edge", &Routes::new(0).policy(), &NoFiles)?)?;
    for (count, most) in counts.iter().zip([0.6, 0.5, 0.4, 0.2]) {
        let routes = Routes::new(*count);
        let paths = routes.paths(if budget.quick { 16 } else { PATHS });
        let [lookup, call] = one(&routes, &paths, &bare, most, budget)?;
        lookups.push(lookup);
        calls.push(call);
    }
    Ok(vec![
        Section {
            title: "Routes: ns a lookup, one path in five without a route".into(),
            columns: vec![
                "routes",
                "matchit",
                "table",
                "ratio",
                "wasm",
                "wasm ratio",
                "budget",
                "edges",
            ],
            rows: lookups,
        },
        Section {
            title: "Routes: ns a whole call of a policy that proxies".into(),
            columns: vec!["routes", "no routes", "routes", "of the first"],
            rows: relative(calls),
        },
    ])
}

fn one(
    routes: &Routes,
    paths: &[String],
    bare: &Loaded,
    most: f64,
    budget: &Budget,
) -> Outcome<[Vec<Cell>; 2]> {
    let (router, table) = (routes.matchit()?, routes.table()?);
    routes.compare(paths, &router, &table)?;
    let policy = Loaded::new(&lower("routes.edge", &routes.policy(), &NoFiles)?)?;
    let (mut guest, mut plain) = (policy.guest()?, bare.guest()?);
    let inputs = inputs(&policy, paths)?;
    let bare_inputs = self::inputs(bare, paths)?;
    for (input, other) in inputs.iter().zip(&bare_inputs) {
        guest.run(input)?;
        plain.run(other)?;
    }
    let bytes = table.bytes();
    let [native, ours, without, with] = race(
        [
            Contender::new(paths.len(), || {
                for path in paths {
                    let _ = black_box(router.at(black_box(path)));
                }
            }),
            Contender::new(paths.len(), || {
                for path in paths {
                    black_box(route::find(bytes, black_box(path).as_bytes()));
                }
            }),
            Contender::new(paths.len(), || {
                bare_inputs
                    .iter()
                    .for_each(|input| run_once(&mut plain, input));
            }),
            Contender::new(paths.len(), || {
                inputs.iter().for_each(|input| run_once(&mut guest, input));
            }),
        ],
        budget,
    );
    let count = Cell::Count(routes.len() as u64);
    let lookup = vec![
        count.clone(),
        Cell::time(native),
        Cell::time(ours),
        Cell::ratio(ours, native),
        Cell::time(with - without),
        Cell::ratio(with - without, native),
        Cell::Number(most, 2),
        Cell::Count(table.stats().edges as u64),
    ];
    Ok([lookup, vec![count, Cell::time(without), Cell::time(with)]])
}

fn inputs(policy: &Loaded, paths: &[String]) -> Outcome<Vec<Vec<u8>>> {
    paths
        .iter()
        .map(|path| policy.input(&Request::get("route", path.as_str())))
        .collect()
}

/// Adds how each row's last number compares with the first row's.
fn relative(mut rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    let last = |row: &Vec<Cell>| match row.last() {
        Some(Cell::Number(value, _)) => *value,
        _ => f64::NAN,
    };
    let first = rows.first().map_or(f64::NAN, last);
    for row in &mut rows {
        let own = last(row);
        row.push(Cell::ratio(own, first));
    }
    rows
}
