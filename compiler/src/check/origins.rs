//! Origins and params, and the order in which declarations are checked.

use super::scope::{Place, Scope};
use super::{Checker, Typed};
use crate::ast::{Expr as Ast, Item, ItemKind, Origin as Written, OriginSetting, Text};
use crate::diagnostics::{BadHeaderValue, BadUrl, GivenTwice, MissingSetting, NoSuchWord};
use crate::hir::{Base, Const, Expr, Type};
use crate::resolve::{DeclId, STD_WAF, suggest};
use crate::source::Span;
use edge_abi::manifest::{Kind, Origin, Param};

impl Checker<'_> {
    /// Checks all declarations that are names. Those of the standard library are known to be sound: they wait
    /// until they are needed, since their automata take time.
    pub(super) fn check_declarations(&mut self) {
        let resolved = self.resolved;
        for (id, item) in resolved.items() {
            self.scope = Scope::at(id.unit, Place::Constant);
            if let ItemKind::Origin(it) = &item.kind {
                self.check_origin(id, it);
            }
        }
        for (id, item) in resolved.items() {
            if !self.is_standard(item.span) {
                self.scope = Scope::at(id.unit, Place::Constant);
                self.check_declaration(id, item);
            }
        }
    }

    fn is_standard(&self, span: Span) -> bool {
        let file = self.sources.files.get(span.file.0 as usize);
        file.is_some_and(|file| file.text == STD_WAF)
    }

    fn check_declaration(&mut self, id: DeclId, item: &Item) {
        match &item.kind {
            ItemKind::Pool(it) => self.check_pool(id, it),
            ItemKind::Experiment(_) => self.check_experiment(id),
            ItemKind::Param { name, default, .. } => {
                self.check_param(id, &name.text, default.as_ref());
            }
            ItemKind::Set { name, .. } => self.check_set(id, name.span),
            ItemKind::Const { .. } => {
                self.check_constant(id);
            }
            ItemKind::Fn(it) => {
                self.signature(id, it.name.span);
            }
            ItemKind::Waf(it) => {
                self.group(id, it.name.span);
            }
            ItemKind::Limit(it) => {
                self.limit(id, it.name.span);
            }
            ItemKind::Cache(it) => self.check_cache(id, it),
            ItemKind::Unbuilt { what, name } => {
                let span = name.as_ref().map_or(first_word(item.span, what), |name| {
                    first_word(item.span, what).to(name.span)
                });
                self.unsupported::<()>(what, span);
            }
            _ => {}
        }
    }

    fn check_origin(&mut self, id: DeclId, it: &Written) {
        let mut made = Origin {
            name: self.qualified(id, &it.name.text),
            url: String::new(),
            host: None,
            connect_ms: Origin::CONNECT_MS,
            timeout_ms: Origin::TIMEOUT_MS,
            idle_ms: Origin::IDLE_MS,
        };
        let mut seen: Vec<&str> = Vec::new();
        for setting in &it.settings {
            let (word, span) = word_of(setting);
            if seen.contains(&word) && !matches!(setting, OriginSetting::Unbuilt { .. }) {
                self.problems.push(GivenTwice {
                    what: format!("`{word}`"),
                    span,
                });
                continue;
            }
            seen.push(word);
            self.origin_setting(&mut made, setting);
        }
        if !seen.contains(&"url") {
            self.problems.push(MissingSetting {
                what: format!("the origin `{}`", it.name.text),
                setting: "`url`, for instance `url \"https://shop.internal:8443\"`",
                span: it.name.span,
            });
        }
        self.hir.origins.push(made);
    }

    fn origin_setting(&mut self, made: &mut Origin, setting: &OriginSetting) {
        match setting {
            OriginSetting::Url(url) => {
                self.check_url(url);
                let text = &url.value;
                text.strip_suffix('/')
                    .unwrap_or(text)
                    .clone_into(&mut made.url);
            }
            OriginSetting::Connect(d) => {
                made.connect_ms = self.duration(d, "`connect`").unwrap_or(Origin::CONNECT_MS);
            }
            OriginSetting::Timeout(d) => {
                made.timeout_ms = self.duration(d, "`timeout`").unwrap_or(Origin::TIMEOUT_MS);
            }
            OriginSetting::Idle(d) => {
                made.idle_ms = self.duration(d, "`idle`").unwrap_or(Origin::IDLE_MS)
            }
            OriginSetting::Host(host) => {
                if is_authority(&host.value) {
                    made.host = Some(host.value.clone());
                } else {
                    self.problems.push(BadHeaderValue {
                        name: "host".to_owned(),
                        why: "something else than a host and a port",
                        span: host.span,
                    });
                }
            }
            OriginSetting::Region(_) => {}
            OriginSetting::Protocol(name) => match name.text.as_str() {
                "h1" | "auto" => {}
                "h2" => {
                    self.unsupported::<()>("protocol h2", name.span);
                }
                word => {
                    let words = ["h1", "h2", "auto"];
                    self.problems.push(NoSuchWord {
                        word: word.to_owned(),
                        what: "a protocol",
                        span: name.span,
                        help: suggest(word, words)
                            .or_else(|| Some("it is `h1`, `h2` or `auto`".to_owned())),
                    });
                }
            },
            OriginSetting::Unbuilt { what, span } => {
                self.unsupported::<()>(what, *span);
            }
        }
    }

    /// An origin's URL: `http` or `https`, a host, perhaps a port.
    fn check_url(&mut self, url: &Text) {
        if let Some((why, help)) = url_problem(&url.value) {
            self.problems.push(BadUrl {
                why: why.to_owned(),
                span: url.span,
                help: help.map(str::to_owned),
            });
        }
    }

    fn check_param(&mut self, id: DeclId, name: &str, default: Option<&Ast>) {
        let Some(ty) = self.params.get(&id).copied() else {
            return;
        };
        let default = default.and_then(|expr| self.param_default(expr, ty.base));
        let name = self.qualified(id, name);
        self.hir.params.push(Param {
            name,
            r#type: super::types::word(ty.base).unwrap_or_default().to_owned(),
            kind: kind_of(ty.base),
            default,
        });
    }

    /// The value of a param as the manifest has it.
    pub(super) fn param_default(&mut self, expr: &Ast, base: Base) -> Option<serde_json::Value> {
        let mut value = self.check(expr)?;
        super::expr::whole_as_float(&mut value, base);
        if base == Base::Ip && value.ty.base == Base::String {
            let address = self.address(&value, expr.span)?;
            let Expr::Const(Const::Ip(octets)) = address.expr else {
                return None;
            };
            let mut buffer = [0; 64];
            let text = edge_kernels::ip::ip_format(&octets, &mut buffer);
            return Some(String::from_utf8_lossy(text).into_owned().into());
        }
        if let Expr::Const(Const::Int(n, Base::Int)) = value.expr
            && matches!(base, Base::Duration | Base::Size | Base::Percent)
        {
            return self.unit_missing(n, base, "the value of this param", expr.span);
        }
        if value.ty.base != base {
            return self.wrong_type(Type::of(base), value.ty, expr.span, None);
        }
        match value {
            Typed {
                expr: Expr::Const(value),
                ..
            } => match value {
                Const::Bool(value) => Some(value.into()),
                Const::Int(n, _) => Some(n.into()),
                Const::Float(x) => serde_json::Number::from_f64(x).map(Into::into),
                Const::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned().into()),
                _ => None,
            },
            _ => self.not_constant("the value of a param", expr.span),
        }
    }
}

