//! The constants of a module: every run of bytes once.

use std::collections::HashMap;

/// Constants, laid out from an address on.
#[derive(Debug)]
pub(super) struct Constants {
    base: u32,
    bytes: Vec<u8>,
    known: HashMap<Vec<u8>, u32>,
}

impl Constants {
    /// None yet.
    pub fn new(base: u32) -> Constants {
        Constants {
            base,
            bytes: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// The address of these bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> u32 {
        self.aligned(bytes, 1)
    }

    /// The address of a table, 4-aligned.
    pub fn table(&mut self, bytes: &[u8]) -> u32 {
        self.aligned(bytes, 4)
    }

    fn aligned(&mut self, bytes: &[u8], alignment: usize) -> u32 {
        if bytes.is_empty() {
            return self.base;
        }
        if let Some(&known) = self.known.get(bytes)
            && (known as usize).is_multiple_of(alignment)
        {
            return known;
        }
        self.bytes
            .resize(self.bytes.len().next_multiple_of(alignment), 0);
        let address = self.end();
        self.bytes.extend_from_slice(bytes);
        self.known.insert(bytes.to_vec(), address);
        address
    }

    /// Where they start.
    pub fn base(&self) -> u32 {
        self.base
    }

    /// Where they end.
    pub fn end(&self) -> u32 {
        self.base
            .saturating_add(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX))
    }

    /// How many bytes they are.
    pub fn bytes_held(&self) -> usize {
        self.bytes.len()
    }

    /// All of them.
    pub fn all(&self) -> &[u8] {
        &self.bytes
    }
}
