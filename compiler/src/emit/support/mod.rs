//! Small functions that every module may need, written once and only if used.

mod effects;
mod numbers;
mod state;
mod text;

use super::{
    Emitter, Signature,
    code::{Code, at},
};
use edge_abi::{
    input,
    output::{Op, fault, hits, log, note, pass, scan, segment},
};
use effects::{fields, put_edit};
use numbers::{divide, divide_float, finite, multiply, saturating, unix};
use text::unpack;
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// The functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Support {
    /// `(packed) -> text`: takes a kernel's text; what it wrote at the free space is kept.
    Commit,
    /// `(packed) -> text`
    Unpack,
    /// `(text) -> text`: absent becomes empty.
    Narrow,
    /// `(text)`: copies to the free space.
    Append,
    /// `(text) -> text`: as a JSON string; absent is not asked.
    JsonString,
    /// `(target) -> text?`: what follows the first `?`.
    QueryString,
    /// `(target) -> text`: what stands before it.
    RawPath,
    /// `(address of a list) -> refs, count`
    List,
    /// `(address) -> i64`, 0 at address 0; likewise the next two.
    IntAt,
    /// `(address) -> f64`
    FloatAt,
    /// `(address) -> bool`
    BoolAt,
    /// `() -> i64`: the status of the first result.
    ResultStatus,
    /// `(ms) -> s`, rounded down.
    Unix,
    /// Saturating arithmetic.
    Add,
    /// …
    Sub,
    /// …
    Mul,
    /// `(a, b) -> quotient, whether there is one`
    Div,
    /// …
    Rem,
    /// Arithmetic that stays finite.
    FloatAdd,
    /// …
    FloatSub,
    /// …
    FloatMul,
    /// `(a, b) -> quotient, whether there is one`
    FloatDiv,
    /// …
    FloatRem,
    /// `(address, address) -> -1, 0, 1`
    CompareIp,
    /// `(bytes) -> address`: free space, 4-aligned.
    Alloc,
    /// `(op, place, name, value)`: stages an edit of the answer.
    Edit,
    /// `(address, op and flags, place, name, value)`: writes an edit.
    PutEdit,
    /// `(address, id, kind, text)`: writes a segment.
    Segment,
    /// `(place, text)`
    Log,
    /// `(kind, id, value)`
    Note,
    /// `(kind, rules)`
    Hits,
    /// `(lane, limit, over limit, slot set, continuation)`
    Scan,
    /// `(rule, status, content type, segments, count, next, continuation) -> output`
    Respond,
    /// `(rule, target, path, query) -> address`: the effect, without what is seldom said.
    Proxy,
    /// `(flags, ttl, tags, count) -> output`
    Admit,
    /// `(rule) -> output`
    Pass,
    /// `(rule, place, reason) -> output`
    Fault,
    /// `(limit, next, continuation) -> output`
    Body,
    /// `(op and flags, ask, id, key, value, number)`
    State,
    /// `()`: queued edits go to the host.
    HandOver,
    /// `() -> address`: moves the staged edits to the output.
    TakeEdits,
    /// `(op and flags, size) -> address`: the next effect's place.
    Effect,
    /// `(next, continuation) -> output`
    Finish,
    /// `(status) -> output`: without effects.
    Reject,
}

impl Support {
    /// Its type.
    pub fn signature(self) -> Signature {
        use ValType::{F64, I32, I64};
        let (params, results): (&[ValType], &[ValType]) = match self {
            Support::Commit | Support::Unpack => (&[I64], &[I32, I32]),
            Support::Narrow | Support::JsonString | Support::QueryString | Support::RawPath => {
                (&[I32, I32], &[I32, I32])
            }
            Support::Append => (&[I32, I32], &[]),
            Support::List => (&[I32], &[I32, I32]),
            Support::IntAt => (&[I32], &[I64]),
            Support::FloatAt => (&[I32], &[F64]),
            Support::BoolAt | Support::Alloc | Support::Pass | Support::Reject => (&[I32], &[I32]),
            Support::ResultStatus => (&[], &[I64]),
            Support::Unix => (&[I64], &[I64]),
            Support::Add | Support::Sub | Support::Mul => (&[I64, I64], &[I64]),
            Support::Div | Support::Rem => (&[I64, I64], &[I64, I32]),
            Support::FloatAdd | Support::FloatSub | Support::FloatMul => (&[F64, F64], &[F64]),
            Support::FloatDiv | Support::FloatRem => (&[F64, F64], &[F64, I32]),
            Support::CompareIp | Support::Effect | Support::Finish => (&[I32, I32], &[I32]),
            Support::Edit | Support::Scan => (&[I32; 6], &[]),
            Support::PutEdit => (&[I32; 7], &[]),
            Support::Segment => (&[I32; 5], &[]),
            Support::Log | Support::Note | Support::Hits => (&[I32; 3], &[]),
            Support::Respond => (&[I32; 8], &[I32]),
            Support::Proxy => (&[I32; 6], &[I32]),
            Support::Fault | Support::Body => (&[I32; 3], &[I32]),
            Support::Admit => (&[I32, I64, I32, I32], &[I32]),
            Support::TakeEdits => (&[], &[I32]),
            Support::State => (&[I32, I32, I32, I32, I32, I32, I32, I64], &[]),
            Support::HandOver => (&[], &[]),
        };
        (params.to_vec(), results.to_vec())
    }
}

