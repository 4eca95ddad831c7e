//! The passes over the decision graph, in order. Each is checked by `decision::verify` in
//! tests, and all by the property tests against the reference evaluator.

mod batch_waits;
mod drop_decided;
mod expose_once;
mod fold_constants;
mod gate_runs;
mod prune_steps;
mod rewrite;
mod route_tables;

use crate::decision::Decision;

/// A pass: its name, and what it does.
pub type Pass = (&'static str, fn(Decision) -> Decision);

/// The passes, in order.
pub const PASSES: &[Pass] = &[
    ("fold_constants", fold_constants::run),
    ("drop_decided", drop_decided::run),
    ("expose_once", expose_once::run),
    ("batch_waits", batch_waits::run),
    ("route_tables", route_tables::run),
    ("gate_runs", gate_runs::run),
    ("prune_steps", prune_steps::run),
];

/// Runs all passes.
#[must_use]
pub fn run(graph: Decision) -> Decision {
    PASSES.iter().fold(graph, |graph, (name, pass)| {
        let graph = pass(graph);
        debug_assert_eq!(
            crate::decision::verify::verify(&graph),
            Ok(()),
            "after {name}"
        );
        graph
    })
}
