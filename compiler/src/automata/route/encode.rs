//! The bytes of a route table; their layout is in `edge_lookup::route`.

use edge_lookup::route::{HEADER, RECORD, TAG_ANY, TAG_END};

use super::edges::EdgeTable;
use super::subset::{Automaton, State};
use super::{RouteError, Stats};
use crate::automata::table::{push_u32, u32_from};

pub(super) fn encode(automaton: &Automaton<'_>) -> Result<(Vec<u8>, Stats), RouteError> {
    let places = places(automaton);
    let place = |state: u32| places.get(state as usize).copied().unwrap_or(TAG_ANY);
    let walked: Vec<&State<'_>> = automaton
        .states
        .iter()
        .zip(&places)
        .filter(|(_, place)| is_walked(**place))
        .map(|(state, _)| state)
        .collect();

    let mut edges = EdgeTable::default();
    let mut parts = Vec::with_capacity(walked.len());
    for state in &walked {
        let outgoing: Vec<(&[u8], u32)> = state
            .edges
            .iter()
            .map(|&(segment, target)| (segment, place(target)))
            .collect();
        parts.push(edges.add(&outgoing)?);
    }
    let stats = Stats {
        states: walked.len(),
        edges: walked.iter().map(|state| state.edges.len()).sum(),
        max_probe: edges.max_probe(),
    };

    let mut table = Vec::with_capacity(HEADER + (walked.len() + edges.slot_count()) * RECORD);
    push_u32(&mut table, place(0));
    push_u32(&mut table, 0);
    for (state, part) in walked.iter().zip(&parts) {
        push_u32(&mut table, u32_from(walked.len() + part.first));
        push_u32(&mut table, part.mask);
        table.extend_from_slice(&part.probes.to_le_bytes());
        table.extend_from_slice(&part.skipped.to_le_bytes());
        for field in [state.leaf, place(state.other), place(state.empty)] {
            push_u32(&mut table, field);
        }
    }
    edges.append_to(&mut table);
    Ok((table, stats))
}

/// Each state's place: a leaf if no walk needs to go on from it, else its number.
fn places(automaton: &Automaton<'_>) -> Vec<u32> {
    let states = &automaton.states;
    let is_any = |number: u32| {
        states
            .get(number as usize)
            .is_some_and(|state| stays(state, number))
    };
    let is_dead = |number: u32| {
        is_any(number)
            && states
                .get(number as usize)
                .is_some_and(|state| state.leaf == 0)
    };
    let mut walked = 0;
    (0..)
        .zip(states)
        .map(|(number, state)| {
            if is_any(number) {
                return TAG_ANY | state.leaf;
            }
            if state.edges.is_empty() && is_dead(state.other) && is_dead(state.empty) {
                return TAG_END | state.leaf;
            }
            walked += 1;
            u32_from(walked - 1)
        })
        .collect()
}

/// Whether every segment leads back to the state.
fn stays(state: &State<'_>, number: u32) -> bool {
    state.edges.is_empty() && state.other == number && state.empty == number
}

fn is_walked(place: u32) -> bool {
    place & (TAG_ANY | TAG_END) == 0
}
