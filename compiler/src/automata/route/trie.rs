//! The patterns as a trie over segments.

use std::collections::HashMap;

use super::{PathPattern, Segment};

/// A trie. Node 0 is the root, before any segment.
pub(super) struct Trie<'p> {
    nodes: Vec<Node<'p>>,
}

/// What is left of the patterns that begin alike.
#[derive(Default)]
pub(super) struct Node<'p> {
    /// Children by literal segment, each segment once.
    pub literals: Vec<(&'p [u8], u32)>,
    /// The child by any segment that is not empty.
    pub param: Option<u32>,
    /// The patterns that end here, ascending.
    pub ends: Vec<u32>,
    /// The patterns that match whatever comes after one more slash, ascending.
    pub rests: Vec<u32>,
}

impl<'p> Trie<'p> {
    pub fn new(patterns: &'p [PathPattern]) -> Trie<'p> {
        let mut trie = Trie {
            nodes: vec![Node::default()],
        };
        let mut children = HashMap::new();
        for (index, pattern) in (0..).zip(patterns) {
            trie.insert(index, pattern, &mut children);
        }
        trie
    }

    pub fn node(&self, number: u32) -> Option<&Node<'p>> {
        self.nodes.get(number as usize)
    }

    fn insert(
        &mut self,
        index: u32,
        pattern: &'p PathPattern,
        children: &mut HashMap<(u32, &'p [u8]), u32>,
    ) {
        let mut at = 0;
        for segment in &pattern.segments {
            let next = self.nodes.len() as u32;
            let Some(node) = self.nodes.get_mut(at as usize) else {
                return;
            };
            at = match segment {
                Segment::Literal(bytes) => *children.entry((at, bytes)).or_insert_with(|| {
                    node.literals.push((bytes, next));
                    next
                }),
                Segment::Param => *node.param.get_or_insert(next),
                Segment::Rest => {
                    node.rests.push(index);
                    return;
                }
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at as usize).filter(|_| at != 0) {
            node.ends.push(index);
        }
    }
}
