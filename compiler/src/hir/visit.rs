//! Walks over statements.

use super::{EditValue, Expr, Handler, Over, QueryEdit, SecretPart, Stmt, StmtKind};

impl Handler {
    /// Calls `see` with every expression in it.
    pub fn exprs(&self, see: &mut dyn FnMut(&Expr)) {
        self.when.iter().for_each(&mut *see);
        self.body.iter().for_each(|stmt| stmt.exprs(see));
    }
}

impl Stmt {
    /// Calls `see` with every expression in it and in the blocks below it; not with parts of expressions.
    pub fn exprs(&self, see: &mut dyn FnMut(&Expr)) {
        let blocks = |blocks: &mut dyn Iterator<Item = &Vec<Stmt>>, see: &mut dyn FnMut(&Expr)| {
            blocks.flatten().for_each(|stmt| stmt.exprs(see));
        };
        match &self.kind {
            StmtKind::LetElse(_, block) => blocks(&mut [block].into_iter(), see),
            StmtKind::If { arms, otherwise } => {
                arms.iter().for_each(|(condition, _)| see(condition));
                blocks(
                    &mut arms.iter().map(|(_, block)| block).chain([otherwise]),
                    see,
                );
            }
            StmtKind::Deny(rules) => {
                rules.iter().for_each(|rule| see(&rule.condition));
                blocks(&mut rules.iter().map(|rule| &rule.body), see);
            }
            StmtKind::Hits(hits) => {
                hits.rules.iter().for_each(|(_, condition)| see(condition));
                blocks(&mut [&hits.then].into_iter(), see);
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
    pub fn exprs(&self, see: &mut dyn FnMut(&Expr)) {
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
    pub fn exprs(&self, see: &mut dyn FnMut(&Expr)) {
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
    }
}
