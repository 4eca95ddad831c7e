//! `test` blocks: constants that a host's runner carries out.

mod expectations;
mod state;

use super::Checker;
use super::scope::{Place as Stand, Scope};
use crate::ast::{
    Expr as Ast, ItemKind, Name, Path, RequestSetting, RespondsSetting, Test as Written, TestStep,
    TestStepKind, Text,
};
use crate::diagnostics::{
    DeclaredTwice, MissingSetting, NoSuchWord, OutOfRange, UnknownField, UnknownWord,
};
use crate::hir::{Base, Const, Expr};
use crate::resolve::{DeclKind, suggest};
use crate::source::Span;
use edge_abi::test_plan::{Given, OriginAnswer, OriginFailure, Place, Request, Step, Test};
use std::collections::HashMap;

/// The most times that a `repeat` repeats, with those around it.
const MOST_REPEATS: i64 = 1_000_000;
/// The farthest that `after` goes: a year, in milliseconds.
const FARTHEST: i64 = 366 * 86_400_000;

/// Facts about a client's place that a test can give.
const GEO: &[&str] = &[
    "country",
    "continent",
    "region",
    "city",
    "latitude",
    "longitude",
    "asn",
];

impl Checker<'_> {
    /// The tests, as a plan.
    pub(super) fn check_tests(&mut self) {
        let resolved = self.resolved;
        let mut names: HashMap<&str, Span> = HashMap::new();
        for (_, item) in resolved.items().filter(|(id, _)| id.unit == 0) {
            let ItemKind::Test(test) = &item.kind else {
                continue;
            };
            if let Some(first) = names.insert(&test.name.value, test.name.span) {
                self.problems.push(DeclaredTwice {
                    what: "the test",
                    name: test.name.value.clone(),
                    span: test.name.span,
                    first: Some(first),
                });
            }
            if !expects(&test.steps) {
                self.problems.push(MissingSetting {
                    what: format!("the test `{}`", test.name.value),
                    setting: "an `expect`: it shows nothing; for instance `expect status 200`",
                    span: test.name.span,
                });
            }
            let scope = Scope::at(0, Stand::Constant);
            let (made, _) = self.within(scope, |checker| checker.test(test));
            self.hir.tests.push(made);
        }
    }

    fn test(&mut self, it: &Written) -> Test {
        Test {
            name: it.name.value.clone(),
            place: self.test_place(it.name.span),
            steps: self.steps(&it.steps),
        }
    }

    fn test_place(&mut self, span: Span) -> Place {
        let (line, column) = self.line_column(span);
        [span.file.0, line, column]
    }

    fn steps(&mut self, steps: &[TestStep]) -> Vec<Step> {
        let mut made = Vec::new();
        for step in steps {
            match &step.kind {
                TestStepKind::Expect(all) => {
                    for expectation in all {
                        self.expectation(expectation, &mut made);
                    }
                }
                kind => made.extend(self.step(kind, step.span)),
            }
        }
        made
    }

    fn step(&mut self, kind: &TestStepKind, span: Span) -> Option<Step> {
        Some(match kind {
            TestStepKind::Given(path, value) => Step::Given(self.given(path, value)?),
            TestStepKind::Responds {
                origin,
                status,
                body,
                settings,
            } => Step::Given(self.responds(origin, status.as_ref(), body.as_ref(), settings)?),
            TestStepKind::Fails { origin, how } => Step::Given(self.fails(origin, how)?),
            TestStepKind::Request {
                method,
                target,
                settings,
            } => Step::Request(self.request(method, target, settings, span)?),
            TestStepKind::After(duration) => {
                let ms = self.constant_integer(duration, Base::Duration, "how long it takes")?;
                if !(0..=FARTHEST).contains(&ms) {
                    return self.fail(OutOfRange {
                        what: "how long it takes".to_owned(),
                        range: "at most 366d".to_owned(),
                        span: duration.span,
                    });
                }
                Step::After {
                    ms: u64::try_from(ms).unwrap_or(0),
                }
            }
            TestStepKind::Repeat(times, steps) => {
                let times = self.constant_within(times, "how often it is done", (1, MOST_REPEATS));
                let steps = self.nested(span, |checker| Some(checker.steps(steps)))?;
                Step::Repeat {
                    times: u32::try_from(times?).unwrap_or(1),
                    steps,
                }
            }
            TestStepKind::GivenState { counter, at, value } => {
                Step::Given(self.given_state(*counter, at, value)?)
            }
            TestStepKind::Failing { kind, name, fails } => {
                Step::Given(self.failing(kind, name, *fails)?)
            }
            TestStepKind::Expect(_) => return None,
        })
    }

    fn given(&mut self, path: &Path, value: &Ast) -> Option<Given> {
        let words: Vec<&str> = path.parts.iter().map(|part| part.text.as_str()).collect();
        Some(match words.as_slice() {
            ["client", "ip"] => Given::ClientIp {
                ip: self.test_address(value)?,
            },
            ["client", "port"] => {
                let port = self.constant_within(value, "a port", (0, 65_535))?;
                Given::ClientPort {
                    port: u16::try_from(port).unwrap_or(0),
                }
            }
            ["client", "tls", "version"] => Given::ClientTls {
                version: self.test_text(value)?,
            },
            ["geo", fact] if GEO.contains(fact) => Given::Geo {
                fact: (*fact).to_owned(),
                value: self.geo_value(fact, value)?,
            },
            ["edge", fact @ ("pop" | "region")] => Given::Edge {
                fact: (*fact).to_owned(),
                value: self.test_text(value)?,
            },
            ["secret", ..] => Given::Secret {
                name: self.named(path, DeclKind::Secret, "secret")?,
                value: self.test_text(value)?,
            },
            ["param", ..] => self.given_param(path, value)?,
            ["geo", ..] => return self.no_such_fact(path, "geo", GEO),
            ["edge", ..] => return self.no_such_fact(path, "edge", &["pop", "region"]),
            _ => {
                let known = ["ip", "port", "tls.version"];
                return self.no_such_fact(path, "client", &known);
            }
        })
    }

    fn no_such_fact<T>(&mut self, path: &Path, group: &str, known: &[&str]) -> Option<T> {
        let name = path.parts.get(1).or(path.parts.first())?;
        let all = || format!("it is `{group}.{}`", known.join(&format!("`, `{group}.")));
        let help = suggest(&name.text, known.iter().copied()).or_else(|| Some(all()));
        self.fail(UnknownField {
            of: "what a test can give".to_owned(),
            name: self.code(path.span),
            span: path.span,
            help,
        })
    }

    /// The name, as the host knows it, of a secret or param.
    fn named(&mut self, path: &Path, kind: DeclKind, what: &'static str) -> Option<String> {
        let rest = Path {
            parts: path.parts.iter().skip(1).cloned().collect(),
            span: path.span,
        };
        let decl = self.path(&rest, what)?;
        let name = rest.parts.last()?;
        if decl.kind != kind {
            return self.wrong_kind(&name.text, decl.kind, &format!("a {what}"), name.span);
        }
        Some(self.qualified(decl.id, &name.text))
    }

    fn given_param(&mut self, path: &Path, value: &Ast) -> Option<Given> {
        let name = self.named(path, DeclKind::Param, "param")?;
        let param = self.hir.params.iter().find(|param| param.name == name)?;
        let base = super::types::base_of(&param.r#type)?;
        let value = self.param_default(value, base)?;
        Some(Given::Param { name, value })
    }

    fn geo_value(&mut self, fact: &str, value: &Ast) -> Option<serde_json::Value> {
        if matches!(value.kind, crate::ast::ExprKind::Null) {
            return Some(serde_json::Value::Null);
        }
        let base = match fact {
            "latitude" | "longitude" => Base::Float,
            "asn" => Base::Int,
            _ => Base::String,
        };
        self.param_default(value, base)
    }

    fn test_address(&mut self, value: &Ast) -> Option<String> {
        let value = self.param_default(value, Base::Ip)?;
        value.as_str().map(str::to_owned)
    }

    /// A constant, as text.
    fn test_text(&mut self, value: &Ast) -> Option<String> {
        match self.text(value)? {
            Expr::Const(Const::Bytes(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => self.not_constant("what a test says", value.span),
        }
    }

    fn test_origin(&mut self, name: &Name) -> Option<String> {
        let path = Path {
            parts: vec![name.clone()],
            span: name.span,
        };
        let decl = self.path(&path, "origin")?;
        match decl.kind {
            DeclKind::Origin => Some(self.qualified(decl.id, &name.text)),
            kind => self.wrong_kind(&name.text, kind, "an origin", name.span),
        }
    }

    fn responds(
        &mut self,
        origin: &Name,
        status: Option<&Ast>,
        body: Option<&Ast>,
        settings: &[RespondsSetting],
    ) -> Option<Given> {
        let name = self.test_origin(origin);
        let status = match status {
            Some(status) => self.status(status, "an origin's answer", (100, 599)),
            None => Some(200),
        };
        let mut text = match body {
            Some(body) => self.test_text(body)?,
            None => String::new(),
        };
        let (mut headers, mut delay_ms) = (Vec::new(), 0);
        for setting in settings {
            match setting {
                RespondsSetting::Header(name, value) => {
                    headers.extend(self.test_header(name, value));
                }
                RespondsSetting::Body(body) => text = self.test_text(body)?,
                RespondsSetting::Delay(delay) => {
                    delay_ms = self.duration(delay, "`delay`").unwrap_or(0);
                }
            }
        }
        Some(Given::Origin {
            name: name?,
            answer: OriginAnswer::Respond {
                status: status?,
                headers,
                body: text,
                delay_ms,
            },
        })
    }

    fn test_header(&mut self, name: &Text, value: &Ast) -> Option<(String, String)> {
        let known = self.header_name(name.value.as_bytes(), name.span)?;
        let text = self.text(value)?;
        self.check_header_value(&known, &text, value.span)?;
        Some((name.value.clone(), self.test_text(value)?))
    }

    fn fails(&mut self, origin: &Name, how: &Name) -> Option<Given> {
        let name = self.test_origin(origin)?;
        let failure = match how.text.as_str() {
            "connect" => OriginFailure::Connect,
            "timeout" => OriginFailure::Timeout,
            "reset" => OriginFailure::Reset,
            word => {
                return self.fail(NoSuchWord {
                    word: word.to_owned(),
                    what: "a way in which an origin can fail",
                    span: how.span,
                    help: Some("it is `connect`, `timeout` or `reset`".to_owned()),
                });
            }
        };
        Some(Given::Origin {
            name,
            answer: OriginAnswer::Fail { failure },
        })
    }

    fn request(
        &mut self,
        method: &Name,
        target: &Text,
        settings: &[RequestSetting],
        span: Span,
    ) -> Option<Request> {
        let mut made = Request {
            place: self.test_place(span),
            method: method.text.to_ascii_uppercase(),
            target: target.value.clone(),
            headers: Vec::new(),
            body: None,
            client_ip: None,
        };
        let mut cookies = Vec::new();
        for setting in settings {
            match setting {
                RequestSetting::Header(name, value) => {
                    made.headers.extend(self.test_header(name, value));
                }
                RequestSetting::Cookie(name, value) => {
                    cookies.push(format!("{}={}", name.value, self.test_text(value)?));
                }
                RequestSetting::Body(body) => made.body = Some(self.test_text(body)?),
                RequestSetting::Fact(path, value) => {
                    let words: Vec<&str> = path.parts.iter().map(|it| it.text.as_str()).collect();
                    if let [word] = words.as_slice() {
                        return self.fail(UnknownWord {
                            kind: "setting of a request",
                            word: (*word).to_owned(),
                            span: path.span,
                            help: "it is one of header, cookie, body, client.ip".to_owned(),
                        });
                    }
                    if words != ["client", "ip"] {
                        let what = format!("{} in a request's block", self.code(path.span));
                        return self.unsupported(&what, path.span);
                    }
                    made.client_ip = Some(self.test_address(value)?);
                }
            }
        }
        if !cookies.is_empty() {
            made.headers.push(("Cookie".to_owned(), cookies.join("; ")));
        }
        self.check_target(target)?;
        Some(made)
    }

    /// What a request asks for: a path or a whole URL, as it would be sent.
    fn check_target(&mut self, target: &Text) -> Option<()> {
        let text = &target.value;
        let absolute = ["http://", "https://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        // What no client sends, and no server takes (RFC 3986, section 2).
        let raw = text
            .bytes()
            .find(|byte| matches!(byte, 0..=b' ' | b'<' | 127));
        let (why, help) = match raw {
            Some(byte) => (
                "it holds a character that is never sent as it is",
                format!("percent-encode it, as clients do: `%{byte:02X}`"),
            ),
            None if !text.starts_with('/') && !absolute => (
                "it does not begin with `/`",
                "write a path, or a URL that begins with `http://` or `https://`".to_owned(),
            ),
            None => return Some(()),
        };
        self.fail(crate::diagnostics::BadUpstreamPath {
            why,
            span: target.span,
            help: Some(help),
        })
    }
}

/// Whether anything is expected, in a `repeat` too.
fn expects(steps: &[TestStep]) -> bool {
    steps.iter().any(|step| match &step.kind {
        TestStepKind::Expect(_) => true,
        TestStepKind::Repeat(_, steps) => expects(steps),
        _ => false,
    })
}
