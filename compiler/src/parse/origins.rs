//! Origins, pools and experiments.

use crate::ast::{Experiment, Expr, Name, Origin, OriginSetting, Pool, PoolChoice, Weight};
use crate::source::Span;

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};

impl Builder<'_, '_> {
    /// `origin N { … }`
    pub(super) fn origin(&mut self, node: Node<'_>) -> Option<Origin> {
        let mut inner = parts(node);
        let name = self.name(&inner.next()?);
        let settings = inner
            .map(|setting| self.origin_setting(setting))
            .collect::<Option<_>>()?;
        Some(Origin { name, settings })
    }

    fn origin_setting(&mut self, node: Node<'_>) -> Option<OriginSetting> {
        let span = self.span(&node);
        let mut inner = node.into_inner();
        let word = inner.next()?;
        let what = match word.as_rule() {
            Rule::origin_health => Some("`health` of an origin"),
            Rule::origin_tls => Some("`tls` of an origin"),
            _ => None,
        };
        if let Some(what) = what {
            return Some(OriginSetting::Unbuilt { what, span });
        }
        let value = inner.next()?;
        Some(match word.as_rule() {
            Rule::kw_url => OriginSetting::Url(self.text(value)?),
            Rule::kw_host => OriginSetting::Host(self.text(value)?),
            Rule::kw_region => OriginSetting::Region(self.text(value)?),
            Rule::kw_protocol => OriginSetting::Protocol(self.name(&value)),
            Rule::kw_connect => OriginSetting::Connect(self.expr(value)?),
            Rule::kw_timeout => OriginSetting::Timeout(self.expr(value)?),
            _ => OriginSetting::Idle(self.expr(value)?),
        })
    }

    /// `pool N { … }`
    pub(super) fn pool(&mut self, node: Node<'_>) -> Option<Pool> {
        let mut inner = parts(node);
        let mut pool = Pool {
            name: self.name(&inner.next()?),
            choices: Vec::new(),
            unbuilt: Vec::new(),
        };
        for setting in inner {
            let span = self.span(&setting);
            let setting = setting.into_inner().next()?;
            match setting.as_rule() {
                Rule::pool_sticky => pool.unbuilt.push(("`sticky` of a pool", span)),
                Rule::pool_health => pool.unbuilt.push(("`health` of a pool", span)),
                Rule::pool_eject => pool.unbuilt.push(("`eject` of a pool", span)),
                _ => pool.choices.push(self.pool_choice(setting, span)?),
            }
        }
        Some(pool)
    }

    fn pool_choice(&mut self, node: Node<'_>, span: Span) -> Option<PoolChoice> {
        Some(match node.as_rule() {
            Rule::failover => {
                let members = parts(node).map(|member| self.name(&member)).collect();
                PoolChoice::Failover(members, span)
            }
            Rule::weighted => {
                let members = parts(node)
                    .map(|member| self.weight(member))
                    .collect::<Option<_>>()?;
                PoolChoice::Weighted(members, span)
            }
            Rule::nearest => PoolChoice::Unbuilt("`nearest` pools", span),
            Rule::hash => PoolChoice::Unbuilt("`hash` pools", span),
            _ => PoolChoice::Unbuilt("`round_robin` pools", span),
        })
    }

    /// `A 90%`, `A rest`, `A ramp`
    fn weight(&mut self, node: Node<'_>) -> Option<(Name, Weight)> {
        let mut inner = node.into_inner();
        let name = self.name(&inner.next()?);
        let share = inner.next()?;
        let weight = match share.as_rule() {
            Rule::kw_rest => Weight::Rest(self.span(&share)),
            _ => Weight::Share(self.expr(share)?),
        };
        Some((name, weight))
    }

    /// `experiment N { … }`
    pub(super) fn experiment(&mut self, node: Node<'_>) -> Option<Experiment> {
        let mut inner = parts(node);
        let mut experiment = Experiment {
            name: self.name(&inner.next()?),
            unit: None,
            split: Vec::new(),
            when: None,
            force: None,
            salt: None,
            unbuilt: Vec::new(),
        };
        for setting in inner {
            let span = self.span(&setting);
            let setting = setting.into_inner().next()?;
            if let Some(twice) = self.experiment_setting(&mut experiment, setting)? {
                experiment.unbuilt.push((twice, span));
            }
        }
        Some(experiment)
    }

    /// Takes a setting over; the words that name it when it can't be: not built, or given twice.
    fn experiment_setting(
        &mut self,
        experiment: &mut Experiment,
        node: Node<'_>,
    ) -> Option<Option<&'static str>> {
        let rule = node.as_rule();
        let mut inner = parts(node);
        let again = match rule {
            Rule::unit => experiment
                .unit
                .replace(self.expr(inner.next()?)?)
                .map(|_| "unit twice"),
            Rule::eligible => experiment
                .when
                .replace(self.expr(inner.next()?)?)
                .map(|_| "when twice"),
            Rule::force => experiment
                .force
                .replace(self.expr(inner.next()?)?)
                .map(|_| "force twice"),
            Rule::salt => experiment
                .salt
                .replace(self.text(inner.next()?)?)
                .map(|_| "salt twice"),
            Rule::split => {
                let twice = (!experiment.split.is_empty()).then_some("split twice");
                let arms: Option<Vec<(Name, Expr)>> =
                    inner.map(|arm| self.split_arm(arm)).collect();
                experiment.split.extend(arms?);
                twice
            }
            _ => Some("`sticky` of an experiment"),
        };
        Some(again)
    }

    fn split_arm(&mut self, node: Node<'_>) -> Option<(Name, Expr)> {
        let mut inner = parts(node);
        Some((self.name(&inner.next()?), self.expr(inner.next()?)?))
    }
}
