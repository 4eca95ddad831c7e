//! Texts of JSON, whole and broken, and what policies read from them.

use super::{Maker, Source};
use edge_abi::manifest::Fact as RawFact;
use edge_compiler::hir::{Base, Builtin, Const, Expr, Fact, Type};

/// The header that holds such a text.
pub const HEADER: &str = "x-json";

/// Values of members; some are no JSON.
const VALUES: &[&str] = &[
    "1",
    "\"a\"",
    "\"\\u0061\\n\\ud83d\\ude00\"",
    "true",
    "false",
    "null",
    "-0",
    "12.5e2",
    "9223372036854775807",
    "1e400",
    "[]",
    "[1, \"b\", [true]]",
    "{\"a\":{\"a\":\"deep\"},\"b\":[0,-7]}",
    " {\"\\u0061\" : [ {\"b\":2.5} ] } ",
    "\"\\ud800\"",
    "01",
    "{\"a\":1,\"\\u0061\":1}",
];

/// A text.
pub fn text(source: &mut Source) -> Vec<u8> {
    let value = |source: &mut Source| *source.pick(VALUES);
    let text = match source.below(4) {
        0 => value(source).to_owned(),
        1 => format!("[{},{}]", value(source), value(source)),
        2 => format!("{{\"a\":{},\"b\":{}}}", value(source), value(source)),
        _ => format!("{{\"a\":{{\"a\":{}}},", value(source)),
    };
    text.into_bytes()
}

impl Maker<'_, '_> {
    /// A part of a text, as `last` says.
    pub(super) fn json_read(&mut self, last: Builtin) -> Expr {
        let part = self.json_part();
        Expr::Builtin(last, vec![part])
    }

    /// Whether there is a part, or it is `true`.
    pub(super) fn json_condition(&mut self) -> Expr {
        if self.source.flip() {
            return Expr::Present(Box::new(self.json_part()));
        }
        let truth = self.json_read(Builtin::JsonBool);
        let otherwise = Expr::Const(Const::Bool(false));
        Expr::OrElse(vec![truth, otherwise], Type::of(Base::Bool))
    }

    fn json_part(&mut self) -> Expr {
        let text = match self.source.below(4) {
            0 if self.warm_ok => Expr::Fact(Fact::Body(1000), Type::of(Base::String)),
            1 => self.string(0),
            _ => {
                let name = HEADER.to_owned();
                let header = Fact::Raw(RawFact::Header { name });
                Expr::Fact(header, Type::optional(Base::String))
            }
        };
        let mut part = Expr::Builtin(Builtin::JsonText, vec![text]);
        for _ in 0..self.source.below(4) {
            part = match self.source.below(3) {
                0 => {
                    let index = *self.source.pick(&[0, 1, 2, i64::from(u32::MAX)]);
                    let index = Expr::Const(Const::Int(index, Base::Int));
                    Expr::Builtin(Builtin::JsonItem, vec![part, index])
                }
                _ => {
                    let name = self.source.pick(&["a", "b", ""]).as_bytes().to_vec();
                    let name = Expr::Const(Const::Bytes(name));
                    Expr::Builtin(Builtin::JsonMember, vec![part, name])
                }
            };
        }
        part
    }
}
