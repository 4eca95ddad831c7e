//! What a test expects: a subject, a comparison, a value.

use super::super::{Checker, compare};
use crate::ast::{CompareOp, Expectation, ExpectationKind, Hit, Name, Predicate, Received, Text};
use crate::diagnostics::UnknownName;
use crate::resolve::suggest;
use crate::source::Span;
use edge_abi::test_plan::{Expect, Op, Part, Step, Subject};

impl Checker<'_> {
    pub(super) fn expectation(&mut self, it: &Expectation, steps: &mut Vec<Step>) {
        let text = self.sources.get(it.span.file).and_then(|file| {
            let text = file
                .text
                .get(it.span.start as usize..it.span.end as usize)?;
            Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        let text = text.unwrap_or_default();
        let place = self.test_place(it.span);
        let expect = |(subject, op, value): Looked| {
            Step::Expect(Expect {
                place,
                text: text.clone(),
                subject,
                op,
                value,
            })
        };
        match &it.kind {
            ExpectationKind::Received(origin, parts) if !parts.is_empty() => {
                for part in parts {
                    steps.extend(self.received(origin, part).map(expect));
                }
            }
            kind => steps.extend(self.looked(kind, it.span).map(expect)),
        }
    }

    fn looked(&mut self, kind: &ExpectationKind, span: Span) -> Option<Looked> {
        Some(match kind {
            ExpectationKind::Status(status) => {
                let status = self.status(status, "an answer", (100, 599))?;
                (Subject::Status, Op::Equals, status.to_string())
            }
            ExpectationKind::Header(name, predicate) => {
                let name_text = self.header_name(name.value.as_bytes(), name.span)?;
                let (op, value) = self.predicate(predicate, span)?;
                (Subject::Header { name: name_text }, op, value)
            }
            ExpectationKind::Body(predicate) => {
                let (op, value) = self.predicate(predicate, span)?;
                (Subject::Body, op, value)
            }
            ExpectationKind::Because(rule) => {
                self.check_rule(rule)?;
                (Subject::Because, Op::Equals, rule.value.clone())
            }
            ExpectationKind::Hits { scored, rule } => {
                let subject = if *scored {
                    Subject::Scored
                } else {
                    Subject::Shadow
                };
                match rule {
                    Hit::Rule(rule) => {
                        self.check_rule(rule)?;
                        (subject, Op::Equals, rule.value.clone())
                    }
                    Hit::Some => (subject, Op::Present, String::new()),
                    Hit::None => (subject, Op::Absent, String::new()),
                }
            }
            ExpectationKind::NotCalled(origin) => {
                let origin = self.test_origin(origin)?;
                let part = Part::Count;
                (
                    Subject::Received { origin, part },
                    Op::Equals,
                    "0".to_owned(),
                )
            }
            ExpectationKind::Received(origin, _) => {
                let origin = self.test_origin(origin)?;
                let part = Part::Count;
                (
                    Subject::Received { origin, part },
                    Op::NotEquals,
                    "0".to_owned(),
                )
            }
            ExpectationKind::State {
                counter,
                at,
                predicate,
            } => {
                let subject = self.entry_subject(*counter, at)?;
                let (op, value) = self.predicate(predicate, span)?;
                (subject, op, value)
            }
            ExpectationKind::Purged { path, predicate } => {
                let (op, value) = self.predicate(predicate, span)?;
                (Subject::Purged { path: *path }, op, value)
            }
            ExpectationKind::Cache(None) => (Subject::Cache, Op::Absent, String::new()),
            ExpectationKind::Cache(Some(how)) => {
                (Subject::Cache, Op::Equals, self.cache_answer(how)?)
            }
        })
    }

    /// How an answer of a cache came about: the values of `response.cache`.
    fn cache_answer(&mut self, how: &Name) -> Option<String> {
        const KNOWN: [&str; 5] = ["hit", "stale", "miss", "revalidated", "bypass"];
        if KNOWN.contains(&how.text.as_str()) {
            return Some(how.text.clone());
        }
        self.fail(UnknownName {
            what: "answer of a cache",
            name: how.text.clone(),
            span: how.span,
            help: suggest(&how.text, KNOWN)
                .or_else(|| Some(format!("write one of `{}`", KNOWN.join("`, `")))),
        })
    }

    /// A rule that a test names must be one of the policy's.
    fn check_rule(&mut self, rule: &Text) -> Option<()> {
        let rules = &self.hir.rules;
        if rules.iter().any(|known| known.name == rule.value) || !self.problems.is_empty() {
            return Some(());
        }
        let help = suggest(&rule.value, rules.iter().map(|rule| rule.name.as_str()));
        self.fail(UnknownName {
            what: "rule",
            name: rule.value.clone(),
            span: rule.span,
            help,
        })
    }

    fn received(&mut self, origin: &Name, part: &Received) -> Option<Looked> {
        let origin_name = self.test_origin(origin)?;
        let (part, (op, value)) = match part {
            Received::Method(name) => {
                let method = self.method(name)?;
                (Part::Method, (Op::Equals, method))
            }
            Received::Path(it) => (Part::Path, self.predicate(it, origin.span)?),
            Received::Query(it) => (Part::Query, self.predicate(it, origin.span)?),
            Received::Header(name, it) => {
                let predicate = self.predicate(it, name.span)?;
                let name = self.header_name(name.value.as_bytes(), name.span)?;
                (Part::Header { name }, predicate)
            }
            Received::Body(it) => (Part::Body, self.predicate(it, origin.span)?),
        };
        let subject = Subject::Received {
            origin: origin_name,
            part,
        };
        Some((subject, op, value))
    }

    fn predicate(&mut self, predicate: &Predicate, span: Span) -> Option<(Op, String)> {
        let (op, value) = match predicate {
            Predicate::Present => return Some((Op::Present, String::new())),
            Predicate::Absent => return Some((Op::Absent, String::new())),
            Predicate::Compare(op, value) => (*op, value),
        };
        let text = self.test_text(value)?;
        let op = match op {
            CompareOp::Eq => Op::Equals,
            CompareOp::Ne => Op::NotEquals,
            CompareOp::Contains => Op::Contains,
            CompareOp::StartsWith => Op::StartsWith,
            CompareOp::EndsWith => Op::EndsWith,
            CompareOp::Matches => {
                self.regex(&text, value.span)?;
                Op::Matches
            }
            op => {
                let what = format!("{} in a test", compare::sign(op));
                return self.unsupported(&what, span.to(value.span));
            }
        };
        Some((op, text))
    }
}

/// What an expectation looks at, how, and with what.
type Looked = (Subject, Op, String);
