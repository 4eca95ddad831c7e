//! Two automata run side by side.

use std::collections::HashMap;

use super::graph::Graph;
use super::{Budget, DfaError};

/// The automaton that accepts where `accepts`, of what each of the two says, holds.
pub(super) fn product(
    left: &Graph<bool>,
    right: &Graph<bool>,
    budget: Budget,
    accepts: impl Fn(bool, bool) -> bool,
) -> Result<Graph<bool>, DfaError> {
    let (classes, pairs) = common_classes(left, right);
    let mut graph = Graph {
        classes,
        stride: pairs.len(),
        next: Vec::new(),
        labels: Vec::new(),
    };
    let mut numbers = HashMap::from([((0, 0), 0u32)]);
    let mut order = vec![(0, 0)];
    while let Some(&(a, b)) = order.get(graph.labels.len()) {
        graph.labels.push(accepts(left.label(a), right.label(b)));
        for &(left_class, right_class) in &pairs {
            let target = (left.step(a, left_class), right.step(b, right_class));
            let number = *numbers.entry(target).or_insert_with(|| {
                order.push(target);
                (order.len() - 1) as u32
            });
            graph.next.push(number);
        }
        if order.len() > budget.states {
            return Err(DfaError::TooManyStates {
                limit: budget.states,
            });
        }
    }
    Ok(graph)
}

/// Classes that refine both sides', and the pair of classes that each stands for.
fn common_classes(left: &Graph<bool>, right: &Graph<bool>) -> ([u8; 256], Vec<(usize, usize)>) {
    let mut known = HashMap::new();
    let mut pairs = Vec::new();
    let mut classes = [0; 256];
    for (byte, class) in (0..=255u8).zip(&mut classes) {
        let pair = (left.class(byte), right.class(byte));
        // At most 256 pairs, so that the last number is 255.
        *class = *known.entry(pair).or_insert_with(|| {
            pairs.push(pair);
            (pairs.len() - 1) as u8
        });
    }
    (classes, pairs)
}
