//! `proxy`: where to, and what is asked there.

use super::cache::Caching;
use super::edits::{Message, is_token};
use super::{Checker, index};
use crate::ast::{
    Expr as Ast, ExprKind, Name, Proxy as Written, ProxySetting, ProxySettingKind, Text,
};
use crate::diagnostics::{
    BadHeaderValue, BadMethod, BadUpstreamPath, GivenTwice, NoSuchWord, OutOfRange, WrongType,
};
use crate::hir::{Base, Const, Expr, Proxy, QueryEdit, UpstreamPath};
use crate::resolve::DeclKind;
use crate::source::Span;
use edge_abi::manifest::{Failure, Fallback, ProxyOptions, Retry};

/// Most further tries.
const MOST_TRIES: i64 = 10;

impl Checker<'_> {
    pub(super) fn proxy(&mut self, it: &Written, span: Span) -> Option<Proxy> {
        let target = self.proxy_target(&it.target);
        let place = self.place(span);
        let mut made = Proxy {
            rule: self.scope.rule,
            target: Expr::Const(Const::Target(0)),
            method: None,
            path: None,
            query: Vec::new(),
            host: None,
            edits: Vec::new(),
            options: 0,
            cache: None,
            place,
        };
        let mut caching = Caching::default();
        let mut options = ProxyOptions::default();
        let mut seen: Vec<&str> = Vec::new();
        for setting in &it.settings {
            if let Some(word) = once(&setting.kind) {
                if seen.contains(&word) {
                    self.problems.push(GivenTwice {
                        what: format!("`{word}`"),
                        span: setting.span,
                    });
                    continue;
                }
                seen.push(word);
            }
            self.proxy_setting(&mut made, &mut options, &mut caching, setting);
        }
        made.target = target?;
        self.cached(&mut made, &mut options, &caching, it);
        made.options = self.options(options);
        Some(made)
    }

    fn proxy_target(&mut self, target: &Ast) -> Option<Expr> {
        if let ExprKind::Name(name) = &target.kind
            && self.scope.local(name).is_none()
        {
            let Some(decl) = self.declared(self.scope.unit, name) else {
                return self.unknown("origin or pool", name, target.span);
            };
            if !matches!(decl.kind, DeclKind::Origin | DeclKind::Pool) {
                return self.wrong_kind(name, decl.kind, "an origin or pool", target.span);
            }
        }
        let value = self.check(target)?;
        if value.ty.base == Base::Target {
            return Some(value.expr);
        }
        let found = self.describe(value.ty);
        self.fail(WrongType {
            expected: "an origin or pool".to_owned(),
            found,
            span: target.span,
            help: Some("declare it: `origin shop { url \"https://shop.internal\" }`".to_owned()),
        })
    }

    /// The index of what a `proxy` declares; equal ones are one.
    fn options(&mut self, options: ProxyOptions) -> u32 {
        let next = index(self.hir.proxies.len());
        let known = *self.options.entry(format!("{options:?}")).or_insert(next);
        if known == next {
            self.hir.proxies.push(options);
        }
        known
    }

    fn proxy_setting(
        &mut self,
        made: &mut Proxy,
        options: &mut ProxyOptions,
        caching: &mut Caching,
        setting: &ProxySetting,
    ) {
        match &setting.kind {
            ProxySettingKind::Path(path) => made.path = self.upstream_path(path),
            ProxySettingKind::Query(name, value) => {
                if let Some(value) = self.text(value) {
                    let name = name.value.clone().into_bytes();
                    made.query.push(QueryEdit::Set(name, value));
                }
            }
            ProxySettingKind::RemoveQuery(name) => self.remove_query(made, name),
            ProxySettingKind::Method(name) => made.method = self.method(name),
            ProxySettingKind::Host(host) => made.host = self.upstream_host(host),
            ProxySettingKind::Header(edit) => {
                let edit = self.edit(edit, Message::ToOrigin, setting.span);
                made.edits.extend(edit);
            }
            ProxySettingKind::Timeout(d) => options.timeout_ms = self.duration(d, "`timeout`"),
            ProxySettingKind::Retry(times, on) => {
                let times = self.constant_within(times, "the number of tries", (1, MOST_TRIES));
                let on = self.failures(on);
                options.retry = times
                    .and_then(|n| u32::try_from(n).ok())
                    .map(|times| Retry { times, on });
            }
            ProxySettingKind::Fallback(path, on) => {
                let on = self.failures(on);
                options.fallback = self.target(path).map(|target| Fallback { target, on });
            }
            ProxySettingKind::Cache(path) => {
                caching.cache = Some((self.cache_named(path), path.span));
            }
            ProxySettingKind::CacheFor(time) => {
                self.misplaced::<()>(
                    "a time behind `cache`",
                    time.span,
                    "a cache has a name: declare `cache pages { tier edge 5m }`, and write `cache pages` here",
                );
            }
            ProxySettingKind::KeepCookie(names) => {
                caching.keep.extend(names.iter().cloned());
                caching.cookies_at(made.edits.len(), setting.span);
            }
            ProxySettingKind::RemoveCookie(names) => {
                caching.remove.extend(names.iter().cloned());
                caching.cookies_at(made.edits.len(), setting.span);
            }
            ProxySettingKind::Unkeyed(names) => {
                self.unkeyed(options, names);
                caching.unkeyed.get_or_insert(setting.span);
            }
        }
    }

    fn remove_query(&mut self, made: &mut Proxy, name: &Text) {
        let stem = name.value.strip_suffix('*').unwrap_or(&name.value);
        if stem.contains('*') {
            self.problems.push(OutOfRange {
                what: "a `*` in the name of a query parameter".to_owned(),
                range: "at its end".to_owned(),
                span: name.span,
            });
        }
        made.query
            .push(QueryEdit::Remove(name.value.clone().into_bytes()));
    }

    /// A path for an origin; its constant parts are checked here, the rest when it runs.
    fn upstream_path(&mut self, path: &Ast) -> Option<UpstreamPath> {
        let text = self.text(path)?;
        let parts = match text {
            Expr::Concat(parts) => parts,
            one => vec![one],
        };
        for (n, part) in parts.iter().enumerate() {
            let Expr::Const(Const::Bytes(bytes)) = part else {
                continue;
            };
            let why = if n == 0 && bytes.first() != Some(&b'/') {
                "it does not begin with `/`"
            } else if bytes.iter().any(|byte| matches!(byte, b'?' | b'#')) {
                "it holds `?` or `#`"
            } else if bytes.iter().any(|byte| !matches!(byte, b'!'..=b'~')) {
                "it holds a space, a control character or a byte that is not ASCII"
            } else {
                continue;
            };
            let help = match why {
                "it does not begin with `/`" => "a path begins with `/`",
                "it holds `?` or `#`" => "write the query with `query \"k\" = E`",
                _ => "percent-encode it: a space is `%20`",
            };
            return self.fail(BadUpstreamPath {
                why,
                span: path.span,
                help: Some(help.to_owned()),
            });
        }
        Some(UpstreamPath { parts })
    }

    fn upstream_host(&mut self, host: &Ast) -> Option<Expr> {
        let text = self.text(host)?;
        match &text {
            Expr::Const(Const::Bytes(bytes))
                if !super::origins::is_authority(&String::from_utf8_lossy(bytes)) =>
            {
                self.fail(BadHeaderValue {
                    name: "host".to_owned(),
                    why: "something else than a host and a port",
                    span: host.span,
                })
            }
            _ => Some(text),
        }
    }

    /// A method that requests can have.
    pub(super) fn method(&mut self, name: &Name) -> Option<String> {
        let upper = name.text.to_ascii_uppercase();
        let (why, help) = if !is_token(&name.text) {
            ("not a token", None)
        } else if matches!(upper.as_str(), "CONNECT" | "TRACE") {
            ("the host refuses such requests", None)
        } else if name.text != upper {
            (
                "methods are in upper case",
                Some(format!("did you mean `{upper}`?")),
            )
        } else {
            return Some(upper);
        };
        self.fail(BadMethod {
            name: name.text.clone(),
            why,
            span: name.span,
            help,
        })
    }

    fn failures(&mut self, words: &[Name]) -> Vec<Failure> {
        let mut failures = Vec::new();
        for word in words {
            match failure(&word.text) {
                Some(failure) => failures.push(failure),
                None => self.problems.push(NoSuchWord {
                    word: word.text.clone(),
                    what: "a way in which a try can fail",
                    span: word.span,
                    help: Some(
                        "it is `connect`, `timeout`, `reset`, `5xx` or a status such as `502`"
                            .to_owned(),
                    ),
                }),
            }
        }
        failures
    }
}