impl Emitter<'_> {
    /// Writes one of the functions.
    pub(super) fn support_function(&mut self, support: Support) -> Code {
        let mut code = Code::new(support.signature().0.len());
        let c = &mut code;
        match support {
            Support::Commit => self.commit(c),
            Support::Unpack => {
                unpack(c, 0);
            }
            Support::Narrow => {
                c.get(0).get(0).push(I::I32Eqz).push(I::I32Add).get(1);
            }
            Support::Append => {
                let bump = self.bump();
                c.global(bump).get(0).get(1).push(I::MemoryCopy {
                    src_mem: 0,
                    dst_mem: 0,
                });
                c.global(bump).get(1).push(I::I32Add).set_global(bump);
            }
            Support::JsonString => self.json_string(c),
            Support::QueryString => self.query_string(c),
            Support::RawPath => {
                c.get(0).get(0).get(1);
                self.kernel(c, "target_path_end");
            }
            Support::List => {
                let block = self.block(&[ValType::I32, ValType::I32]);
                c.get(0).push(I::If(block)).get(0).i32(4).push(I::I32Add);
                c.get(0)
                    .push(I::I32Load(at(0)))
                    .or_else()
                    .i32(0)
                    .i32(0)
                    .end();
            }
            Support::IntAt => {
                c.get(0)
                    .push(I::If(BlockType::Result(ValType::I64)))
                    .get(0)
                    .push(I::I64Load(at(0)));
                c.or_else().i64(0).end();
            }
            Support::FloatAt => {
                c.get(0)
                    .push(I::If(BlockType::Result(ValType::F64)))
                    .get(0)
                    .push(I::F64Load(at(0)));
                c.or_else().push(I::F64Const(0.0.into())).end();
            }
            Support::BoolAt => {
                c.get(0)
                    .if_bool()
                    .get(0)
                    .push(I::I32Load8U(at(0)))
                    .or_else()
                    .i32(0)
                    .end();
            }
            Support::ResultStatus => {
                self.result_table(c);
                c.push(I::I64Load16U(at(input::result::STATUS)));
            }
            Support::Unix => unix(c),
            Support::Add | Support::Sub => saturating(c, support == Support::Add),
            Support::Mul => multiply(c),
            Support::Div | Support::Rem => divide(c, support == Support::Div),
            Support::FloatAdd => finite(c, I::F64Add),
            Support::FloatSub => finite(c, I::F64Sub),
            Support::FloatMul => finite(c, I::F64Mul),
            Support::FloatDiv | Support::FloatRem => divide_float(c, support == Support::FloatDiv),
            Support::CompareIp => {
                c.get(0).i32(16).get(1).i32(16);
                self.kernel(c, "compare");
            }
            Support::Alloc => self.alloc(c),
            Support::Edit => self.edit_function(c),
            Support::PutEdit => put_edit(c),
            Support::Segment => {
                c.get(0).get(2).push(I::I32Store(at(segment::KIND)));
                c.get(0).get(1).push(I::I32Store(at(segment::ID)));
                c.get(0).get(3).push(I::I32Store(at(segment::BYTES)));
                c.get(0).get(4).push(I::I32Store(at(segment::BYTES + 4)));
            }
            Support::Log => {
                let e = self.effect(c, Op::Log, 0, log::SIZE);
                fields(c, e, &[(log::PLACE, 0), (log::TEXT, 1), (log::TEXT + 4, 2)]);
                c.get(e).i32(0).push(I::I32Store(at(log::PLACE + 4)));
            }
            Support::Hits => {
                let e = self.effect(c, Op::Hits, 0, hits::SIZE);
                fields(
                    c,
                    e,
                    &[(hits::KIND, 0), (hits::RULES, 1), (hits::RULES + 4, 2)],
                );
                c.get(e).i32(0).push(I::I32Store(at(hits::KIND + 4)));
            }
            Support::Note => {
                let e = self.effect(c, Op::Note, 0, note::SIZE);
                fields(c, e, &[(note::KIND, 0), (note::ID, 1), (note::VALUE, 2)]);
                c.get(e).i32(0).push(I::I32Store(at(note::VALUE + 4)));
            }
            Support::Scan => {
                let e = self.effect(c, Op::Scan, 0, scan::SIZE);
                let continuation = scan::CONTINUATION;
                fields(
                    c,
                    e,
                    &[
                        (scan::LANE, 0),
                        (scan::LIMIT, 1),
                        (scan::OVER_LIMIT, 2),
                        (scan::SLOTS, 3),
                        (continuation, 4),
                        (continuation + 4, 5),
                    ],
                );
            }
            Support::Respond => self.respond_function(c),
            Support::Proxy => self.proxy_function(c),
            Support::Admit => self.admit_function(c),
            Support::Pass => {
                let e = self.effect(c, Op::Pass, 0, pass::SIZE);
                fields(c, e, &[(pass::RULE, 0)]);
                c.get(e).i32(0).push(I::I32Store(at(pass::RULE + 4)));
                self.edits_ref(c, e, pass::EDITS);
                c.i32(0).i32(0);
                self.support(c, Support::Finish);
            }
            Support::Fault => {
                let e = self.effect(c, Op::Fault, 0, fault::SIZE);
                fields(
                    c,
                    e,
                    &[(fault::RULE, 0), (fault::PLACE, 1), (fault::REASON, 2)],
                );
                c.get(e).i32(0).push(I::I32Store(at(fault::REASON + 4)));
                c.i32(0).i32(0);
                self.support(c, Support::Finish);
            }
            Support::Body => self.body_function(c),
            Support::State => self.state_function(c),
            Support::HandOver => self.hand_over(c),
            Support::TakeEdits => self.take_edits(c),
            Support::Effect => self.effect_function(c),
            Support::Finish => self.finish_function(c),
            Support::Reject => self.reject_function(c),
        }
        code
    }
}
