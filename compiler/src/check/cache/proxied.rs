//! What a `proxy` says of its cache, and of the cookies and headers that reach the origin.

use super::super::edits::Message;
use super::super::{Checker, fact_table::TEXT};
use crate::ast::{self, EditOp, Text};
use crate::diagnostics::GivenTwice;
use crate::hir::{Builtin, Cached, Const, Edit, EditValue, Expr, Fact, Proxy};
use crate::source::Span;
use edge_abi::manifest::{self, Fact as RawFact, Forward, ProxyOptions};

/// What a `proxy` block says of these.
#[derive(Debug, Default)]
pub(in crate::check) struct Caching {
    /// The cache's index, if it has one, and where its name stands.
    pub(in crate::check) cache: Option<(Option<u32>, Span)>,
    pub(in crate::check) keep: Vec<Text>,
    pub(in crate::check) remove: Vec<Text>,
    /// Where `unkeyed` stands.
    pub(in crate::check) unkeyed: Option<Span>,
    /// Before which edit the cookies stand, and where in the policy.
    cookies: Option<(usize, Span)>,
}

impl Caching {
    pub(in crate::check) fn cookies_at(&mut self, at: usize, span: Span) {
        self.cookies.get_or_insert((at, span));
    }
}

impl Checker<'_> {
    /// What all settings of a `proxy` block say together of its cache.
    pub(in crate::check) fn cached(
        &mut self,
        made: &mut Proxy,
        options: &mut ProxyOptions,
        caching: &Caching,
        it: &ast::Proxy,
    ) {
        let index = caching.cache.and_then(|(index, _)| index);
        let cache = index.and_then(|index| self.hir.caches.get(index as usize));
        let forwards = cache.map(|cache| cache.declared.forward);
        self.judge(caching, forwards);
        let lists = self.cookies(made, caching);
        let (Some(index), Some(forward), Some((_, span))) = (index, forwards, caching.cache) else {
            return;
        };
        let Some(cache) = self.hir.caches.get(index as usize).cloned() else {
            return;
        };
        let Some(key) = self.added_key(&cache.key, span) else {
            return;
        };
        made.cache = Some(Cached {
            cache: index,
            key,
            query: cache.query.clone(),
            sorts: forward == Forward::Nothing,
        });
        let unheld = self.unheld(made, &cache, &lists, &options.unkeyed, span);
        let key = self.key_in_words(made, &cache, caching, it);
        self.hir.cached.push(manifest::Cached {
            rule: made.rule.0,
            place: made.place.0,
            key,
            unkeyed: unheld,
        });
    }

    /// `unkeyed header "N", …`
    pub(in crate::check) fn unkeyed(&mut self, options: &mut ProxyOptions, names: &[Text]) {
        for name in names {
            let found = self.header_name(name.value.as_bytes(), name.span);
            let found = found.and_then(|it| self.editable(it, Message::ToOrigin, name.span));
            let Some(found) = found else { continue };
            if options.unkeyed.contains(&found) {
                self.problems.push(GivenTwice {
                    what: format!("`{found}`"),
                    span: name.span,
                });
            } else {
                options.unkeyed.push(found);
            }
        }
    }

    /// Reports what makes no sense without a cache, or with one that forwards everything.
    fn judge(&mut self, caching: &Caching, forwards: Option<Forward>) {
        if caching.cache.is_some() && forwards.is_none() {
            return;
        }
        if let Some(span) = caching.unkeyed
            && forwards != Some(Forward::Nothing)
        {
            let help = "all of the client's headers reach the origin here: leave it out";
            self.misplaced::<()>("`unkeyed`", span, help);
        }
        if let Some((_, span)) = caching.cookies
            && forwards == Some(Forward::Nothing)
            && caching.keep.is_empty()
        {
            self.misplaced::<()>(
                "`remove cookie` of a cached request",
                span,
                "no cookie reaches the origin but those that `keep cookie` names: leave it out",
            );
        }
    }

    /// The edit by which only some cookies reach the origin, and the lists that say which.
    fn cookies(&mut self, made: &mut Proxy, caching: &Caching) -> Vec<Vec<u8>> {
        let Some((at, span)) = caching.cookies else {
            return Vec::new();
        };
        let mut lists = Vec::new();
        for (keeps, names) in [(true, &caching.keep), (false, &caching.remove)] {
            if !names.is_empty() {
                lists.push(self.name_list(keeps, names, "cookies", span));
            }
        }
        let name = "cookie".to_owned();
        let header = Fact::Raw(RawFact::Header { name: name.clone() });
        let mut cookies = Expr::Fact(header, TEXT);
        for list in &lists {
            let list = Expr::Const(Const::Bytes(list.clone()));
            cookies = Expr::Builtin(Builtin::CookieFilter, vec![cookies, list]);
        }
        let edit = Edit {
            op: EditOp::Set,
            name,
            value: Some(EditValue::Text(cookies)),
            place: self.place(span),
        };
        made.edits.insert(at.min(made.edits.len()), edit);
        lists
    }

    /// The parts that a cache adds to the key, each behind its length, so that no two keys look alike.
    fn added_key(&mut self, parts: &[Expr], span: Span) -> Option<Option<Expr>> {
        if parts.is_empty() {
            return Some(None);
        }
        let mut joined = Vec::new();
        for part in parts {
            let length = Expr::Builtin(Builtin::Len, vec![self.copy(part, span)?]);
            joined.push(Expr::ToText(Box::new(length)));
            joined.push(Expr::Const(Const::Bytes(b":".to_vec())));
            joined.push(self.copy(part, span)?);
        }
        Some(Some(Expr::Concat(joined)))
    }
}