fn failure(word: &str) -> Option<Failure> {
    Some(match word {
        "connect" => Failure::Connect,
        "timeout" => Failure::Timeout,
        "reset" => Failure::Reset,
        "5xx" => Failure::ServerError,
        word => {
            let status: u16 = word.parse().ok()?;
            if !(400..=599).contains(&status) {
                return None;
            }
            Failure::Status(status)
        }
    })
}

/// The word of a setting that a block has once.
fn once(kind: &ProxySettingKind) -> Option<&'static str> {
    Some(match kind {
        ProxySettingKind::Path(_) => "path",
        ProxySettingKind::Method(_) => "method",
        ProxySettingKind::Host(_) => "host",
        ProxySettingKind::Timeout(_) => "timeout",
        ProxySettingKind::Retry(..) => "retry",
        ProxySettingKind::Fallback(..) => "fallback",
        ProxySettingKind::Query(..)
        | ProxySettingKind::RemoveQuery(_)
        | ProxySettingKind::Header(_)
        | ProxySettingKind::KeepCookie(_)
        | ProxySettingKind::RemoveCookie(_)
        | ProxySettingKind::Unkeyed(_) => return None,
        ProxySettingKind::Cache(_) | ProxySettingKind::CacheFor(_) => "cache",
    })
}
