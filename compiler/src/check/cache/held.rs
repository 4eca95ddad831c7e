//! What the key of a cached answer holds, and what it doesn't.
//!
//! It holds all that is sent. What decides whether an answer is kept, or under which tags, may depend on more:
//! then one request's answer is kept, or not, for another's sake.

use super::super::Checker;
use super::proxied::Caching;
use crate::ast::{self, CacheSettingKind, ItemKind, ProxySettingKind};
use crate::diagnostics::NotInKey;
use crate::hir::{Cache, Const, EditValue, Expr, Fact, Proxy, QueryEdit};
use crate::source::Span;
use edge_abi::manifest::{Fact as Raw, Forward};
use edge_kernels::filter::Filter;
use std::collections::BTreeSet;

/// What a request is known by.
#[derive(Debug, Default)]
struct Known {
    facts: BTreeSet<Fact>,
    experiments: BTreeSet<u32>,
}

impl Checker<'_> {
    /// The parts of the key, in the words of the policy.
    pub(super) fn key_in_words(
        &self,
        made: &Proxy,
        cache: &Cache,
        caching: &Caching,
        it: &ast::Proxy,
    ) -> Vec<String> {
        let declared = &cache.declared;
        let target = match &made.target {
            Expr::Const(Const::Target(target)) => self.target_in_words(*target),
            _ => self.code(it.target.span),
        };
        let mut key = vec![format!("cache {}", declared.name), target];
        key.push(declared.methods.join(", "));
        if declared.methods.iter().any(|method| method == "POST") {
            key.push("body of POST".to_owned());
        }
        key.extend(["scheme", "host"].map(str::to_owned));
        if declared.forward == Forward::Nothing {
            key.push("codings".to_owned());
        }
        let settings = || it.settings.iter();
        let path = settings().find(|it| matches!(it.kind, ProxySettingKind::Path(_)));
        key.push(path.map_or_else(|| "path".to_owned(), |it| self.code(it.span)));
        key.push(self.query_in_words(cache));
        for setting in settings() {
            match &setting.kind {
                ProxySettingKind::Query(..)
                | ProxySettingKind::RemoveQuery(_)
                | ProxySettingKind::Method(_)
                | ProxySettingKind::Host(_) => key.push(self.code(setting.span)),
                ProxySettingKind::Header(edit) if edit.value.is_some() => {
                    key.push(format!("header {}", edit.name.value));
                }
                _ => {}
            }
        }
        if !caching.keep.is_empty() {
            let names: Vec<&str> = caching.keep.iter().map(|it| it.value.as_str()).collect();
            key.push(format!("cookies {}", names.join(", ")));
        }
        key.extend(self.added_in_words(&declared.name));
        if declared.forward == Forward::ClientHeaders {
            key.push("headers that `Vary` of the answer names".to_owned());
        }
        key
    }

    fn target_in_words(&self, target: u32) -> String {
        let at = target as usize;
        if let Some(origin) = self.hir.origins.get(at) {
            return format!("origin {}", origin.name);
        }
        let pool = self.hir.pools.get(at - self.hir.origins.len().min(at));
        format!("pool {}", pool.map_or("?", |pool| &pool.name))
    }

    fn query_in_words(&self, cache: &Cache) -> String {
        let names = |list: &[u8]| {
            let names = Filter::new(list).names();
            let names: Vec<String> = names.map(|it| it.escape_ascii().to_string()).collect();
            names.join(", ")
        };
        match cache.query.as_deref() {
            Some(list) if Filter::new(list).keeps() => format!("query only {}", names(list)),
            Some(list) => format!("query without {}", names(list)),
            None => "query".to_owned(),
        }
    }

    /// What the cache of that name adds, as written.
    fn added_in_words(&self, name: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (id, item) in self.resolved.items() {
            let ItemKind::Cache(it) = &item.kind else {
                continue;
            };
            if self.qualified(id, &it.name.text) != name {
                continue;
            }
            for setting in &it.settings {
                if let CacheSettingKind::Key(parts) = &setting.kind {
                    words.extend(parts.iter().map(|part| self.code(part.span)));
                }
            }
        }
        words
    }

    /// What reaches the origin or decides what is kept, and is not in the key: reported, and in words.
    pub(super) fn unheld(
        &mut self,
        made: &Proxy,
        cache: &Cache,
        cookies: &[Vec<u8>],
        unkeyed: &[String],
        span: Span,
    ) -> Vec<String> {
        let mut words = Vec::new();
        for name in unkeyed {
            let what = format!("header {name}");
            self.warn(&what, "it reaches the origin", &pair_of_header(name), span);
            words.push(what);
        }
        if cache.declared.forward == Forward::ClientHeaders {
            let pair = pair_of_header("X-Forwarded-Host");
            let what = "headers that `Vary` of the answer doesn't name";
            self.warn(what, "they reach the origin", &pair, span);
            words.push(what.to_owned());
        }
        let mut read = Known::default();
        cache
            .admission()
            .for_each(|expr| self.reads_of(expr, &mut read));
        let sent = self.sent(made, cache);
        let is_held = |fact: &Fact| self.is_held(fact, &sent, made, cookies);
        let missing = read.facts.iter().filter(|fact| !is_held(fact));
        let mut missing: Vec<(String, String)> = missing.map(in_words).collect();
        for experiment in read.experiments.difference(&sent.experiments) {
            let experiment = self.hir.experiments.get(*experiment as usize);
            missing.extend(experiment.map(|it| {
                let name = it.name.clone();
                let pair = format!("requests in two arms of `{name}`");
                (name, pair)
            }));
        }
        for (what, pair) in missing {
            let why = "what is kept depends on it";
            self.warn(&what, why, &pair, span);
            words.push(what);
        }
        words
    }

    fn warn(&mut self, what: &str, why: &'static str, pair: &str, span: Span) {
        self.problems.warn(NotInKey {
            what: what.to_owned(),
            why,
            pair: pair.to_owned(),
            span,
        });
    }

    /// All that an expression reads of a request.
    fn reads_of(&self, expr: &Expr, known: &mut Known) {
        match expr {
            Expr::Fact(fact, _) if is_of_request(fact) => {
                known.facts.insert(fact.clone());
            }
            Expr::Experiment(index) => {
                known.experiments.insert(*index);
            }
            Expr::CallFn(index, ..) => {
                if let Some(function) = self.hir.fns.get(*index as usize) {
                    self.reads_of(&function.body, known);
                }
            }
            Expr::Let(id, _) => {
                if let Some(binding) = self.hir.lets.get(id.0 as usize) {
                    self.reads_of(&binding.value, known);
                }
            }
            _ => {}
        }
        expr.children(&mut |part| self.reads_of(part, known));
    }

    /// What is sent as it is, or added to the key.
    fn sent(&self, made: &Proxy, cache: &Cache) -> Known {
        let mut known = Known::default();
        self.told(&made.target, &mut known);
        if let Expr::Choose(arms, ..) = &made.target {
            for (condition, _) in arms {
                if let Expr::IsArm(subject, _) = condition {
                    self.told(subject, &mut known);
                }
            }
        }
        match &made.path {
            Some(path) => path.parts.iter().for_each(|it| self.told(it, &mut known)),
            None => {
                known.facts.insert(Fact::Path);
            }
        }
        made.host.iter().for_each(|it| self.told(it, &mut known));
        for edit in &made.query {
            if let QueryEdit::Set(_, value) = edit {
                self.told(value, &mut known);
            }
        }
        for edit in &made.edits {
            if let Some(EditValue::Text(text)) = &edit.value {
                self.told(text, &mut known);
            }
        }
        cache.key.iter().for_each(|it| self.told(it, &mut known));
        known
    }

    /// What a text tells: facts and arms that stand in it as they are.
    fn told(&self, expr: &Expr, known: &mut Known) {
        match expr {
            Expr::Fact(fact, _) => {
                known.facts.insert(fact.clone());
            }
            Expr::Experiment(index) => {
                known.experiments.insert(*index);
            }
            Expr::Narrowed(inner) | Expr::ToText(inner) => self.told(inner, known),
            Expr::Concat(parts) | Expr::OrElse(parts, _) => {
                parts.iter().for_each(|part| self.told(part, known));
            }
            Expr::Let(id, _) => {
                if let Some(binding) = self.hir.lets.get(id.0 as usize) {
                    self.told(&binding.value, known);
                }
            }
            // `x else y` of several types is a choice between texts.
            Expr::Choose(arms, otherwise, _) => {
                arms.iter().for_each(|(_, value)| self.told(value, known));
                self.told(otherwise, known);
            }
            _ => {}
        }
    }

    fn is_held(&self, fact: &Fact, sent: &Known, made: &Proxy, cookies: &[Vec<u8>]) -> bool {
        let has = |fact: Fact| sent.facts.contains(&fact);
        let list = made.cache.as_ref().and_then(|cached| cached.query.as_ref());
        match fact {
            fact if sent.facts.contains(fact) => true,
            Fact::Raw(Raw::Method | Raw::Scheme | Raw::Authority) | Fact::Host => true,
            Fact::PathSegment(_) | Fact::PathRest(_) => has(Fact::Path),
            Fact::QueryString => list.is_none() && made.query.is_empty(),
            Fact::Query(name) | Fact::QueryList(name) => {
                made.query.is_empty()
                    && list.is_none_or(|list| Filter::new(list).lets_through(|it| like(name, it)))
            }
            Fact::Cookie(name) => {
                let passes = |list: &Vec<u8>| Filter::new(list).lets_through(|it| like(name, it));
                let whole = "cookie".to_owned();
                has(Fact::Raw(Raw::Header { name: whole }))
                    || !cookies.is_empty() && cookies.iter().all(passes)
            }
            Fact::Raw(Raw::HeaderList { name }) => {
                let name = name.clone();
                has(Fact::Raw(Raw::Header { name }))
            }
            _ => false,
        }
    }
}

