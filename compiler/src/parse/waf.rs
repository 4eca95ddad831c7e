//! WAF groups.

use crate::ast::{InspectKind, InspectTarget, Waf, WafEntry, WafRule};

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};

impl Builder<'_, '_> {
    /// `waf N { … }`
    pub(super) fn waf(&mut self, node: Node<'_>) -> Option<Waf> {
        let mut inner = parts(node);
        let name = self.name(&inner.next()?);
        let entries = inner
            .map(|entry| self.waf_entry(entry.into_inner().next()?))
            .collect::<Option<_>>()?;
        Some(Waf { name, entries })
    }

    fn waf_entry(&mut self, node: Node<'_>) -> Option<WafEntry> {
        Some(match node.as_rule() {
            Rule::waf_include => {
                WafEntry::Include(parts(node).map(|path| self.path(path)).collect())
            }
            Rule::waf_rule => WafEntry::Rule(self.waf_rule(node)?),
            Rule::respond => WafEntry::Respond(self.respond(node)?),
            Rule::waf_inspect => WafEntry::Inspect(
                parts(node)
                    .map(|target| self.inspect_target(target))
                    .collect::<Option<_>>()?,
            ),
            Rule::waf_threshold => WafEntry::Threshold(self.expr(parts(node).next()?)?),
            Rule::waf_exclude => {
                let mut inner = parts(node);
                let rule = self.path(inner.next()?);
                let when = match inner.next() {
                    Some(when) => Some(self.expr(when)?),
                    None => None,
                };
                WafEntry::Exclude { rule, when }
            }
            _ => WafEntry::Mode(self.name(&parts(node).next()?)),
        })
    }

    fn inspect_target(&mut self, node: Node<'_>) -> Option<InspectTarget> {
        let span = self.span(&node);
        let target = node.into_inner().next()?;
        let kind = match target.as_rule() {
            Rule::inspect_header => InspectKind::Header(self.text(parts(target).next()?)?),
            Rule::inspect_body => {
                let (mut limit, mut over_limit) = (None, None);
                for part in parts(target) {
                    match part.as_rule() {
                        Rule::number => limit = Some(self.expr(part)?),
                        _ => over_limit = Some(self.name(&part)),
                    }
                }
                InspectKind::Body { limit, over_limit }
            }
            _ => InspectKind::Named(self.name(&target)),
        };
        Some(InspectTarget { kind, span })
    }

    /// `rule N { when C … }`; settings given twice stand among the unbuilt ones.
    fn waf_rule(&mut self, node: Node<'_>) -> Option<WafRule> {
        let docs = self.docs_above(self.offset + node.as_span().start());
        let mut inner = parts(node);
        let mut rule = WafRule {
            docs,
            name: self.name(&inner.next()?),
            when: None,
            severity: None,
            tags: Vec::new(),
            score: None,
            unbuilt: Vec::new(),
        };
        for setting in inner {
            let span = self.span(&setting);
            let setting = setting.into_inner().next()?;
            let kind = setting.as_rule();
            let mut inner = parts(setting);
            let problem = match kind {
                Rule::rule_when => rule
                    .when
                    .replace(self.expr(inner.next()?)?)
                    .map(|_| "when twice"),
                Rule::rule_severity => {
                    let severity = self.name(&inner.next()?);
                    rule.severity.replace(severity).map(|_| "severity twice")
                }
                Rule::rule_tags => {
                    rule.tags.extend(self.texts(inner)?);
                    None
                }
                _ => rule
                    .score
                    .replace(self.expr(inner.next()?)?)
                    .map(|_| "score twice"),
            };
            rule.unbuilt.extend(problem.map(|what| (what, span)));
        }
        Some(rule)
    }
}