/// The first word of a declaration.
fn first_word(span: Span, what: &str) -> Span {
    let length = u32::try_from(what.len()).unwrap_or(0);
    Span {
        end: span.end.min(span.start.saturating_add(length)),
        ..span
    }
}

fn word_of(setting: &OriginSetting) -> (&'static str, Span) {
    match setting {
        OriginSetting::Url(text) => ("url", text.span),
        OriginSetting::Connect(expr) => ("connect", expr.span),
        OriginSetting::Timeout(expr) => ("timeout", expr.span),
        OriginSetting::Idle(expr) => ("idle", expr.span),
        OriginSetting::Host(text) => ("host", text.span),
        OriginSetting::Region(text) => ("region", text.span),
        OriginSetting::Protocol(name) => ("protocol", name.span),
        OriginSetting::Unbuilt { what, span } => (what, *span),
    }
}

fn kind_of(base: Base) -> Kind {
    match base {
        Base::Bool => Kind::Bool,
        Base::Float => Kind::F64,
        Base::Ip => Kind::Ip,
        base if base.is_integer() => Kind::I64,
        _ => Kind::Bytes,
    }
}

/// What is wrong with a URL, and what to do about it; `None` when nothing is.
fn url_problem(url: &str) -> Option<(&'static str, Option<&'static str>)> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some((
            "it has no scheme",
            Some("begin with `http://` or `https://`"),
        ));
    };
    if !matches!(scheme, "http" | "https") {
        return Some(("its scheme is neither `http` nor `https`", None));
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('@') {
        let help = "send credentials in a header: `set header \"Authorization\" = …`";
        return Some(("it holds a user name", Some(help)));
    }
    if rest.contains(['/', '?', '#']) {
        let help = "write the path in the `proxy` block: `path \"/v2{request.path}\"`";
        return Some(("it has a path", Some(help)));
    }
    (!is_authority(rest)).then_some(("what follows `://` is not a host with a port", None))
}

/// Whether a text is a host, perhaps with a port: a name, an IPv4 address, or IPv6 in brackets.
pub(super) fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, port),
            _ => return false,
        },
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (host, port) = text.split_at(end);
            if !is_host_name(host) {
                return false;
            }
            (host, port)
        }
    };
    let port_fits = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(port) => {
            port.bytes().all(|byte| byte.is_ascii_digit())
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        }
    };
    !host.is_empty() && port_fits
}

fn is_host_name(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::{is_authority, url_problem};

    #[test]
    fn urls_of_origins_are_scheme_host_and_port() {
        for right in [
            "http://a",
            "https://a-b.internal:8443",
            "http://127.0.0.1:80/",
            "http://[::1]:8080",
        ] {
            assert_eq!(url_problem(right), None, "{right}");
        }
        for wrong in [
            "a.internal",
            "ftp://a",
            "http://",
            "http://a/b",
            "http://u:p@a",
            "http://a:0",
            "http://a:99999",
            "http://a b",
            "http://[::1",
            "http://a..b",
            "http://a:+80",
        ] {
            assert!(url_problem(wrong).is_some(), "{wrong}");
        }
        assert!(is_authority("shop.example:443"));
    }
}