/// Whether a fact differs from request to request.
fn is_of_request(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::Now
            | Fact::Raw(
                Raw::Param { .. }
                    | Raw::Pop
                    | Raw::EdgeRegion
                    | Raw::ResponseStatus
                    | Raw::ResponseOrigin
                    | Raw::ResponseCache
                    | Raw::ResponseHeader { .. }
                    | Raw::ResponseHeaderList { .. }
            )
    )
}

fn like(name: &[u8], pattern: &[u8]) -> bool {
    match pattern.strip_suffix(b"*") {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

fn pair_of_header(name: &str) -> String {
    format!("a request with `{name}: a` and one with `{name}: b`")
}

/// A fact as the language names it, and two requests that differ in it alone.
fn in_words(fact: &Fact) -> (String, String) {
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    match fact {
        Fact::Raw(Raw::Header { name } | Raw::HeaderList { name }) => {
            (format!("request.header[\"{name}\"]"), pair_of_header(name))
        }
        Fact::Cookie(name) => {
            let name = text(name);
            let pair = format!("a request with `Cookie: {name}=a` and one with `Cookie: {name}=b`");
            (format!("request.cookie[\"{name}\"]"), pair)
        }
        Fact::Query(name) | Fact::QueryList(name) => {
            let name = text(name);
            let pair = format!("a request for `/?{name}=a` and one for `/?{name}=b`");
            (format!("request.query[\"{name}\"]"), pair)
        }
        Fact::QueryString => (
            "request.query_string".to_owned(),
            "a request for `/?a=1` and one for `/?a=2`".to_owned(),
        ),
        Fact::Path | Fact::RawPath | Fact::PathSegment(_) | Fact::PathRest(_) => (
            "request.path".to_owned(),
            "requests for two paths that are one at the origin".to_owned(),
        ),
        Fact::Raw(Raw::ClientIp) => (
            "client.ip".to_owned(),
            "a request from 192.0.2.1 and one from 192.0.2.2".to_owned(),
        ),
        Fact::Raw(raw) => {
            let name = serde_json::to_value(raw).ok();
            let name = name.as_ref().and_then(|it| it.get("fact")?.as_str());
            let name = name.unwrap_or("a fact").to_owned();
            let pair = format!("two requests that differ in `{name}`");
            (name, pair)
        }
        _ => (
            "a fact".to_owned(),
            "two requests that differ in it".to_owned(),
        ),
    }
}
