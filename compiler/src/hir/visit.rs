//! Walks over statements.

use super::{EditValue, Expr, Handler, Over, QueryEdit, SecretPart, Stmt, StmtKind};

impl Handler {
    /// Calls `see` with every expression in it.
    pub fn exprs<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        self.when.iter().for_each(&mut *see);
        all(&self.body, see);
    }
}

impl Stmt {
    /// Calls `see` with every expression in it and in the blocks below it; not with parts of expressions.
    pub fn exprs<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            StmtKind::LetElse(_, block) => all(block, see),
            StmtKind::If { arms, otherwise } => {
                arms.iter().for_each(|(condition, _)| see(condition));
                arms.iter().for_each(|(_, block)| all(block, see));
                all(otherwise, see);
            }
            StmtKind::Deny(rules) => {
                rules.iter().for_each(|rule| see(&rule.condition));
                rules.iter().for_each(|rule| all(&rule.body, see));
            }
            StmtKind::Hits(hits) => {
                hits.rules.iter().for_each(|(_, condition)| see(condition));
                all(&hits.then, see);
            }
            StmtKind::Scan(scan) => {
                if let Over::Answered(respond) = &scan.over {
                    respond.body.iter().for_each(see);
                }
            }
            StmtKind::Ask(ask) => ask.state.parts().for_each(see),
            StmtKind::Do(state) => state.parts().for_each(see),
            StmtKind::Edit(edit) => edit.exprs(see),
            StmtKind::Log { text, .. } => see(text),
            StmtKind::Respond(respond) => respond.body.iter().for_each(see),
            StmtKind::Redirect { to, .. } => see(to),
            StmtKind::Proxy(proxy) => proxy.exprs(see),
        }
    }
}

impl super::Edit {
    /// Calls `see` with every expression in it.
    pub fn exprs<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        match &self.value {
            None => {}
            Some(EditValue::Text(text)) => see(text),
            Some(EditValue::WithSecrets(parts)) => parts.iter().for_each(|part| {
                if let SecretPart::Text(text) = part {
                    see(text);
                }
            }),
        }
    }
}

impl super::Proxy {
    /// Calls `see` with every expression in it.
    pub fn exprs<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        see(&self.target);
        self.host.iter().for_each(&mut *see);
        self.path
            .iter()
            .flat_map(|path| &path.parts)
            .for_each(&mut *see);
        for edit in &self.query {
            if let QueryEdit::Set(_, value) = edit {
                see(value);
            }
        }
        self.edits.iter().for_each(|edit| edit.exprs(see));
        let key = self.cache.iter().filter_map(|cached| cached.key.as_ref());
        key.for_each(see);
    }
}

fn all<'a>(block: &'a [Stmt], see: &mut dyn FnMut(&'a Expr)) {
    block.iter().for_each(|stmt| stmt.exprs(see));
}
