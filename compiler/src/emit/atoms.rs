//! Atoms: code that leaves 1 or 0.

use super::{
    EmitError, Emitter,
    code::{Code, at},
    length,
    plan::inner,
};
use crate::{
    automata::{
        address::AddressSet,
        automaton::Automaton,
        int_set::IntSet,
        network::Network,
        pattern::{LiteralKind, Pattern},
        route::RouteTable,
        string_set::StringSet,
    },
    decision::{Atom, Handle, Matcher},
    hir::{self, Base, Elements},
};
use std::rc::Rc;
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// Up to so many strings are compared one after the other.
const FEW: usize = 4;
/// Up to so many bytes are compared in line.
const SHORT: usize = 16;

impl Emitter<'_> {
    /// Leaves an atom's truth on the stack.
    pub(super) fn atom(&mut self, code: &mut Code, atom: Handle<Atom>) -> Result<(), EmitError> {
        let graph = self.graph;
        if self.stream_finds(code, atom) {
            return Ok(());
        }
        let atom = graph.atoms.get(atom);
        let ty = graph.type_of(atom.subject);
        let (matcher, any) = inner(atom);
        if any {
            return self.any(code, atom, matcher);
        }
        match (matcher, ty.base) {
            (Matcher::Present, _) => self.present(code, atom),
            (Matcher::True, _) => {
                self.value(code, atom.subject)?;
                if ty.optional {
                    code.push(I::I32And);
                }
                Ok(())
            }
            (Matcher::Arm(arm), _) => {
                self.value(code, atom.subject)?;
                if ty.optional {
                    code.push(I::Drop);
                }
                code.i32(*arm).push(I::I32Eq);
                Ok(())
            }
            (_, Base::String) => self.text_atom(code, atom, matcher, ty.optional),
            (_, Base::Ip) => self.address_matches(code, atom, matcher),
            _ => self.number_matches(code, atom, matcher),
        }
    }

    fn present(&mut self, code: &mut Code, atom: &Atom) -> Result<(), EmitError> {
        let ty = self.graph.type_of(atom.subject);
        self.value(code, atom.subject)?;
        if matches!(ty.base, Base::String | Base::List | Base::Counts) {
            code.push(I::Drop);
            code.i32(0).push(I::I32Ne);
        } else if ty.base == Base::Ip {
            code.i32(0).push(I::I32Ne);
        } else if ty.optional {
            let present = code.local(ValType::I32);
            code.set(present).push(I::Drop).get(present);
            code.release(ValType::I32, present);
        } else {
            code.push(I::Drop).i32(1);
        }
        Ok(())
    }

    fn text_atom(
        &mut self,
        code: &mut Code,
        atom: &Atom,
        matcher: &Matcher,
        optional: bool,
    ) -> Result<(), EmitError> {
        let tests = |emitter: &mut Self, code: &mut Code, [p, l]: [u32; 2]| {
            if emitter.scan_finds(code, atom.subject, matcher, [p, l])? {
                return Ok(());
            }
            emitter.text_matches(code, matcher, p, l)
        };
        // A text as long as a constant that is not empty is there: no further test of presence.
        let guarded = optional
            && !matches!(matcher, Matcher::Equals(list) if list.len() <= FEW && !list.iter().any(Vec::is_empty));
        if guarded {
            return self.with_text(code, atom.subject, &[ValType::I32], tests);
        }
        self.value(code, atom.subject)?;
        let (p, l) = (code.local(ValType::I32), code.local(ValType::I32));
        code.set(l).set(p);
        tests(self, code, [p, l])?;
        code.release(ValType::I32, p);
        code.release(ValType::I32, l);
        Ok(())
    }

    /// A text in two locals, which is present, against a matcher.
    fn text_matches(
        &mut self,
        code: &mut Code,
        matcher: &Matcher,
        p: u32,
        l: u32,
    ) -> Result<(), EmitError> {
        match matcher {
            Matcher::Equals(list) if list.len() <= FEW => {
                for (i, text) in list.iter().enumerate() {
                    self.equals(code, text, p, l);
                    if i > 0 {
                        code.push(I::I32Or);
                    }
                }
                if list.is_empty() {
                    code.i32(0);
                }
                Ok(())
            }
            Matcher::Equals(list) => self.in_strings(code, list, p, l),
            Matcher::StartsWith(list) if list.len() == 1 => {
                self.edge(code, list, p, l, "starts_with");
                Ok(())
            }
            Matcher::EndsWith(list) if list.len() == 1 => {
                self.edge(code, list, p, l, "ends_with");
                Ok(())
            }
            Matcher::StartsWith(list) => self.literals(code, LiteralKind::StartsWith, list, p, l),
            Matcher::EndsWith(list) => self.literals(code, LiteralKind::EndsWith, list, p, l),
            Matcher::Contains(list) => self.literals(code, LiteralKind::Contains, list, p, l),
            Matcher::Regex(pattern) => self.automaton(code, &Pattern::Regex(pattern.clone()), p, l),
            Matcher::HeaderValue => {
                self.automaton(code, &Pattern::Regex(r"[\x00-\x1f\x7f]".into()), p, l)?;
                code.push(I::I32Eqz);
                Ok(())
            }
            Matcher::Set(index) => {
                let graph = self.graph;
                match graph.sets.get(*index as usize) {
                    Some(Elements::Bytes(list)) => self.in_strings(code, list, p, l),
                    _ => {
                        code.i32(0);
                        Ok(())
                    }
                }
            }
            Matcher::Path(pattern) => {
                let table = RouteTable::build(&[path_pattern(pattern)]);
                let table = table.map_err(|error| EmitError::Table(error.to_string()))?;
                self.lookup(code, table.bytes(), p, l, "route_find");
                code.i32(0).push(I::I32Ne);
                Ok(())
            }
            Matcher::UpstreamValue => {
                code.get(p).get(l);
                self.kernel(code, "upstream_value_ok");
                Ok(())
            }
            Matcher::UpstreamPath => {
                code.get(p).get(l);
                self.kernel(code, "upstream_path_ok");
                Ok(())
            }
            _ => {
                code.i32(0);
                Ok(())
            }
        }
    }

    /// The length first, then the bytes: in line, in words, where they are few.
    fn equals(&mut self, code: &mut Code, text: &[u8], p: u32, l: u32) {
        code.get(l).i32(length(text)).push(I::I32Eq);
        if text.is_empty() {
            code.get(p).i32(0).push(I::I32Ne).push(I::I32And);
            return;
        }
        code.if_bool();
        if text.len() <= SHORT {
            compare_words(code, text, p);
        } else {
            code.get(p).get(l);
            self.text(code, text);
            self.kernel(code, "bytes_eq");
        }
        code.or_else().i32(0).end();
    }

    fn edge(&mut self, code: &mut Code, list: &[Vec<u8>], p: u32, l: u32, kernel: &str) {
        let text = list.first().map(Vec::as_slice).unwrap_or_default();
        if kernel == "starts_with" && (1..=SHORT).contains(&text.len()) {
            code.get(l).i32(length(text)).push(I::I32GeU).if_bool();
            compare_words(code, text, p);
            code.or_else().i32(0).end();
            return;
        }
        code.get(p).get(l);
        self.text(code, text);
        self.kernel(code, kernel);
    }

    fn in_strings(
        &mut self,
        code: &mut Code,
        list: &[Vec<u8>],
        p: u32,
        l: u32,
    ) -> Result<(), EmitError> {
        let set = StringSet::build(list).map_err(|error| EmitError::Table(error.to_string()))?;
        self.lookup(code, set.table(), p, l, "set_find");
        code.i32(0).push(I::I32Ne);
        Ok(())
    }

    fn literals(
        &mut self,
        code: &mut Code,
        kind: LiteralKind,
        list: &[Vec<u8>],
        p: u32,
        l: u32,
    ) -> Result<(), EmitError> {
        self.automaton(
            code,
            &Pattern::Literals {
                kind,
                any: list.to_vec(),
            },
            p,
            l,
        )
    }

    pub(super) fn automaton(
        &mut self,
        code: &mut Code,
        pattern: &Pattern,
        p: u32,
        l: u32,
    ) -> Result<(), EmitError> {
        let automaton = self.automaton_of(pattern)?;
        let (table, kernel) = automaton.table();
        let held = self.constants.bytes_held();
        self.lookup(code, &table, p, l, kernel);
        self.automata_bytes += self.constants.bytes_held() - held;
        Ok(())
    }

    /// The automaton of a pattern: built once, also where it is asked about many texts.
    fn automaton_of(&mut self, pattern: &Pattern) -> Result<Rc<Automaton>, EmitError> {
        if let Some(known) = self.automata.get(pattern) {
            return Ok(known.clone());
        }
        let made = Automaton::build(pattern).map_err(|error| EmitError::Automaton {
            pattern: pattern.to_string(),
            error,
        })?;
        let made = Rc::new(made);
        self.automata.insert(pattern.clone(), made.clone());
        Ok(made)
    }

    /// Asks a table.
    pub(super) fn lookup(&mut self, code: &mut Code, table: &[u8], p: u32, l: u32, kernel: &str) {
        let address = self.constants.table(table);
        code.i32(address).i32(length(table)).get(p).get(l);
        self.kernel(code, kernel);
    }

    fn address_matches(
        &mut self,
        code: &mut Code,
        atom: &Atom,
        matcher: &Matcher,
    ) -> Result<(), EmitError> {
        let graph = self.graph;
        let networks = match matcher {
            Matcher::Set(index) => match graph.sets.get(*index as usize) {
                Some(Elements::Networks(list)) => list.as_slice(),
                _ => &[],
            },
            _ => &[],
        };
        let networks: Vec<Network> = networks
            .iter()
            .map(|(address, prefix)| Network::new(*address, *prefix))
            .collect();
        let table = AddressSet::from_networks(&networks).table();
        let address = self.constants.table(&table);
        self.value(code, atom.subject)?;
        let p = code.local(ValType::I32);
        code.tee(p).if_bool();
        code.i32(address).i32(length(&table)).get(p);
        self.kernel(code, "cidr_contains");
        code.or_else().i32(0).end();
        code.release(ValType::I32, p);
        Ok(())
    }

    fn number_matches(
        &mut self,
        code: &mut Code,
        atom: &Atom,
        matcher: &Matcher,
    ) -> Result<(), EmitError> {
        let graph = self.graph;
        let ty = graph.type_of(atom.subject);
        self.value(code, atom.subject)?;
        let present = ty.optional.then(|| {
            let present = code.local(ValType::I32);
            code.set(present);
            present
        });
        let number = code.local(ValType::I64);
        code.set(number);
        match matcher {
            Matcher::Range(low, high) if low == high => {
                code.get(number).i64(*low).push(I::I64Eq);
            }
            Matcher::Range(i64::MIN, high) => {
                code.get(number).i64(*high).push(I::I64LeS);
            }
            Matcher::Range(low, i64::MAX) => {
                code.get(number).i64(*low).push(I::I64GeS);
            }
            Matcher::Range(low, high) => {
                code.get(number)
                    .i64(*low)
                    .push(I::I64GeS)
                    .get(number)
                    .i64(*high)
                    .push(I::I64LeS)
                    .push(I::I32And);
            }
            Matcher::Set(index) => {
                let numbers = match graph.sets.get(*index as usize) {
                    Some(Elements::Ints(list)) => list.as_slice(),
                    _ => &[],
                };
                let table = IntSet::from_numbers(numbers).table();
                let address = self.constants.table(&table);
                code.i32(address).i32(length(&table)).get(number);
                self.kernel(code, "int_set_contains");
            }
            _ => {
                code.i32(0);
            }
        }
        if let Some(present) = present {
            code.get(present).push(I::I32And);
            code.release(ValType::I32, present);
        }
        code.release(ValType::I64, number);
        Ok(())
    }

    /// Some element of a list: the refs of a list in the input count from its start.
    fn any(&mut self, code: &mut Code, atom: &Atom, matcher: &Matcher) -> Result<(), EmitError> {
        let graph = self.graph;
        let relative = matches!(
            graph.values.get(atom.subject),
            crate::decision::Value::Fact(hir::Fact::Raw(_))
        );
        self.value(code, atom.subject)?;
        let [at_ref, left, p, l, found] = [(); 5].map(|()| code.local(ValType::I32));
        code.set(left).set(at_ref).i32(0).set(found);
        code.push(I::Block(BlockType::Empty))
            .push(I::Loop(BlockType::Empty));
        code.get(left).push(I::I32Eqz).push(I::BrIf(1));
        code.get(at_ref).push(I::I32Load(at(0)));
        if relative {
            code.region(self.layout.input).push(I::I32Add);
        }
        code.set(p).get(at_ref).push(I::I32Load(at(4))).set(l);
        self.text_matches(code, matcher, p, l)?;
        code.tee(found).push(I::BrIf(1));
        code.get(at_ref).i32(8).push(I::I32Add).set(at_ref);
        code.get(left)
            .i32(1)
            .push(I::I32Sub)
            .set(left)
            .push(I::Br(0))
            .end()
            .end();
        code.get(found);
        for local in [at_ref, left, p, l, found] {
            code.release(ValType::I32, local);
        }
        Ok(())
    }
}

