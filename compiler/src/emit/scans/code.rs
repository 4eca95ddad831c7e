//! Scans as functions, and tests of what they found.

use super::{Confirm, Part, Place, sought::pattern};
use crate::{
    decision::{Atom, Handle, Matcher, Value},
    emit::{
        EmitError, Emitter, Key, Signature,
        code::{Code, at},
        length,
    },
};
use std::collections::BTreeMap;
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    /// Leaves whether a pattern is in the text of a subject, which is present; false if there
    /// is no scan for it.
    pub(in crate::emit) fn scan_finds(
        &mut self,
        code: &mut Code,
        subject: Handle<Value>,
        matcher: &Matcher,
        text: [u32; 2],
    ) -> Result<bool, EmitError> {
        let Some(pattern) = pattern(matcher) else {
            return Ok(false);
        };
        let key = (subject, pattern);
        let Some(&Place { part, bit, maybe }) = self.scans.places.get(&key) else {
            return Ok(false);
        };
        let [p, l] = text;
        self.scanned_bit(code, part, bit, text);
        if let Some(confirm) = maybe {
            code.if_bool();
            match confirm {
                Confirm::Scan(part, bit) => self.scanned_bit(code, part, bit, text),
                Confirm::Alone => self.automaton(code, &key.1, p, l)?,
            }
            code.or_else().i32(0).end();
        }
        Ok(true)
    }

    /// Leaves a bit of what a scan found in a text.
    fn scanned_bit(&mut self, code: &mut Code, part: u32, bit: u32, [p, l]: [u32; 2]) {
        let function = self.function(Key::Scan(part));
        let memo = self
            .scans
            .parts
            .get(part as usize)
            .map_or(0, |part| part.memo);
        code.get(p).get(l).call(function);
        code.region(self.layout.memo + 16 * memo + bit / 8)
            .push(I::I32Load8U(at(0)))
            .i32(bit % 8)
            .push(I::I32ShrU)
            .i32(1)
            .push(I::I32And);
    }

    /// What scans answer of a list of conditions, and the rest.
    pub(in crate::emit) fn scanned(
        &self,
        list: &[Handle<Value>],
    ) -> (Vec<Scanned>, Vec<Handle<Value>>) {
        let mut scanned: Vec<Scanned> = Vec::new();
        let mut others = Vec::new();
        let graph = self.graph;
        for &value in list {
            let Value::Atom(atom) = graph.values.get(value) else {
                others.push(value);
                continue;
            };
            let Atom { subject, matcher } = graph.atoms.get(*atom);
            let place = pattern(matcher).and_then(|p| self.scans.places.get(&(*subject, p)));
            let Some(place) = place else {
                others.push(value);
                continue;
            };
            let known = scanned.iter().position(|s| s.number == place.part);
            let index = known.unwrap_or_else(|| {
                scanned.push(Scanned::new(place.part, *subject));
                scanned.len() - 1
            });
            if let Some(part) = scanned.get_mut(index) {
                if place.maybe.is_some() {
                    part.maybe.push((place.bit, value));
                } else {
                    part.sure.push(place.bit);
                }
            }
        }
        (scanned, others)
    }

    /// Leaves whether a scan of a subject, which may be absent, found any of some bits.
    pub(in crate::emit) fn scan_finds_any(
        &mut self,
        code: &mut Code,
        subject: Handle<Value>,
        part: u32,
        bits: &[u32],
    ) -> Result<(), EmitError> {
        if bits.is_empty() {
            code.i32(0);
            return Ok(());
        }
        let function = self.function(Key::Scan(part));
        let memo = self
            .scans
            .parts
            .get(part as usize)
            .map_or(0, |part| part.memo);
        let base = self.layout.memo + 16 * memo;
        let mut words: BTreeMap<u32, u64> = BTreeMap::new();
        for bit in bits {
            *words.entry(bit / 64).or_default() |= 1 << (bit % 64);
        }
        self.with_text(code, subject, &[ValType::I32], |_, code, [p, l]| {
            code.get(p).get(l).call(function);
            for (index, (word, mask)) in words.iter().enumerate() {
                code.region(base + 8 * word).push(I::I64Load(at(0)));
                if *mask != u64::MAX {
                    code.i64(mask.cast_signed()).push(I::I64And);
                }
                if index > 0 {
                    code.push(I::I64Or);
                }
            }
            code.i64(0).push(I::I64Ne);
            Ok(())
        })
    }

    /// The function of a scan, `(text)`: fills its memo unless it is filled.
    pub(in crate::emit) fn scan_function(&mut self, part: u32) -> Result<Code, EmitError> {
        let mut code = Code::new(2);
        let Some(Part {
            literals,
            table,
            several,
            after,
            memo,
            ..
        }) = self.scans.parts.get(part as usize)
        else {
            return Ok(code);
        };
        let (flag, place) = (self.layout.flags + memo, self.layout.memo + 16 * memo);
        code.region(flag)
            .push(I::I32Load8U(at(0)))
            .push(I::I32Eqz)
            .if_empty();
        if let Some(literals) = literals {
            code.i32(self.constants.table(literals))
                .i32(length(literals));
        }
        code.i32(self.constants.table(table)).i32(length(table));
        code.get(0).get(1);
        let before = after.and_then(|before| self.scans.parts.get(before as usize));
        if let Some(before) = before {
            code.region(self.layout.memo + 16 * before.memo);
        } else if *several {
            let all = vec![0xFF; edge_lookup::scans::reasons_len(table)];
            code.i32(self.constants.table(&all));
        }
        code.region(place);
        let kernel = match (literals, several) {
            (Some(_), _) => "literal_scan",
            (None, true) => "dfa_scans",
            (None, false) => "dfa_scan",
        };
        self.kernel(&mut code, kernel);
        code.region(flag).i32(1).push(I::I32Store8(at(0))).end();
        Ok(code)
    }
}

/// What one scan answers of a list of conditions.
pub(in crate::emit) struct Scanned {
    /// The scan.
    pub number: u32,
    /// Its text.
    pub subject: Handle<Value>,
    /// The bits that are conditions.
    pub sure: Vec<u32>,
    /// Those that only say that a condition may hold.
    pub maybe: Vec<(u32, Handle<Value>)>,
}

impl Scanned {
    fn new(number: u32, subject: Handle<Value>) -> Scanned {
        Scanned {
            number,
            subject,
            sure: Vec::new(),
            maybe: Vec::new(),
        }
    }
}

/// The signature of a scan's function.
pub(in crate::emit) fn signature() -> Signature {
    (vec![ValType::I32, ValType::I32], Vec::new())
}
