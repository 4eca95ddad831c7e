//! What is asked of what the host remembers, and done to it.

use super::{
    super::{
        Emitter,
        code::{Code, at},
    },
    Support,
    effects::fields,
};
use edge_abi::output::{Op, edits, state};
use wasm_encoder::Instruction as I;

impl Emitter<'_> {
    /// `(op and flags, ask, id, key, value, number)`
    pub(super) fn state_function(&mut self, c: &mut Code) {
        let e = c.local(wasm_encoder::ValType::I32);
        c.get(0).i32(state::SIZE);
        self.support(c, Support::Effect);
        c.set(e);
        let (key, value) = (state::KEY, state::VALUE);
        fields(
            c,
            e,
            &[
                (state::ASK, 1),
                (state::ID, 2),
                (key, 3),
                (key + 4, 4),
                (value, 5),
                (value + 4, 6),
            ],
        );
        c.get(e).get(7).push(I::I64Store(at(state::NUMBER)));
    }

    /// Edits that are queued go to the host: the guest keeps nothing.
    pub(super) fn hand_over(&mut self, c: &mut Code) {
        let staged = self.edits();
        let e = c.local(wasm_encoder::ValType::I32);
        c.global(staged).if_empty();
        c.i32(u32::from(Op::Edits as u16)).i32(edits::SIZE);
        self.support(c, Support::Effect);
        c.set(e);
        self.edits_ref(c, e, edits::EDITS);
        c.end();
    }
}
