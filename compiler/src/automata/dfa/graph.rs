//! States and edges of an automaton over bytes, with a label on each state.

/// An automaton, not necessarily minimal. State 0 is the start.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in crate::automata) struct Graph<L> {
    /// The class of each byte; each below `stride`.
    pub classes: [u8; 256],
    /// How many classes there are, 1 to 256.
    pub stride: usize,
    /// The state after state `s` and class `c` is at `s * stride + c`.
    pub next: Vec<u32>,
    /// What is known of a text that ends in the state.
    pub labels: Vec<L>,
}

impl<L: Copy + Default> Graph<L> {
    pub fn class(&self, byte: u8) -> usize {
        self.classes
            .get(usize::from(byte))
            .map_or(0, |&class| usize::from(class))
    }

    pub fn step(&self, state: u32, class: usize) -> u32 {
        self.next
            .get(state as usize * self.stride + class)
            .copied()
            .unwrap_or_default()
    }

    pub fn label(&self, state: u32) -> L {
        self.labels.get(state as usize).copied().unwrap_or_default()
    }
}
