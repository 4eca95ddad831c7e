//! Expressions.

use super::{Tree, state};
use crate::ast::{
    ArithOp, Choose, Compare, CompareOp, Expr, ExprKind, Path, Predicate, StrPart, TypeName,
};

pub(super) fn expr(expr: &Expr) -> Tree {
    match &expr.kind {
        ExprKind::Bool(value) => Tree::word(value.to_string()),
        ExprKind::Null => Tree::word("null"),
        ExprKind::Int(value) => Tree::word(value.to_string()),
        ExprKind::Float(value) => Tree::word(format!("{value:?}")),
        ExprKind::Duration(ms) => Tree::word(format!("{ms}ms")),
        ExprKind::Size(bytes) => Tree::word(format!("{bytes}B")),
        ExprKind::Percent(millionths) => Tree::word(format!("{millionths}ppm")),
        ExprKind::Time(text) => Tree::word(format!("t{text:?}")),
        ExprKind::Str(parts) => string(parts),
        ExprKind::Raw(text) => Tree::word(format!("r{text:?}")),
        ExprKind::Name(name) => Tree::word(name),
        ExprKind::Field(of, name) => field(of, &name.text),
        ExprKind::Index(of, at) => Tree::list("index", [self::expr(of), self::expr(at)]),
        ExprKind::Call(path, arguments) => Tree::list(
            "call",
            std::iter::once(self::path(path)).chain(exprs(arguments)),
        ),
        ExprKind::As(of, ty) => Tree::list("as", [self::expr(of), type_name(ty)]),
        ExprKind::Neg(of) => Tree::list("-", [self::expr(of)]),
        ExprKind::Not(of) => Tree::list("not", [self::expr(of)]),
        ExprKind::And(list) => Tree::list("and", exprs(list)),
        ExprKind::Or(list) => Tree::list("or", exprs(list)),
        ExprKind::Else(list) => Tree::list("else", exprs(list)),
        ExprKind::Arith(op, left, right) => {
            Tree::list(arith(*op), [self::expr(left), self::expr(right)])
        }
        ExprKind::Compare(compare) => comparison(compare),
        ExprKind::IsPresent(of, true) => Tree::list("is-present", [self::expr(of)]),
        ExprKind::IsPresent(of, false) => Tree::list("is-absent", [self::expr(of)]),
        ExprKind::IsArm(of, arm) => Tree::list("is", [self::expr(of), Tree::word(&arm.text)]),
        ExprKind::Choose(choose) => self::choose(choose),
        ExprKind::List(list) => Tree::list("list", exprs(list)),
        ExprKind::Object(entries) => Tree::list(
            "object",
            entries
                .iter()
                .map(|(key, value)| Tree::List(vec![Tree::text(&key.text), self::expr(value)])),
        ),
        ExprKind::Increment(it) => state::increment(it),
        ExprKind::ListCounter(it) => state::list(it),
        ExprKind::Unbuilt(what) => Tree::list("unbuilt", [Tree::text(what)]),
    }
}

pub(super) fn exprs(list: &[Expr]) -> impl Iterator<Item = Tree> {
    list.iter().map(expr)
}

/// `a.b.c` where the base is a name, else `(field E c)`.
fn field(of: &Expr, name: &str) -> Tree {
    match expr(of) {
        Tree::Leaf(base) if matches!(of.kind, ExprKind::Name(_) | ExprKind::Field(..)) => {
            Tree::word(format!("{base}.{name}"))
        }
        base => Tree::list("field", [base, Tree::word(name)]),
    }
}

fn string(parts: &[StrPart]) -> Tree {
    match parts {
        [] => Tree::text(""),
        [StrPart::Text(text)] => Tree::text(text),
        _ => Tree::list(
            "string",
            parts.iter().map(|part| match part {
                StrPart::Text(text) => Tree::text(text),
                StrPart::Expr(of) => expr(of),
            }),
        ),
    }
}

pub(super) fn path(path: &Path) -> Tree {
    let words: Vec<&str> = path.parts.iter().map(|part| part.text.as_str()).collect();
    Tree::word(words.join("."))
}

pub(super) fn type_name(ty: &TypeName) -> Tree {
    Tree::word(format!(
        "{}{}",
        ty.name.text,
        if ty.optional { "?" } else { "" }
    ))
}

fn comparison(compare: &Compare) -> Tree {
    let side = |any: bool, of: &Expr| match any {
        true => Tree::list("any", [expr(of)]),
        false => expr(of),
    };
    Tree::list(
        sign(compare.op),
        [
            side(compare.any_left, &compare.left),
            side(compare.any_right, &compare.right),
        ],
    )
}

fn choose(choose: &Choose) -> Tree {
    let subject = choose.subject.iter().map(|subject| expr(subject));
    let arms = choose
        .arms
        .iter()
        .map(|(keys, value)| Tree::List(vec![Tree::List(exprs(keys).collect()), expr(value)]));
    let otherwise = choose
        .otherwise
        .iter()
        .map(|value| Tree::list("otherwise", [expr(value)]));
    Tree::list("choose", subject.chain(arms).chain(otherwise))
}

fn arith(op: ArithOp) -> &'static str {
    match op {
        ArithOp::Add => "+",
        ArithOp::Sub => "-",
        ArithOp::Mul => "*",
        ArithOp::Div => "/",
        ArithOp::Rem => "%",
    }
}

fn sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::In => "in",
        CompareOp::Matches => "matches",
        CompareOp::Contains => "contains",
        CompareOp::StartsWith => "starts_with",
        CompareOp::EndsWith => "ends_with",
    }
}

pub(super) fn predicate(predicate: &Predicate) -> Tree {
    match predicate {
        Predicate::Compare(op, value) => Tree::list(sign(*op), [expr(value)]),
        Predicate::Present => Tree::word("present"),
        Predicate::Absent => Tree::word("absent"),
    }
}
