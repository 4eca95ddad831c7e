//! `cache` and its settings.

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};
use crate::ast::{Cache, CacheSetting, CacheSettingKind};

impl Builder<'_, '_> {
    /// `cache N { … }`
    pub(super) fn cache(&mut self, node: Node<'_>) -> Option<Cache> {
        let mut inner = parts(node);
        let name = self.name(&inner.next()?);
        let settings = inner
            .map(|setting| self.cache_setting(setting))
            .collect::<Option<_>>()?;
        Some(Cache { name, settings })
    }

    fn cache_setting(&mut self, node: Node<'_>) -> Option<CacheSetting> {
        let span = self.span(&node);
        let mut words = node.clone().into_inner().map(|part| part.as_rule());
        let (first, second) = (words.next()?, words.next());
        let mut inner = parts(node);
        let kind = match first {
            Rule::kw_tier => {
                CacheSettingKind::Tier(self.name(&inner.next()?), self.expr(inner.next()?)?)
            }
            Rule::kw_key => CacheSettingKind::Key(self.exprs(inner)?),
            Rule::kw_ignore => CacheSettingKind::IgnoreQuery(self.texts(inner)?),
            Rule::kw_only if second == Some(Rule::kw_query) => {
                CacheSettingKind::OnlyQuery(self.texts(inner)?)
            }
            Rule::kw_only => CacheSettingKind::OnlyWhen(self.expr(inner.next()?)?),
            Rule::kw_ttl => {
                let ttl = self.expr(inner.next()?)?;
                let when = match inner.next() {
                    Some(when) => Some(self.expr(when)?),
                    None => None,
                };
                CacheSettingKind::Ttl(ttl, when)
            }
            Rule::kw_methods => {
                CacheSettingKind::Methods(inner.map(|method| self.name(&method)).collect())
            }
            Rule::kw_stale => {
                let mut kinds = Vec::new();
                while let Some(kind) = inner.next() {
                    kinds.push((self.name(&kind), self.expr(inner.next()?)?));
                }
                CacheSettingKind::Stale(kinds)
            }
            Rule::kw_strip => CacheSettingKind::Strip(self.text(inner.last()?)?),
            Rule::kw_tag => CacheSettingKind::Tag(self.exprs(inner)?),
            Rule::kw_coalesce => CacheSettingKind::Coalesce(self.name(&inner.next()?)),
            Rule::kw_etag => CacheSettingKind::Etag(self.name(&inner.next()?)),
            Rule::kw_respect => CacheSettingKind::Respect(self.name(&inner.next()?)),
            _ => CacheSettingKind::Forward(self.name(&inner.next()?)),
        };
        Some(CacheSetting { span, kind })
    }
}
