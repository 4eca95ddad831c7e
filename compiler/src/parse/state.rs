//! What the host remembers between requests: its declarations, statements and reads.

use crate::ast::{
    Expr, ExprKind, Increment, Keyed, KeyedSetting, KeyedSettingKind, Limit, LimitSetting,
    LimitSettingKind, ListRead, StateStmt,
};

use super::builder::Builder;
use super::expr::Built;
use super::grammar::{Node, Rule, parts};

impl Builder<'_, '_> {
    /// `limit N { … }`
    pub(super) fn limit(&mut self, node: Node<'_>) -> Option<Limit> {
        let mut inner = parts(node);
        let name = self.name(&inner.next()?);
        let settings = inner
            .map(|setting| self.limit_setting(setting))
            .collect::<Option<_>>()?;
        Some(Limit { name, settings })
    }

    fn limit_setting(&mut self, node: Node<'_>) -> Option<LimitSetting> {
        let span = self.span(&node);
        let mut all = node.into_inner();
        let first = all.next()?;
        let kind = match first.as_rule() {
            Rule::rate => {
                let mut inner = parts(first);
                LimitSettingKind::Rate {
                    amount: self.expr(inner.next()?)?,
                    per: self.expr(inner.next()?)?,
                    by: self.exprs(inner)?,
                }
            }
            Rule::at_once => {
                let mut inner = parts(first);
                LimitSettingKind::AtOnce {
                    amount: self.expr(inner.next()?)?,
                    by: self.exprs(inner)?,
                }
            }
            Rule::respond => LimitSettingKind::Respond(self.respond(first)?),
            Rule::kw_burst => LimitSettingKind::Burst(self.expr(all.next()?)?),
            Rule::kw_algorithm => LimitSettingKind::Algorithm(self.name(&all.next()?)),
            Rule::kw_mode => LimitSettingKind::Mode(self.name(&all.next()?)),
            _ => LimitSettingKind::Fail(self.name(&all.next()?)),
        };
        Some(LimitSetting { span, kind })
    }

    /// `store N { … }`, `counter N { … }`
    pub(super) fn keyed(&mut self, node: Node<'_>) -> Option<Keyed> {
        let mut inner = parts(node);
        let name = self.name(&inner.next()?);
        let settings = inner
            .map(|setting| self.keyed_setting(setting))
            .collect::<Option<_>>()?;
        Some(Keyed { name, settings })
    }

    fn keyed_setting(&mut self, node: Node<'_>) -> Option<KeyedSetting> {
        let span = self.span(&node);
        let mut all = node.into_inner();
        let first = all.next()?.as_rule();
        let value = all.next()?;
        let kind = match first {
            Rule::kw_ttl => KeyedSettingKind::Ttl(self.expr(value)?),
            Rule::kw_max_value => KeyedSettingKind::MaxValue(self.expr(value)?),
            Rule::kw_expire => KeyedSettingKind::Expire(self.expr(value)?),
            _ => KeyedSettingKind::OnFailure(self.name(&value)),
        };
        Some(KeyedSetting { span, kind })
    }

    /// `limit N`, `put`, `delete`, `purge`, `increment`
    pub(super) fn state_stmt(&mut self, node: Node<'_>) -> Option<StateStmt> {
        let rule = node.as_rule();
        if rule == Rule::increment {
            return Some(StateStmt::Increment(self.increment(node)?.0));
        }
        let is_path = node
            .clone()
            .into_inner()
            .any(|part| part.as_rule() == Rule::kw_path);
        let (mut values, mut ttl, mut otherwise, mut limit) = (Vec::new(), None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Rule::block => otherwise = Some(self.block(part)?),
                Rule::put_ttl => ttl = Some(self.expr(part.into_inner().next()?)?),
                Rule::path if rule == Rule::run_limit => limit = Some(self.path(part)),
                _ => values.push(self.expr(part)?),
            }
        }
        let mut values = values.into_iter();
        Some(match rule {
            Rule::run_limit => StateStmt::Limit {
                limit: limit?,
                cost: values.next(),
                otherwise,
            },
            Rule::put => StateStmt::Put {
                at: values.next()?,
                value: values.next()?,
                ttl,
                otherwise,
            },
            Rule::delete => StateStmt::Delete {
                at: values.next()?,
                otherwise,
            },
            _ => StateStmt::Purge {
                path: is_path,
                what: values.collect(),
            },
        })
    }

    /// `increment C[k] [by n]`, with how deep it is.
    fn increment(&mut self, node: Node<'_>) -> Option<(Increment, usize)> {
        let mut inner = parts(node);
        let counter = self.built(inner.next()?)?;
        let at = self.postfix(counter, inner.next()?)?;
        let by = match inner.next() {
            Some(by) => Some(self.built(by)?),
            None => None,
        };
        let depth = at.depth.max(by.as_ref().map_or(0, |by| by.depth));
        let by = by.map(|by| Box::new(by.expr));
        let at = Box::new(at.expr);
        Some((Increment { at, by }, depth))
    }

    /// `increment …`, `list …`: reads that wait.
    pub(super) fn state_read(&mut self, node: Node<'_>) -> Option<Built> {
        let span = self.span(&node);
        if node.as_rule() == Rule::increment {
            let (increment, depth) = self.increment(node)?;
            return self.grown(ExprKind::Increment(increment), depth, span);
        }
        let (mut counter, mut prefix, mut at_most, mut depth) = (None, None, None, 0);
        let mut setting = Rule::kw_list;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::path => counter = Some(self.path(part)),
                Rule::simple_operand => {
                    let built = self.built(part)?;
                    depth = depth.max(built.depth);
                    let value: Box<Expr> = Box::new(built.expr);
                    match setting {
                        Rule::kw_at_most => at_most = Some(value),
                        _ => prefix = Some(value),
                    }
                }
                other => setting = other,
            }
        }
        let read = ListRead {
            counter: counter?,
            prefix,
            at_most,
        };
        self.grown(ExprKind::ListCounter(read), depth, span)
    }
}
