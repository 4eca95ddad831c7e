//! Arithmetic that saturates, and floats that stay finite.

use super::super::code::Code;
use wasm_encoder::{Instruction as I, ValType};

/// Milliseconds to seconds, towards the past.
pub(super) fn unix(c: &mut Code) {
    c.get(0).i64(1000).push(I::I64DivS);
    c.get(0)
        .i64(1000)
        .push(I::I64RemS)
        .i64(0)
        .push(I::I64LtS)
        .push(I::I64ExtendI32U)
        .push(I::I64Sub);
}

/// Overflow shows in the signs: the result's differs where it can't.
pub(super) fn saturating(c: &mut Code, add: bool) {
    let sum = c.local(ValType::I64);
    c.get(0)
        .get(1)
        .push(if add { I::I64Add } else { I::I64Sub })
        .set(sum);
    // MAX or MIN by the sign of the first operand.
    c.get(0)
        .i64(63)
        .push(I::I64ShrS)
        .i64(i64::MAX)
        .push(I::I64Xor);
    c.get(sum);
    c.get(0).get(sum).push(I::I64Xor);
    if add {
        c.get(1).get(sum).push(I::I64Xor);
    } else {
        c.get(0).get(1).push(I::I64Xor);
    }
    c.push(I::I64And).i64(0).push(I::I64LtS).push(I::Select);
}

/// Exact when dividing gives the factor back.
pub(super) fn multiply(c: &mut Code) {
    let product = c.local(ValType::I64);
    c.get(0)
        .push(I::I64Eqz)
        .if_empty()
        .i64(0)
        .push(I::Return)
        .end();
    c.get(0).get(1).push(I::I64Mul).set(product);
    // -1 × MIN would trap in the division below.
    c.get(0)
        .i64(-1)
        .push(I::I64Eq)
        .get(1)
        .i64(i64::MIN)
        .push(I::I64Eq)
        .push(I::I32And)
        .if_empty();
    c.i64(i64::MAX).push(I::Return).end();
    c.get(product)
        .get(0)
        .get(1)
        .push(I::I64Xor)
        .i64(63)
        .push(I::I64ShrS)
        .i64(i64::MAX)
        .push(I::I64Xor);
    // `product / a` traps only for MIN / -1: then a is -1 and b is MIN, which is done with.
    c.get(product)
        .get(0)
        .push(I::I64DivS)
        .get(1)
        .push(I::I64Eq)
        .push(I::Select);
}

pub(super) fn divide(c: &mut Code, quotient: bool) {
    c.get(1)
        .push(I::I64Eqz)
        .if_empty()
        .i64(0)
        .i32(0)
        .push(I::Return)
        .end();
    // MIN / -1 is MAX, and leaves nothing.
    c.get(0)
        .i64(i64::MIN)
        .push(I::I64Eq)
        .get(1)
        .i64(-1)
        .push(I::I64Eq)
        .push(I::I32And)
        .if_empty();
    c.i64(if quotient { i64::MAX } else { 0 })
        .i32(1)
        .push(I::Return)
        .end();
    c.get(0)
        .get(1)
        .push(if quotient { I::I64DivS } else { I::I64RemS })
        .i32(1);
}

pub(super) fn clamp(c: &mut Code) {
    c.push(I::F64Const(f64::MAX.into()))
        .push(I::F64Min)
        .push(I::F64Const(f64::MIN.into()))
        .push(I::F64Max);
}

pub(super) fn finite(c: &mut Code, op: I<'static>) {
    c.get(0).get(1).push(op);
    clamp(c);
}

pub(super) fn divide_float(c: &mut Code, quotient: bool) {
    c.get(1)
        .push(I::F64Const(0.0.into()))
        .push(I::F64Eq)
        .if_empty();
    c.push(I::F64Const(0.0.into())).i32(0).push(I::Return).end();
    if quotient {
        c.get(0).get(1).push(I::F64Div);
    } else {
        c.get(0)
            .get(0)
            .get(1)
            .push(I::F64Div)
            .push(I::F64Trunc)
            .get(1)
            .push(I::F64Mul)
            .push(I::F64Sub);
    }
    clamp(c);
    c.i32(1);
}
