//! Expressions with parts of them replaced.

use super::{Const, Expr, Fact, Hir, Lane, MAX_DEPTH, Matcher};

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

    /// The body that a text is made of, if it is made of one as it streams.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        match self {
            Expr::Fact(Fact::Stream(lane), _) => Some(*lane),
            Expr::Builtin(_, arguments) => arguments.first()?.lane(),
            _ => None,
        }
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
    /// bodies stand there instead. None where that would make more than so many parts, or nest deeper than
    /// [`MAX_DEPTH`].
    #[must_use]
    pub fn inlined(&self, expr: &Expr, is: &dyn Fn(&Expr) -> bool, most: usize) -> Option<Expr> {
        let mut expr = expr.clone();
        // A level of calls at a time, so that what is made is measured before it is made.
        while expr.any(&|part| self.is_called_with(part, is)) {
            if self.size_inlined(&expr, is) > most {
                return None;
            }
            expr = expr.replaced(&mut |part| self.body_of(part, is));
            if expr.depth() > MAX_DEPTH {
                return None;
            }
        }
        Some(expr)
    }

    fn is_called_with(&self, part: &Expr, is: &dyn Fn(&Expr) -> bool) -> bool {
        match part {
            Expr::CallFn(index, arguments, _) => {
                let known = (*index as usize) < self.fns.len();
                known && arguments.iter().any(|argument| argument.any(is))
            }
            _ => false,
        }
    }

    fn body_of(&self, part: &Expr, is: &dyn Fn(&Expr) -> bool) -> Option<Expr> {
        let Expr::CallFn(index, arguments, _) = part else {
            return None;
        };
        let body = &self.fns.get(*index as usize)?.body;
        self.is_called_with(part, is)
            .then(|| body.applied(arguments))
    }

    /// How many parts the next level has.
    fn size_inlined(&self, expr: &Expr, is: &dyn Fn(&Expr) -> bool) -> usize {
        if let Expr::CallFn(index, arguments, _) = expr
            && self.is_called_with(expr, is)
            && let Some(function) = self.fns.get(*index as usize)
        {
            let sizes: Vec<usize> = arguments.iter().map(Expr::size).collect();
            return function.body.size_applied(&sizes);
        }
        let mut size = 1usize;
        expr.children(&mut |part| size = size.saturating_add(self.size_inlined(part, is)));
        size
    }
}

impl Expr {
    /// How many parts it has; long constants count for more.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size_applied(&[])
    }

    /// How many it has for arguments of these sizes.
    fn size_applied(&self, arguments: &[usize]) -> usize {
        if let Expr::FnParam(index, _) = self {
            return arguments.get(*index as usize).copied().unwrap_or(1);
        }
        let mut size = 1usize.saturating_add(self.constants());
        self.children(&mut |part| size = size.saturating_add(part.size_applied(arguments)));
        size
    }

    /// What the constants of this part alone count for.
    fn constants(&self) -> usize {
        match self {
            Expr::Const(Const::Bytes(bytes)) => bytes.len() / 64,
            Expr::Test(_, matcher) | Expr::AnyOf(_, matcher) => match matcher {
                Matcher::Equals(list)
                | Matcher::Contains(list)
                | Matcher::StartsWith(list)
                | Matcher::EndsWith(list) => list.len(),
                Matcher::Matches(regex) => regex.len() / 64,
                Matcher::In(_) | Matcher::Range(..) => 0,
            },
            _ => 0,
        }
    }

    fn depth(&self) -> usize {
        let mut deepest = 0;
        self.children(&mut |part| deepest = deepest.max(part.depth()));
        deepest + 1
    }
}

fn all(list: &[Expr], by: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Vec<Expr> {
    list.iter().map(|part| part.replaced(by)).collect()
}