/// Leaves 1 if the bytes at `p` are these, compared in words of 8, 4, 2 and 1; a load may overlap
/// the one before it, but never passes the end.
fn compare_words(code: &mut Code, text: &[u8], p: u32) {
    let mut at_byte = 0;
    let mut first = true;
    while let Some(rest) = text.get(at_byte..).filter(|rest| !rest.is_empty()) {
        let place = at(u32::try_from(at_byte).unwrap_or(0));
        let taken = if let Some(word) = rest.first_chunk::<8>() {
            code.get(p)
                .push(I::I64Load(place))
                .i64(i64::from_le_bytes(*word))
                .push(I::I64Eq);
            8
        } else if let Some(word) = rest.first_chunk::<4>() {
            code.get(p)
                .push(I::I32Load(place))
                .push(I::I32Const(i32::from_le_bytes(*word)))
                .push(I::I32Eq);
            4
        } else if let Some(word) = rest.first_chunk::<2>() {
            code.get(p)
                .push(I::I32Load16U(place))
                .i32(u32::from(u16::from_le_bytes(*word)))
                .push(I::I32Eq);
            2
        } else {
            code.get(p)
                .push(I::I32Load8U(place))
                .i32(rest.first().copied().map_or(0, u32::from))
                .push(I::I32Eq);
            1
        };
        if !first {
            code.push(I::I32And);
        }
        first = false;
        at_byte += taken;
    }
}

/// A pattern as the tables' builder takes it.
pub(crate) fn path_pattern(pattern: &hir::Pattern) -> crate::automata::route::PathPattern {
    use crate::automata::route::Segment;
    let segments = pattern.segments.iter().map(|segment| match segment {
        hir::Segment::Literal(bytes) => Segment::Literal(bytes.clone()),
        hir::Segment::Param => Segment::Param,
        hir::Segment::Rest => Segment::Rest,
    });
    crate::automata::route::PathPattern {
        segments: segments.collect(),
    }
}
