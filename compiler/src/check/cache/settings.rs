//! The settings of a cache.

use super::super::Checker;
use super::super::scope::{Place, Scope};
use crate::ast::{self, CacheSettingKind as Kind, Name};
use crate::diagnostics::{GivenTwice, MissingSetting, NoSuchWord, OutOfRange};
use crate::hir::{Cache, Expr};
use crate::resolve::{DeclId, suggest};
use crate::source::Span;
use edge_abi::manifest::{Forward, Respect};
use edge_abi::output::MAX_TAGS;

/// The methods whose answers can be kept (RFC 9110, section 9.2.3).
const METHODS: &[&str] = &["GET", "HEAD", "POST"];

/// What is written once, and where.
type Seen = Vec<(&'static str, Span)>;

impl Checker<'_> {
    /// Checks a cache and its settings.
    pub(in crate::check) fn check_cache(&mut self, id: DeclId, it: &ast::Cache) {
        let Some(at) = self.index.get(&id).copied() else {
            return;
        };
        let Some(mut made) = self.hir.caches.get(at as usize).cloned() else {
            return;
        };
        let mut seen = Seen::new();
        for setting in &it.settings {
            if let Some(word) = once(&setting.kind) {
                let other = seen.iter().find(|(other, _)| *other == word);
                if other.is_some() {
                    self.problems.push(GivenTwice {
                        what: format!("`{word}`"),
                        span: setting.span,
                    });
                    continue;
                }
                seen.push((word, setting.span));
            }
            self.cache_setting(id.unit, &mut made, &setting.kind, setting.span);
        }
        self.judge_cache(it, &made, &seen);
        made.declared.admits = made.admits();
        if let Some(place) = self.hir.caches.get_mut(at as usize) {
            *place = made;
        }
    }

    fn cache_setting(&mut self, unit: usize, made: &mut Cache, kind: &Kind, span: Span) {
        let declared = &mut made.declared;
        match kind {
            Kind::Tier(name, of) => {
                let ms = self.lasting(of, "how long a tier keeps an answer");
                match self.one_word(name, "a tier", &[("edge", true), ("regional", false)]) {
                    Some(true) => declared.edge_ms = ms,
                    Some(false) => declared.regional_ms = ms,
                    None => {}
                }
            }
            Kind::Key(of) => made.key = self.texts_at(unit, Place::CacheKey, of),
            Kind::IgnoreQuery(names) => {
                made.query = Some(self.name_list(false, names, "parameters", span));
            }
            Kind::OnlyQuery(names) => {
                made.query = Some(self.name_list(true, names, "parameters", span));
            }
            Kind::OnlyWhen(when) => made.only_when = self.admission_condition(unit, when),
            Kind::Ttl(of, when) => {
                self.follows_all(made, span);
                let ms = self.lasting(of, "`ttl`");
                let condition = match when {
                    Some(when) => self.admission_condition(unit, when).map(Some),
                    None => Some(None),
                };
                made.ttl.extend(ms.zip(condition));
            }
            Kind::Methods(names) => declared.methods = self.cached_methods(names),
            Kind::Stale(kinds) => self.stale(made, kinds),
            Kind::Strip(name) => {
                let stem = name.value.strip_suffix('*').unwrap_or(&name.value);
                let stem = if stem.is_empty() { "x" } else { stem };
                if self.header_name(stem.as_bytes(), name.span).is_some() {
                    declared.strip.push(name.value.to_ascii_lowercase());
                }
            }
            Kind::Tag(of) => {
                let most = MAX_TAGS as usize;
                if of.len() > most {
                    self.problems.push(OutOfRange {
                        what: "how many tags an answer has".to_owned(),
                        range: format!("at most {most}"),
                        span,
                    });
                }
                made.tags = self.texts_at(unit, Place::Admission, of);
            }
            Kind::Coalesce(word) => declared.coalesce = self.switch(word, true),
            Kind::Etag(word) => declared.etag = self.switch(word, false),
            Kind::Respect(word) => {
                let words = [("origin", Respect::Origin), ("override", Respect::Override)];
                let what = "who decides how long an answer is fresh";
                declared.respect = self.one_word(word, what, &words).unwrap_or_default();
            }
            Kind::Forward(word) => {
                let words = [("client_headers", Forward::ClientHeaders)];
                let what = "something to forward";
                declared.forward = self.one_word(word, what, &words).unwrap_or_default();
            }
        }
    }

    /// What can only be said of all settings together.
    fn judge_cache(&mut self, it: &ast::Cache, made: &Cache, seen: &Seen) {
        let span_of = |word: &str| seen.iter().find(|(other, _)| *other == word);
        if let (Some(_), Some((_, span))) = (span_of("only query"), span_of("ignore query")) {
            self.misplaced::<()>(
                "`ignore query` beside `only query`",
                *span,
                "`only query` names all that reaches the origin: leave `ignore query` out",
            );
        }
        let declared = &made.declared;
        let has_tier = declared.edge_ms.is_some() || declared.regional_ms.is_some();
        if declared.respect == Respect::Override && !has_tier && made.ttl.is_empty() {
            self.problems.push(MissingSetting {
                what: format!("the cache `{}`", it.name.text),
                setting: "how long it keeps an answer, since the origin is not asked: for instance `tier edge 5m`",
                span: it.name.span,
            });
        }
    }

    /// Reports a `ttl` behind one that holds for every answer.
    fn follows_all(&mut self, made: &Cache, span: Span) {
        if made.ttl.iter().any(|(_, when)| when.is_none()) {
            self.misplaced::<()>(
                "a `ttl` behind one that holds for every answer",
                span,
                "the first whose condition holds counts: put the one without `when` last",
            );
        }
    }

    fn admission_condition(&mut self, unit: usize, when: &ast::Expr) -> Option<Expr> {
        let scope = Scope::at(unit, Place::Admission);
        let (found, _) = self.within(scope, |checker| checker.condition(when));
        found.map(|condition| condition.expr)
    }

    fn texts_at(&mut self, unit: usize, place: Place, list: &[ast::Expr]) -> Vec<Expr> {
        let scope = Scope::at(unit, place);
        let (texts, _) = self.within(scope, |checker| {
            list.iter().map(|it| checker.text(it)).collect::<Vec<_>>()
        });
        texts.into_iter().flatten().collect()
    }

    fn cached_methods(&mut self, names: &[Name]) -> Vec<String> {
        let mut methods: Vec<String> = Vec::new();
        for name in names {
            if !METHODS.contains(&name.text.as_str()) {
                let known = METHODS.iter().copied();
                let help = suggest(&name.text.to_ascii_uppercase(), known);
                self.problems.push(NoSuchWord {
                    word: name.text.clone(),
                    what: "a method whose answers can be kept",
                    span: name.span,
                    help: help.or_else(|| Some("it is `GET`, `HEAD` or `POST`".to_owned())),
                });
            } else if methods.contains(&name.text) {
                self.problems.push(GivenTwice {
                    what: format!("`{}`", name.text),
                    span: name.span,
                });
            } else {
                methods.push(name.text.clone());
            }
        }
        let has = |method: &str| methods.iter().any(|it| it == method);
        if has("GET") && !has("HEAD") {
            methods.push("HEAD".to_owned());
        }
        methods
    }

    fn stale(&mut self, made: &mut Cache, kinds: &[(Name, ast::Expr)]) {
        let mut seen: Vec<bool> = Vec::new();
        for (word, of) in kinds {
            let ms = self.lasting(of, "how long a stale answer is served");
            let words = [("while_revalidate", true), ("if_error", false)];
            let Some(revalidates) = self.one_word(word, "a case for a stale answer", &words) else {
                continue;
            };
            if seen.contains(&revalidates) {
                self.problems.push(GivenTwice {
                    what: format!("`{}`", word.text),
                    span: word.span,
                });
                continue;
            }
            seen.push(revalidates);
            match revalidates {
                true => made.declared.stale_while_revalidate_ms = ms,
                false => made.declared.stale_if_error_ms = ms,
            }
        }
    }

    fn switch(&mut self, word: &Name, otherwise: bool) -> bool {
        let words = [("on", true), ("off", false)];
        let found = self.one_word(word, "a switch", &words);
        found.unwrap_or(otherwise)
    }
}

/// The words of a setting that a cache has once.
fn once(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Tier(name, _) if name.text == "edge" => "tier edge",
        Kind::Tier(name, _) if name.text == "regional" => "tier regional",
        Kind::Key(_) => "key",
        Kind::IgnoreQuery(_) => "ignore query",
        Kind::OnlyQuery(_) => "only query",
        Kind::OnlyWhen(_) => "only when",
        Kind::Methods(_) => "methods",
        Kind::Stale(_) => "stale",
        Kind::Tag(_) => "tag",
        Kind::Coalesce(_) => "coalesce",
        Kind::Etag(_) => "etag",
        Kind::Respect(_) => "respect",
        Kind::Forward(_) => "forward",
        Kind::Tier(..) | Kind::Ttl(..) | Kind::Strip(_) => return None,
    })
}
