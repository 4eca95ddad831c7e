//! Expressions with parts of them replaced.

use super::{Expr, Hir};

impl Expr {
    /// This expression, with every part for which `by` has another replaced by that.
    #[must_use]
    pub fn replaced(&self, by: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Expr {
        if let Some(other) = by(self) {
            return other;
        }
        let mut one = |part: &Expr| Box::new(part.replaced(by));
        match self {
            Expr::Const(_)
            | Expr::Fact(..)
            | Expr::Let(..)
            | Expr::FnParam(..)
            | Expr::Experiment(_) => self.clone(),
            Expr::CallFn(index, list, ty) => Expr::CallFn(*index, all(list, by), *ty),
            Expr::Builtin(builtin, list) => Expr::Builtin(*builtin, all(list, by)),
            Expr::Concat(list) => Expr::Concat(all(list, by)),
            Expr::And(list) => Expr::And(all(list, by)),
            Expr::Or(list) => Expr::Or(all(list, by)),
            Expr::OrElse(list, ty) => Expr::OrElse(all(list, by), *ty),
            Expr::ToText(part) => Expr::ToText(one(part)),
            Expr::ToJson(part) => Expr::ToJson(one(part)),
            Expr::Not(part) => Expr::Not(one(part)),
            Expr::Test(part, matcher) => Expr::Test(one(part), matcher.clone()),
            Expr::AnyOf(part, matcher) => Expr::AnyOf(one(part), matcher.clone()),
            Expr::Present(part) => Expr::Present(one(part)),
            Expr::Narrowed(part) => Expr::Narrowed(one(part)),
            Expr::IsArm(part, arm) => Expr::IsArm(one(part), *arm),
            Expr::Compare(op, a, b) => Expr::Compare(*op, one(a), one(b)),
            Expr::Arith(op, a, b, ty) => Expr::Arith(*op, one(a), one(b), *ty),
            Expr::Choose(arms, otherwise, ty) => {
                let arms = arms.iter().map(|(c, v)| (*one(c), *one(v))).collect();
                Expr::Choose(arms, one(otherwise), *ty)
            }
        }
    }

    /// This expression for these arguments: as a function's body over its parameters.
    #[must_use]
    pub fn applied(&self, arguments: &[Expr]) -> Expr {
        self.replaced(&mut |part| match part {
            Expr::FnParam(index, _) => arguments.get(*index as usize).cloned(),
            _ => None,
        })
    }

    /// Whether it or a part of it is so.
    #[must_use]
    pub fn any(&self, is: &dyn Fn(&Expr) -> bool) -> bool {
        let mut found = is(self);
        self.children(&mut |part| found = found || part.any(is));
        found
    }
}

impl Hir {
    /// An expression without the calls of functions that are given something that `is` so: the functions'
    /// bodies stand there instead.
    #[must_use]
    pub fn inlined(&self, expr: &Expr, is: &dyn Fn(&Expr) -> bool) -> Expr {
        expr.replaced(&mut |part| {
            let Expr::CallFn(index, arguments, _) = part else {
                return None;
            };
            if !arguments.iter().any(|argument| argument.any(is)) {
                return None;
            }
            let body = &self.fns.get(*index as usize)?.body;
            Some(self.inlined(&body.applied(arguments), is))
        })
    }
}

fn all(list: &[Expr], by: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Vec<Expr> {
    list.iter().map(|part| part.replaced(by)).collect()
}
