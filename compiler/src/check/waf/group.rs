//! Groups as they are written.
//!
//! A group's members are its rules and those of the groups that it includes, in order. What
//! an included group says of its mode and threshold counts only where that group itself is run.

use super::super::{Checker, Progress};
use super::inspect::{Body, Target};
use crate::ast::{self, ItemKind, Name, Path, WafEntry, WafRule};
use crate::diagnostics::{GivenTwice, MissingSetting, NoSuchWord, OutOfRange, UnknownName};
use crate::hir::{Expr, Respond, RuleId};
use crate::resolve::{DeclId, DeclKind};
use crate::source::Span;
use edge_abi::manifest::Severity;
use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

use super::super::scope::{Place, Reads, Scope};

/// Rules of a group with those of the groups that it includes.
const MOST_RULES: usize = 10_000;
/// The largest score of a rule.
const MOST_SCORE: i64 = 1_000;
/// The largest threshold.
const MOST_THRESHOLD: i64 = 1_000_000;

/// A group, checked once.
#[derive(Debug)]
pub(in crate::check) struct Group {
    pub(super) name: String,
    /// Where its name stands.
    pub(super) span: Span,
    /// In order; what is left out for good isn't there.
    pub(super) members: Vec<Member>,
    /// Its own answer.
    pub(super) respond: Option<Rc<(Respond, Span)>>,
    /// `threshold`, and where.
    pub(super) threshold: Option<(i64, Span)>,
    /// `inspect`: what its own rules look at, and those that it includes besides what they did.
    pub(super) inspected: Vec<Target>,
    /// How the body is inspected, by it or by a group that it includes.
    pub(super) body: Option<Body>,
    /// Its own `inspect body`, where it says how much or what becomes of more; and where it says neither.
    pub(super) own_body: Option<Body>,
    pub(super) plain_body: Option<Body>,
    /// An `include` of a group that inspects the body otherwise than one before it.
    pub(super) disagreement: Option<Span>,
    /// What it reads that is not known everywhere, itself or by a group that it includes.
    pub(super) reads: Reads,
    /// `mode`, if it says one.
    mode: Option<Mode>,
    /// Whether the lack of a threshold was reported.
    pub(super) is_reported: Cell<bool>,
}

/// `mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Enforce,
    Shadow,
}

/// A rule in a group.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) rule: Rc<Rule>,
    /// Its name here: `no_dotfiles`, or `xss.query` if it is included.
    pub(super) name: String,
    /// Other names for it, by the paths of the `include`s: `waf.xss.query`.
    pub(super) also: Vec<String>,
    pub(super) score: Option<i64>,
    /// The answer of the outermost group that has one, of those that it came through.
    pub(super) respond: Option<Rc<(Respond, Span)>>,
    /// When it doesn't act.
    pub(super) unless: Vec<Rc<Expr>>,
    /// What it looks at where it says `inspected`.
    pub(super) inspected: Vec<Target>,
}

/// A rule as it is written.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) span: Span,
    /// A function of one text, where it says `inspected`.
    pub(super) condition: Expr,
    pub(super) severity: Option<Severity>,
    pub(super) tags: Vec<String>,
}

impl Group {
    pub(super) fn is_shadow(&self) -> bool {
        self.mode == Some(Mode::Shadow)
    }
}

