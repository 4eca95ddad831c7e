//! Tests in a policy.

use crate::ast::{
    CompareOp, Expectation, ExpectationKind, Expr, Hit, Path, Predicate, Received, RequestSetting,
    RespondsSetting, Test, TestStep, TestStepKind, Text,
};

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};
use super::precedence::compare_op;

impl Builder<'_, '_> {
    /// `test "…" { … }`
    pub(super) fn test(&mut self, node: Node<'_>) -> Option<Test> {
        let mut inner = parts(node);
        let name = self.text(inner.next()?)?;
        let steps = inner.map(|step| self.step(step)).collect::<Option<_>>()?;
        Some(Test { name, steps })
    }

    fn step(&mut self, node: Node<'_>) -> Option<TestStep> {
        let span = self.span(&node);
        let node = node.into_inner().next()?;
        let rule = node.as_rule();
        let mut inner = parts(node);
        let kind = match rule {
            Rule::given => self.given(inner.next()?)?,
            Rule::request => {
                let method = self.name(&inner.next()?);
                let target = self.text(inner.next()?)?;
                let settings = inner
                    .map(|setting| self.request_setting(setting))
                    .collect::<Option<_>>()?;
                TestStepKind::Request {
                    method,
                    target,
                    settings,
                }
            }
            Rule::expect => {
                TestStepKind::Expect(inner.map(|e| self.expectation(e)).collect::<Option<_>>()?)
            }
            Rule::after => TestStepKind::After(self.expr(inner.next()?)?),
            _ => {
                let times = self.expr(inner.next()?)?;
                TestStepKind::Repeat(
                    times,
                    inner.map(|step| self.step(step)).collect::<Option<_>>()?,
                )
            }
        };
        Some(TestStep { span, kind })
    }

    fn given(&mut self, node: Node<'_>) -> Option<TestStepKind> {
        match node.as_rule() {
            Rule::given_origin => self.given_origin(node),
            Rule::given_store => {
                let (counter, at, value) = self.entry(node)?;
                let value = self.expr(value)?;
                Some(TestStepKind::GivenState { counter, at, value })
            }
            Rule::given_failing => {
                let mut all = node.into_inner();
                Some(TestStepKind::Failing {
                    kind: self.name(&all.next()?),
                    name: self.path(all.next()?),
                    fails: all.next()?.as_rule() == Rule::kw_fails,
                })
            }
            Rule::given_fact => {
                let (path, value) = self.fact(node)?;
                Some(TestStepKind::Given(path, value))
            }
            // `secret N`, `param N`: the words are the path.
            _ => {
                let mut words = node.into_inner().filter(|n| n.as_rule() != Rule::equals);
                let (kind, name) = (self.name(&words.next()?), self.name(&words.next()?));
                let span = kind.span.to(name.span);
                let path = Path {
                    parts: vec![kind, name],
                    span,
                };
                Some(TestStepKind::Given(path, self.expr(words.next()?)?))
            }
        }
    }

