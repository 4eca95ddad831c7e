//! The bytes of a route table; their layout is in `edge_kernels::lookup::route`.

use edge_kernels::lookup::route::{
    EMPTY, HEADER, SLOT, STATE, Segment, TAG_ANY, TAG_END, first_slot, scan_segment,
};

use super::Stats;
use super::subset::{Automaton, State};
use crate::automata::table::{push_u32, u32_from};

pub(super) fn encode(automaton: &Automaton<'_>) -> (Vec<u8>, Stats) {
    let places = places(automaton);
    let place = |state: u32| places.get(state as usize).copied().unwrap_or(TAG_ANY);
    let walked: Vec<&State<'_>> = automaton
        .states
        .iter()
        .zip(&places)
        .filter(|(_, place)| is_walked(**place))
        .map(|(state, _)| state)
        .collect();
    let edges: Vec<Edge<'_>> = (0..)
        .zip(&walked)
        .flat_map(|(number, state)| {
            state
                .edges
                .iter()
                .map(move |&(segment, target)| Edge::new(number, segment, place(target)))
        })
        .collect();
    let range = u32_from(2 * edges.len() + 1);
    let (slots, max_probe) = place_edges(&edges, range);

    let mut table = Vec::with_capacity(HEADER + walked.len() * STATE + slots.len() * SLOT);
    push_u32(&mut table, place(0));
    push_u32(&mut table, u32_from(walked.len()));
    push_u32(&mut table, range);
    push_u32(&mut table, u32_from(slots.len()));
    for state in &walked {
        let has_edges = u32::from(!state.edges.is_empty());
        for field in [
            state.leaf,
            place(state.other),
            place(state.empty),
            has_edges,
        ] {
            push_u32(&mut table, field);
        }
    }
    let mut pool = Vec::new();
    for slot in &slots {
        push_slot(&mut table, *slot, &mut pool);
    }
    table.append(&mut pool);
    (
        table,
        Stats {
            states: walked.len(),
            edges: edges.len(),
            max_probe,
        },
    )
}

/// A literal edge, hashed.
struct Edge<'p> {
    from: u32,
    segment: Segment,
    bytes: &'p [u8],
    place: u32,
}

impl<'p> Edge<'p> {
    fn new(from: u32, bytes: &'p [u8], place: u32) -> Edge<'p> {
        Edge {
            from,
            segment: scan_segment(bytes, 0),
            bytes,
            place,
        }
    }
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
            walked - 1
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

/// Each edge in the first free slot from where its search starts; the last stays empty.
/// Also the most slots that a search reads.
fn place_edges<'e, 'p>(edges: &'e [Edge<'p>], range: u32) -> (Vec<Option<&'e Edge<'p>>>, usize) {
    let mut slots: Vec<Option<&Edge<'_>>> = vec![None; range as usize];
    for edge in edges {
        let first = first_slot(edge.from, edge.segment.hash, range);
        match slots.iter_mut().skip(first).find(|slot| slot.is_none()) {
            Some(free) => *free = Some(edge),
            None => slots.push(Some(edge)),
        }
    }
    slots.push(None);
    let runs = slots.split(|slot| slot.is_none()).map(|run| run.len() + 1);
    let max_probe = runs.max().unwrap_or_default();
    (slots, max_probe)
}

fn push_slot(table: &mut Vec<u8>, slot: Option<&Edge<'_>>, pool: &mut Vec<u8>) {
    let Some(edge) = slot else {
        push_u32(table, EMPTY);
        table.extend_from_slice(&[0; SLOT - 4]);
        return;
    };
    push_u32(table, edge.from);
    push_u32(table, u32_from(edge.bytes.len()));
    table.extend_from_slice(&edge.segment.first.to_le_bytes());
    push_u32(table, u32_from(pool.len()));
    push_u32(table, edge.place);
    pool.extend_from_slice(edge.bytes.get(8..).unwrap_or_default());
}
