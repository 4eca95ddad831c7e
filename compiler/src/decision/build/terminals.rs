//! Statements that end a request, and the edits that go with them.

use super::{Builder, Mentions, Next, Scope};
use crate::{
    decision::{
        Atom, Edit, FaultReason, Handle, Matcher, Node, Part, Proxy, Terminal, Then, Value,
    },
    hir::{self, Base, Builtin, EditValue, Expr, Fact, QueryEdit, RuleId, SecretPart, Type},
};

const STRING: Type = Type::of(Base::String);

impl Builder<'_> {
    pub(super) fn respond(&mut self, respond: &hir::Respond, scope: Scope) -> Next {
        let mut mentions = respond
            .body
            .as_ref()
            .map(|b| self.mentions.of(b))
            .unwrap_or_default();
        mentions.body = mentions.body.max(scope.body);
        let body = match &respond.body {
            Some(Expr::Concat(parts)) => parts.iter().map(|p| self.value(p)).collect(),
            Some(whole) => vec![self.value(whole)],
            None => Vec::new(),
        };
        let content_type = respond.content_type.clone().map(String::into_bytes);
        let terminal = Terminal::Respond {
            rule: respond.rule,
            status: respond.status,
            content_type,
            body,
            then: scope.then,
        };
        self.decide(terminal, &mentions, scope)
    }

    pub(super) fn plain_answer(
        &mut self,
        rule: RuleId,
        status: u16,
        then: Option<Then>,
    ) -> Handle<Node> {
        let terminal = Terminal::Respond {
            rule,
            status,
            content_type: None,
            body: Vec::new(),
            then,
        };
        self.graph.nodes.intern(Node::Decide(terminal))
    }

    pub(super) fn redirect(
        &mut self,
        rule: RuleId,
        status: u16,
        to: &Expr,
        place: hir::PlaceId,
        scope: Scope,
    ) -> Next {
        let mut mentions = self.mentions.of(to);
        mentions.body = mentions.body.max(scope.body);
        let to = self.value(to);
        let answer = self.plain_answer(rule, status, scope.then);
        let edit = Edit {
            op: crate::ast::EditOp::Set,
            name: b"location".to_vec(),
            value: vec![Part::Text(to)],
            place,
        };
        let act = Node::Act {
            effect: crate::decision::Effect::Edit(edit),
            next: answer,
        };
        let act = self.graph.nodes.intern(act);
        let node = self.checked(
            to,
            Matcher::HeaderValue,
            act,
            (rule, place, FaultReason::Location),
        );
        self.consequences(&mentions, scope, Next::both(node))
    }

    pub(super) fn proxy(&mut self, proxy: &hir::Proxy, scope: Scope) -> Next {
        let mut mentions = self.mentions.of(&proxy.target);
        mentions.body = mentions.body.max(scope.body);
        let target = self.value(&proxy.target);
        let host = proxy.host.as_ref().map(|host| {
            mentions.add(&self.mentions.of(host));
            self.value(host)
        });
        let cached = proxy.cache.as_ref();
        let query = self.query(proxy, &mut mentions);
        let key = cached.and_then(|cached| cached.key.as_ref()).map(|key| {
            mentions.add(&self.mentions.of(key));
            self.value(key)
        });
        let edits = proxy.edits.iter().map(|edit| {
            let (edit, found) = self.edit(edit);
            mentions.add(&found);
            edit
        });
        let edits = edits.collect();
        let fault = (proxy.rule, proxy.place, FaultReason::UpstreamPath);
        let (path, parts) = self.upstream_path(proxy.path.as_ref(), &mut mentions);
        let request = Proxy {
            rule: proxy.rule,
            target,
            method: proxy.method.clone().map(String::into_bytes),
            path,
            query,
            host,
            edits,
            options: proxy.options,
            cache: cached.map(|cached| cached.cache),
            key,
        };
        let terminal = Terminal::Proxy {
            proxy: Box::new(request),
            then: self.admission(scope.then, cached, proxy.rule),
        };
        let mut node = self.graph.nodes.intern(Node::Decide(terminal));
        if !parts.is_empty() {
            node = self.checked(path, Matcher::UpstreamPath, node, fault);
        }
        for part in parts.into_iter().rev() {
            node = self.checked(part, Matcher::UpstreamValue, node, fault);
        }
        self.consequences(&mentions, scope, Next::both(node))
    }

    fn decide(&mut self, terminal: Terminal, mentions: &Mentions, scope: Scope) -> Next {
        let node = self.graph.nodes.intern(Node::Decide(terminal));
        self.consequences(mentions, scope, Next::both(node))
    }

    fn checked(
        &mut self,
        subject: Handle<Value>,
        matcher: Matcher,
        node: Handle<Node>,
        (rule, place, reason): (RuleId, hir::PlaceId, FaultReason),
    ) -> Handle<Node> {
        let fault = self.graph.nodes.intern(Node::Decide(Terminal::Fault {
            rule,
            place,
            reason,
        }));
        let atom = self.graph.atoms.intern(Atom { subject, matcher });
        self.graph.test(atom, node, fault)
    }

    /// The path that goes upstream, and the parts of it that are not constant.
    fn upstream_path(
        &mut self,
        path: Option<&hir::UpstreamPath>,
        mentions: &mut Mentions,
    ) -> (Handle<Value>, Vec<Handle<Value>>) {
        let Some(path) = path else {
            let path = self
                .graph
                .value(Value::Fact(Fact::Path), Type::optional(Base::String));
            return (path, Vec::new());
        };
        let mut dynamic = Vec::new();
        let mut parts = Vec::new();
        for part in &path.parts {
            mentions.add(&self.mentions.of(part));
            let value = self.value(part);
            parts.push(value);
            // As written: a name for a constant is judged when it is used, like any value.
            if !matches!(part, Expr::Const(_)) {
                dynamic.push(value);
            }
        }
        let whole = match parts.as_slice() {
            [one] => *one,
            _ => self.graph.value(Value::Concat(parts), STRING),
        };
        (whole, dynamic)
    }

    fn query(&mut self, proxy: &hir::Proxy, mentions: &mut Mentions) -> Handle<Value> {
        let optional = Type::optional(Base::String);
        let cached = proxy.cache.as_ref();
        let mut query = self.graph.value(Value::Fact(Fact::QueryString), optional);
        if let Some(list) = cached.and_then(|cached| cached.query.as_ref()) {
            let filter = vec![query, self.bytes(list)];
            let value = Value::Builtin(Builtin::QueryFilter, filter);
            query = self.graph.value(value, optional);
        }
        for edit in &proxy.query {
            query = match edit {
                QueryEdit::Set(name, value) => {
                    mentions.add(&self.mentions.of(value));
                    let value = self.value(value);
                    self.graph
                        .value(Value::QuerySet(query, name.clone(), value), STRING)
                }
                QueryEdit::Remove(name) => self
                    .graph
                    .value(Value::QueryRemove(query, name.clone()), optional),
            };
        }
        if cached.is_some_and(|cached| cached.sorts) {
            let value = Value::Builtin(Builtin::QuerySort, vec![query]);
            query = self.graph.value(value, optional);
        }
        query
    }

    pub(super) fn edit(&mut self, edit: &hir::Edit) -> (Edit, Mentions) {
        let mut mentions = Mentions::default();
        let mut text = |builder: &mut Self, expr: &Expr| {
            mentions.add(&builder.mentions.of(expr));
            Part::Text(builder.value(expr))
        };
        let value = match &edit.value {
            None => Vec::new(),
            Some(EditValue::Text(expr)) => vec![text(self, expr)],
            Some(EditValue::WithSecrets(parts)) => parts
                .iter()
                .map(|part| match part {
                    SecretPart::Text(expr) => text(self, expr),
                    SecretPart::Secret(index) => Part::Secret(*index),
                })
                .collect(),
        };
        let edit = Edit {
            op: edit.op,
            name: edit.name.clone().into_bytes(),
            value,
            place: edit.place,
        };
        (edit, mentions)
    }
}
