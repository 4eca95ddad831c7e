//! `proxy` and its settings.

use crate::ast::{Name, Proxy, ProxySetting, ProxySettingKind};

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};

impl Builder<'_, '_> {
    /// `proxy TARGET { … }`
    pub(super) fn proxy(&mut self, node: Node<'_>) -> Option<Proxy> {
        let mut inner = parts(node);
        let target = self.expr(inner.next()?)?;
        let settings = inner
            .map(|setting| self.proxy_setting(setting))
            .collect::<Option<_>>()?;
        Some(Proxy { target, settings })
    }

    fn proxy_setting(&mut self, node: Node<'_>) -> Option<ProxySetting> {
        let span = self.span(&node);
        let node = node.into_inner().next()?;
        let rule = node.as_rule();
        if rule == Rule::proxy_header {
            let kind = ProxySettingKind::Header(self.header_edit(node)?);
            return Some(ProxySetting { span, kind });
        }
        if rule == Rule::proxy_cookie {
            let keep = node.as_str().starts_with("keep");
            let names = self.texts(parts(node))?;
            let kind = match keep {
                true => ProxySettingKind::KeepCookie(names),
                false => ProxySettingKind::RemoveCookie(names),
            };
            return Some(ProxySetting { span, kind });
        }
        if rule == Rule::unkeyed {
            let kind = ProxySettingKind::Unkeyed(self.texts(parts(node))?);
            return Some(ProxySetting { span, kind });
        }
        let mut inner = parts(node);
        let first = inner.next()?;
        let kind = match rule {
            Rule::proxy_path => ProxySettingKind::Path(self.expr(first)?),
            Rule::proxy_query => {
                ProxySettingKind::Query(self.text(first)?, self.expr(inner.next()?)?)
            }
            Rule::remove_query => ProxySettingKind::RemoveQuery(self.text(first)?),
            Rule::proxy_method => ProxySettingKind::Method(self.name(&first)),
            Rule::proxy_host => ProxySettingKind::Host(self.expr(first)?),
            Rule::proxy_timeout => ProxySettingKind::Timeout(self.expr(first)?),
            Rule::retry => ProxySettingKind::Retry(self.expr(first)?, self.failures(inner.next())),
            Rule::fallback => {
                ProxySettingKind::Fallback(self.path(first), self.failures(inner.next()))
            }
            _ if first.as_rule() == Rule::path => ProxySettingKind::Cache(self.path(first)),
            _ => ProxySettingKind::CacheFor(self.expr(first)?),
        };
        Some(ProxySetting { span, kind })
    }

    /// `connect, timeout, 502`
    fn failures(&self, node: Option<Node<'_>>) -> Vec<Name> {
        node.into_iter()
            .flat_map(parts)
            .map(|failure| self.name(&failure))
            .collect()
    }
}