impl Checker<'_> {
    pub(super) fn group_named(&mut self, path: &Path) -> Option<Rc<Group>> {
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

    /// A declared group; it is checked when it is first needed.
    pub(in crate::check) fn group(&mut self, id: DeclId, span: Span) -> Option<Rc<Group>> {
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
        let scope = Scope::at(id.unit, Place::Group);
        let (mut group, scope) = self.within(scope, |checker| checker.check_group(it));
        group.reads.add(scope.reads);
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
            span: it.name.span,
            members: Vec::new(),
            respond: None,
            threshold: None,
            inspected: Vec::new(),
            body: None,
            own_body: None,
            plain_body: None,
            disagreement: None,
            reads: Reads::default(),
            mode: None,
            is_reported: Cell::new(false),
        };
        let mut watching = None;
        for entry in &it.entries {
            match entry {
                WafEntry::Include(paths) => {
                    for path in paths {
                        let Some(inner) = self.group_named(path) else {
                            continue;
                        };
                        if inner.is_shadow() {
                            watching = watching.or(Some(path.span));
                        }
                        self.include(&mut group, &inner, path);
                    }
                }
                WafEntry::Rule(rule) => {
                    let member = self.waf_rule(rule);
                    group.members.extend(member);
                }
                WafEntry::Respond(it) if group.respond.is_some() => {
                    self.twice("the group's `respond`", it.span);
                }
                WafEntry::Respond(it) => {
                    let made = self.respond(it, RuleId(0));
                    group.respond = made.map(|made| Rc::new((made, it.span)));
                }
                WafEntry::Threshold(number) if group.threshold.is_some() => {
                    self.twice("the group's `threshold`", number.span);
                }
                WafEntry::Threshold(number) => {
                    let range = (1, MOST_THRESHOLD);
                    let made = self.constant_within(number, "`threshold`", range);
                    group.threshold = made.map(|made| (made, number.span));
                }
                WafEntry::Mode(word) if group.mode.is_some() => {
                    self.twice("the group's `mode`", word.span);
                }
                WafEntry::Mode(word) => group.mode = self.mode(word),
                // Below, when all rules are there.
                WafEntry::Exclude { .. } => {}
                WafEntry::Inspect(targets) => self.inspect(&mut group, targets),
            }
        }
        if group.members.len() > MOST_RULES {
            self.problems.push(OutOfRange {
                what: format!("the number of rules of `{}`", it.name.text),
                range: format!("at most {MOST_RULES}, with all that it includes"),
                span: it.name.span,
            });
            group.members.clear();
            return group;
        }
        if let (Some(span), None) = (watching, group.mode) {
            self.problems.push(MissingSetting {
                what: format!("the group `{}`", group.name),
                setting: "its own `mode enforce` or `mode shadow`, since a group that it includes is in shadow mode",
                span,
            });
        }
        self.settle_body(&mut group);
        let added = &group.inspected;
        for member in &mut group.members {
            let new = added.iter().filter(|it| !member.inspected.contains(it));
            let new: Vec<Target> = new.cloned().collect();
            member.inspected.extend(new);
        }
        self.exclusions(&mut group, &it.entries);
        self.counted_once(&mut group);
        self.reachable(&group);
        group
    }

    fn twice(&mut self, what: &str, span: Span) {
        self.problems.push(GivenTwice {
            what: what.to_owned(),
            span,
        });
    }

    /// The rules of another group, under its name.
    fn include(&mut self, group: &mut Group, inner: &Group, path: &Path) {
        // More than enough to be too many: includes of includes would double without end.
        if group.members.len() > MOST_RULES {
            return;
        }
        let written = self.code(path.span);
        if let (Some(one), Some(other)) = (group.body, inner.body)
            && !one.agrees(other)
        {
            group.disagreement = group.disagreement.or(Some(path.span));
        }
        group.body = group.body.or(inner.body);
        group.reads.add(inner.reads);
        group.members.extend(inner.members.iter().map(|member| {
            let mut also = member.also.clone();
            also.push(format!("{written}.{}", member.name));
            Member {
                name: format!("{}.{}", inner.name, member.name),
                also,
                respond: inner.respond.clone().or_else(|| member.respond.clone()),
                ..member.clone()
            }
        }));
    }

    fn mode(&mut self, word: &Name) -> Option<Mode> {
        match word.text.as_str() {
            "enforce" => Some(Mode::Enforce),
            "shadow" => Some(Mode::Shadow),
            text => self.fail(NoSuchWord {
                word: text.to_owned(),
                what: "a mode of a group",
                span: word.span,
                help: Some(
                    "it is `enforce`, which is meant without a `mode`, or `shadow`".to_owned(),
                ),
            }),
        }
    }

    /// A rule that comes in by several ways adds its score once.
    fn counted_once(&mut self, group: &mut Group) {
        let mut seen: HashSet<(Span, Vec<*const Expr>)> = HashSet::new();
        let mut scored: HashSet<Span> = HashSet::new();
        group.members.retain(|member| {
            let unless = member.unless.iter().map(Rc::as_ptr).collect();
            let span = member.rule.span;
            seen.insert((span, unless)) && (member.score.is_none() || scored.insert(span))
        });
    }

    /// A threshold that no request can come to decides nothing.
    fn reachable(&mut self, group: &Group) {
        let Some((threshold, span)) = group.threshold else {
            return;
        };
        let total: i64 = group.members.iter().filter_map(|it| it.score).sum();
        if total == 0 {
            self.problems.push(MissingSetting {
                what: format!("the threshold of `{}`", group.name),
                setting: "rules with a `score`, and none of the group's has one; without scores each rule denies alone",
                span,
            });
        } else if threshold > total {
            self.problems.push(OutOfRange {
                what: format!("the threshold of `{}`", group.name),
                range: format!("at most {total}, what the scores of all its rules come to"),
                span,
            });
        }
    }

    fn waf_rule(&mut self, it: &WafRule) -> Option<Member> {
        for (what, span) in &it.unbuilt {
            self.unbuilt_or_twice(what, *span);
        }
        let severity = it.severity.as_ref();
        let severity = severity.and_then(|word| self.one_word(word, "a severity", &Severity::ALL));
        let score = it.score.as_ref();
        let score = score.and_then(|it| self.constant_within(it, "`score`", (1, MOST_SCORE)));
        let Some(when) = &it.when else {
            return self.fail(MissingSetting {
                what: format!("the rule `{}`", it.name.text),
                setting: "`when`: what it fires at",
                span: it.name.span,
            });
        };
        self.scope.in_rule = true;
        let condition = self.condition(when);
        self.scope.in_rule = false;
        let condition = condition?.expr;
        let mut tags: Vec<String> = it.tags.iter().map(|tag| tag.value.clone()).collect();
        tags.sort_unstable();
        tags.dedup();
        let rule = Rule {
            span: it.name.span,
            condition,
            severity,
            tags,
        };
        Some(Member {
            rule: Rc::new(rule),
            name: it.name.text.clone(),
            also: Vec::new(),
            score,
            respond: None,
            unless: Vec::new(),
            inspected: Vec::new(),
        })
    }
}