    /// `store N[k] …`, `counter N[k] …`: whether it is a counter, where, and what follows.
    fn entry<'n>(&mut self, node: Node<'n>) -> Option<(bool, Expr, Node<'n>)> {
        let mut all = node
            .into_inner()
            .filter(|part| part.as_rule() != Rule::equals);
        let counter = all.next()?.as_rule() == Rule::kw_counter;
        Some((counter, self.expr(all.next()?)?, all.next()?))
    }

    fn fact(&mut self, node: Node<'_>) -> Option<(Path, crate::ast::Expr)> {
        let mut inner = parts(node);
        Some((self.path(inner.next()?), self.expr(inner.next()?)?))
    }

    /// `given origin N responds …`, `given origin N fails how`
    fn given_origin(&mut self, node: Node<'_>) -> Option<TestStepKind> {
        let mut inner = parts(node);
        let origin = self.name(&inner.next()?);
        let answer = inner.next()?;
        if answer.as_rule() == Rule::fails {
            let how = self.name(&parts(answer).next()?);
            return Some(TestStepKind::Fails { origin, how });
        }
        let (mut status, mut body, mut settings) = (None, None, Vec::new());
        for part in parts(answer) {
            match part.as_rule() {
                Rule::responds_status => status = Some(self.expr(part.into_inner().next()?)?),
                Rule::responds_body => body = Some(self.expr(part.into_inner().next()?)?),
                _ => settings.push(self.responds_setting(part)?),
            }
        }
        Some(TestStepKind::Responds {
            origin,
            status,
            body,
            settings,
        })
    }

    fn responds_setting(&mut self, node: Node<'_>) -> Option<RespondsSetting> {
        let first_word = node.clone().into_inner().next()?.as_rule();
        let mut inner = parts(node);
        let first = inner.next()?;
        Some(match first_word {
            Rule::kw_header => {
                RespondsSetting::Header(self.text(first)?, self.expr(inner.next()?)?)
            }
            Rule::kw_body => RespondsSetting::Body(self.expr(first)?),
            _ => RespondsSetting::Delay(self.expr(first)?),
        })
    }

    fn request_setting(&mut self, node: Node<'_>) -> Option<RequestSetting> {
        let first_word = node.clone().into_inner().next()?.as_rule();
        let mut inner = parts(node);
        let first = inner.next()?;
        Some(match first_word {
            Rule::kw_header => RequestSetting::Header(self.text(first)?, self.expr(inner.next()?)?),
            Rule::kw_cookie => RequestSetting::Cookie(self.text(first)?, self.expr(inner.next()?)?),
            Rule::kw_body => RequestSetting::Body(self.expr(first)?),
            _ => {
                let (path, value) = self.fact(first)?;
                RequestSetting::Fact(path, value)
            }
        })
    }

    fn expectation(&mut self, node: Node<'_>) -> Option<Expectation> {
        let span = self.span(&node);
        let node = node.into_inner().next()?;
        let rule = node.as_rule();
        if rule == Rule::expect_store {
            let (counter, at, predicate) = self.entry(node)?;
            let predicate = self.predicate(predicate)?;
            let kind = ExpectationKind::State {
                counter,
                at,
                predicate,
            };
            return Some(Expectation { span, kind });
        }
        let has_path = node
            .clone()
            .into_inner()
            .any(|part| part.as_rule() == Rule::kw_path);
        let word = node.clone().into_inner().next().map(|word| word.as_rule());
        let mut inner = parts(node);
        let first = inner.next()?;
        let kind = match rule {
            Rule::expect_status => ExpectationKind::Status(self.expr(first)?),
            Rule::expect_header => {
                ExpectationKind::Header(self.text(first)?, self.predicate(inner.next()?)?)
            }
            Rule::expect_body => ExpectationKind::Body(self.predicate(first)?),
            Rule::expect_purged => ExpectationKind::Purged {
                path: has_path,
                predicate: self.predicate(first)?,
            },
            Rule::because => ExpectationKind::Because(self.rule_name(first)?),
            Rule::expect_hits => ExpectationKind::Hits {
                scored: word == Some(Rule::kw_scored),
                rule: match first.as_rule() {
                    Rule::is_state if first.as_str().ends_with("absent") => Hit::None,
                    Rule::is_state => Hit::Some,
                    _ => Hit::Rule(self.rule_name(first)?),
                },
            },
            Rule::expect_origin => {
                let name = self.name(&first);
                let what = inner.next()?;
                match what.as_rule() {
                    Rule::not_called => ExpectationKind::NotCalled(name),
                    _ => {
                        let received = parts(what)
                            .map(|part| self.received(part))
                            .collect::<Option<_>>()?;
                        ExpectationKind::Received(name, received)
                    }
                }
            }
            _ => ExpectationKind::Cache(match first.as_rule() {
                Rule::is_absent => None,
                _ => Some(self.name(&first)),
            }),
        };
        Some(Expectation { span, kind })
    }

    /// The rule that decided: a dotted name, or text where it holds spaces.
    fn rule_name(&mut self, node: Node<'_>) -> Option<Text> {
        if node.as_rule() == Rule::text {
            return self.text(node);
        }
        Some(Text {
            value: node.as_str().to_owned(),
            span: self.span(&node),
        })
    }

    fn received(&mut self, node: Node<'_>) -> Option<Received> {
        let node = node.into_inner().next()?;
        let rule = node.as_rule();
        let mut inner = parts(node);
        let first = inner.next()?;
        Some(match rule {
            Rule::received_method => Received::Method(self.name(&first)),
            Rule::received_path => Received::Path(self.predicate(first)?),
            Rule::received_query => Received::Query(self.predicate(first)?),
            Rule::expect_header => {
                Received::Header(self.text(first)?, self.predicate(inner.next()?)?)
            }
            _ => Received::Body(self.predicate(first)?),
        })
    }

    /// `== E`, `E`, `contains E`, `is absent` …
    fn predicate(&mut self, node: Node<'_>) -> Option<Predicate> {
        let mut inner = node.into_inner();
        let first = inner.next()?;
        Some(match first.as_rule() {
            Rule::is_state if first.as_str().ends_with("absent") => Predicate::Absent,
            Rule::is_state => Predicate::Present,
            Rule::compare_sign => {
                let op = compare_op(first.as_str())?;
                Predicate::Compare(op, self.expr(inner.next()?)?)
            }
            _ => Predicate::Compare(CompareOp::Eq, self.expr(first)?),
        })
    }
}
