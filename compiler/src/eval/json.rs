//! Values out of JSON.

use super::expr::Val;
use crate::hir::{Base, Builtin};
use edge_kernels::{
    bounds::JSON_TEXT,
    json::{read, text},
    number,
};

/// The value of a function that reads JSON: absent where what it reads from is.
pub(super) fn read(builtin: Builtin, arguments: &[Val]) -> Val {
    let Some(Val::Bytes(value)) = arguments.first() else {
        return Val::Absent;
    };
    let found = match (builtin, arguments.get(1)) {
        (Builtin::JsonText, _) => {
            let mut room = vec![0; JSON_TEXT.capacity(value.len())];
            text::json_text(value, &mut room).map(bytes)
        }
        (Builtin::JsonMember, Some(Val::Bytes(name))) => read::json_member(value, name).map(bytes),
        (Builtin::JsonItem, Some(Val::Int(index, _))) => u32::try_from(*index)
            .ok()
            .and_then(|index| read::json_item(value, index))
            .map(bytes),
        (Builtin::JsonString, _) => read::json_string(value, &mut vec![0; value.len()]).map(bytes),
        (Builtin::JsonInt, _) => number::int_parse(value).map(|n| Val::Int(n, Base::Int)),
        (Builtin::JsonFloat, _) => number::float_parse(value).map(Val::Float),
        (Builtin::JsonBool, _) => match value.as_slice() {
            b"true" => Some(Val::Bool(true)),
            b"false" => Some(Val::Bool(false)),
            _ => None,
        },
        _ => None,
    };
    found.unwrap_or(Val::Absent)
}

fn bytes(found: &[u8]) -> Val {
    Val::Bytes(found.to_vec())
}
