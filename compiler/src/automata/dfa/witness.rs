//! A shortest accepted text, by breadth-first search.

use super::graph::Graph;

pub(super) fn witness(graph: &Graph<bool>) -> Option<Vec<u8>> {
    let mut came_from: Vec<Option<(u32, u8)>> = vec![None; graph.labels.len()];
    let bytes = readable_representatives(graph);
    let mut order = vec![0u32];
    let mut at = 0;
    while let Some(&state) = order.get(at) {
        if graph.label(state) {
            return Some(path_to(state, &came_from));
        }
        for &(class, byte) in &bytes {
            let target = graph.step(state, class);
            match came_from.get_mut(target as usize) {
                Some(origin) if origin.is_none() && target != 0 => *origin = Some((state, byte)),
                _ => continue,
            }
            order.push(target);
        }
        at += 1;
    }
    None
}

/// Each class with its most readable byte: letters, digits, other graphic bytes, the rest.
fn readable_representatives(graph: &Graph<bool>) -> Vec<(usize, u8)> {
    let rank = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'0'..=b'9' => 1,
        b'A'..=b'Z' => 2,
        0x21..=0x7e => 3,
        b' ' => 4,
        _ => 5,
    };
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.sort_by_key(|&byte| rank(byte));
    let mut seen = vec![false; graph.stride];
    let mut representatives = Vec::new();
    for byte in bytes {
        let class = graph.class(byte);
        if let Some(seen) = seen.get_mut(class).filter(|seen| !**seen) {
            *seen = true;
            representatives.push((class, byte));
        }
    }
    representatives
}

fn path_to(state: u32, came_from: &[Option<(u32, u8)>]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut state = state;
    while let Some(&Some((origin, byte))) = came_from.get(state as usize) {
        text.push(byte);
        state = origin;
    }
    text.reverse();
    text
}
