//! WAF groups: rules in order, each with a name; the first that fires denies.

use super::scope::{Place, Scope};
use super::{Checker, Progress};
use crate::ast::{self, ItemKind, Path, WafEntry, WafRule};
use crate::diagnostics::{GivenTwice, MissingSetting, UnknownName};
use crate::hir::{Const, DenyRule, Expr, Respond, RuleId, Stmt, StmtKind};
use crate::resolve::{DeclId, DeclKind};
use crate::source::Span;
use edge_abi::manifest::RuleKind;
use std::rc::Rc;

/// Rules of a group with those of the groups that it includes.
const MOST_RULES: usize = 10_000;

/// A group as it is written, checked once.
#[derive(Debug)]
pub(super) struct Group {
    name: String,
    /// In order.
    entries: Vec<Entry>,
    /// The group's own answer.
    respond: Option<(Respond, Span)>,
    /// How many rules it has, with those that it includes.
    size: usize,
}

#[derive(Debug)]
enum Entry {
    Rule {
        name: String,
        span: Span,
        condition: Expr,
    },
    Include(Rc<Group>),
}

impl Checker<'_> {
    /// `waf N`
    pub(super) fn waf_statement(&mut self, path: &Path) -> Option<StmtKind> {
        let group = self.group_named(path)?;
        let mut rules = Vec::new();
        let prefix = format!("waf.{}", group.name);
        self.deny_rules(&group, &prefix, None, path.span, &mut rules)?;
        Some(StmtKind::Deny(rules))
    }

    fn group_named(&mut self, path: &Path) -> Option<Rc<Group>> {
        if let [first, _] = path.parts.as_slice()
            && first.text == "waf"
            && self.declared(self.scope.unit, "waf").is_none()
        {
            return self.fail(UnknownName {
                what: "waf group",
                name: self.code(path.span),
                span: path.span,
                help: Some("add `use std.waf` at the top of the file".to_owned()),
            });
        }
        let decl = self.path(path, "waf group")?;
        match decl.kind {
            DeclKind::Waf => self.group(decl.id, path.span),
            kind => {
                let name = self.code(path.span);
                self.wrong_kind(&name, kind, "a waf group", path.span)
            }
        }
    }

    /// The rules of a group, one after the other. `answer` is that of the group which includes it.
    fn deny_rules(
        &mut self,
        group: &Group,
        prefix: &str,
        answer: Option<&(Respond, Span)>,
        used: Span,
        rules: &mut Vec<DenyRule>,
    ) -> Option<()> {
        let answer = answer.or(group.respond.as_ref());
        for entry in &group.entries {
            match entry {
                Entry::Include(inner) => {
                    let prefix = format!("{prefix}.{}", inner.name);
                    self.deny_rules(inner, &prefix, answer, used, rules)?;
                }
                Entry::Rule {
                    name,
                    span,
                    condition,
                } => {
                    let rule = self.waf_rule_id(&format!("{prefix}.{name}"), *span);
                    let (mut respond, at) = match answer {
                        Some((respond, at)) => (respond.clone(), *at),
                        None => (forbidden(), *span),
                    };
                    respond.rule = rule;
                    if let Some(body) = &respond.body {
                        respond.body = Some(self.copy(body, used)?);
                    }
                    rules.push(DenyRule {
                        condition: self.copy(condition, used)?,
                        body: vec![Stmt {
                            span: at,
                            kind: StmtKind::Respond(respond),
                        }],
                    });
                }
            }
        }
        Some(())
    }

    /// The rule of that name: the same wherever the group is used.
    fn waf_rule_id(&mut self, name: &str, span: Span) -> RuleId {
        let key = (name.to_owned(), span);
        if let Some(rule) = self.waf_rules.get(&key) {
            return *rule;
        }
        let rule = self.rule(name, RuleKind::Deny, span);
        self.waf_rules.insert(key, rule);
        rule
    }

    /// A declared group; it is checked when it is first needed.
    pub(super) fn group(&mut self, id: DeclId, span: Span) -> Option<Rc<Group>> {
        match self.groups.get(&id) {
            Some(Progress::Done(group)) => return group.clone(),
            Some(Progress::Busy) => return self.contains_itself("the waf group", id, span),
            None => {}
        }
        let resolved = self.resolved;
        let ItemKind::Waf(it) = &resolved.item(id)?.kind else {
            return None;
        };
        self.groups.insert(id, Progress::Busy);
        self.open.push((id, it.name.text.clone()));
        let scope = Scope::at(id.unit, Place::Request);
        let (group, _) = self.within(scope, |checker| checker.check_group(it));
        self.open.pop();
        let group = Some(Rc::new(group));
        self.groups.insert(id, Progress::Done(group.clone()));
        group
    }

    fn check_group(&mut self, it: &ast::Waf) -> Group {
        let rules = it.entries.iter().filter_map(|entry| match entry {
            WafEntry::Rule(rule) => Some(&rule.name),
            _ => None,
        });
        self.unique("the rule", rules);
        let mut group = Group {
            name: it.name.text.clone(),
            entries: Vec::new(),
            respond: None,
            size: 0,
        };
        for entry in &it.entries {
            match entry {
                WafEntry::Include(paths) => {
                    for path in paths {
                        let found = self.group_named(path);
                        group.size += found.as_ref().map_or(0, |it| it.size);
                        group.entries.extend(found.map(Entry::Include));
                    }
                }
                WafEntry::Rule(rule) => {
                    group.size += 1;
                    group.entries.extend(self.waf_rule(rule));
                }
                WafEntry::Respond(it) if group.respond.is_some() => {
                    self.problems.push(GivenTwice {
                        what: "the group's `respond`".to_owned(),
                        span: it.span,
                    });
                }
                WafEntry::Respond(it) => {
                    let made = self.respond(it, RuleId(0));
                    group.respond = made.map(|made| (made, it.span));
                }
                WafEntry::Unbuilt(what, span) => {
                    self.unsupported::<()>(what, *span);
                }
            }
        }
        if group.size > MOST_RULES {
            self.problems.push(crate::diagnostics::OutOfRange {
                what: format!("the number of rules of `{}`", it.name.text),
                range: format!("at most {MOST_RULES}, with all that it includes"),
                span: it.name.span,
            });
            group.entries.clear();
            group.size = 0;
        }
        group
    }

    fn waf_rule(&mut self, rule: &WafRule) -> Option<Entry> {
        for (what, span) in &rule.unbuilt {
            self.unbuilt_or_twice(what, *span);
        }
        let Some(when) = &rule.when else {
            return self.fail(MissingSetting {
                what: format!("the rule `{}`", rule.name.text),
                setting: "`when`: what it fires at",
                span: rule.name.span,
            });
        };
        let condition = self.condition(when)?;
        Some(Entry::Rule {
            name: rule.name.text.clone(),
            span: rule.name.span,
            condition: condition.expr,
        })
    }
}

/// What a group answers that says nothing.
fn forbidden() -> Respond {
    Respond {
        rule: RuleId(0),
        status: 403,
        content_type: Some("text/plain; charset=utf-8".to_owned()),
        body: Some(Expr::Const(Const::Bytes(b"403 Forbidden\n".to_vec()))),
    }
}
