//! Policies and requests made from bytes: the typed tree directly, so that every construct is
//! met in every combination, whatever the syntax. Bytes that run out give the simplest choice,
//! so shrinking the bytes simplifies the policy.

use edge_abi::manifest::{
    Fact as RawFact, Kind as SlotKind, Origin, Param, ProxyOptions, RuleKind,
};
use edge_abi::output::hits::Kind;
use edge_compiler::{
    ast::{ArithOp, EditOp},
    eval::{Facts, RawValue},
    hir::{
        Base, Block, Builtin, CompareOp, Const, DenyRule, Edit, EditValue, Elements, Experiment,
        Expr, Fact, Fn, Handler, Hir, Hits, Lane, Let, LetId, Matcher, OverLimit, Pattern, PlaceId,
        Proxy, QueryEdit, Respond, Route, Rule, RuleId, SecretPart, Segment, Set, Stmt, StmtKind,
        Type, UpstreamPath,
    },
    source::Span,
};

mod cache;
mod json;
pub mod scan;
pub mod state;

/// Choices out of bytes.
pub struct Source<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8]) -> Source<'a> {
        Source {
            bytes: bytes.iter(),
        }
    }

    fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n
    }

    fn flip(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// True once in `n` times.
    fn rarely(&mut self, n: u8) -> bool {
        self.byte() % n == n - 1
    }

    fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }

    fn text(&mut self) -> Vec<u8> {
        self.pick(TEXTS).as_bytes().to_vec()
    }

    fn int(&mut self) -> i64 {
        *self.pick(&[
            0,
            1,
            -1,
            2,
            7,
            99,
            200,
            404,
            i64::MAX,
            i64::MIN,
            i64::MIN + 1,
            1_767_225_600_123,
            1_000_000,
        ])
    }
}

/// Texts that requests and policies have in common, so that comparisons hold now and then.
const TEXTS: &[&str] = &[
    "a",
    "",
    "b",
    "ab",
    "abc",
    "DE",
    "US",
    "x-y",
    "/a/b",
    "sqlmap/1.0",
    "a b&c=d",
    "ä<\"'>",
    "%41%2fz",
    "12",
    "-7",
    "1.5",
    "alpha",
    "beta",
    "Mozilla/5.0 (iPhone)",
    "0123456789abcdef",
    "0123456789abcdef0",
    "../x",
    "?",
    "YWJj",
];
const REGEXES: &[&str] = &[
    "a", "^a", "b$", "[0-9]+", "(a|b)c?$", r"\.\.", "^$", "(?i)ab", r"\bx\b", "a{2,3}|y",
];
const HEADERS: &[&str] = &["x-a", "x-b", "user-agent", "cookie"];
const PATHS: &[&str] = &[
    "/", "/a", "/a/", "/a/b", "/b", "/a/b/c", "/%61/b", "/a/../b", "/x%zz", "/a//b", "/ä",
    "/a%2Fb", "", "/abc/DE",
];

/// A policy.
pub fn policy(source: &mut Source) -> Hir {
    let mut maker = Maker {
        source,
        hir: Hir::default(),
        visible: Vec::new(),
        warm_ok: true,
        response: false,
        waits_ok: false,
        over_limit: None,
    };
    maker.declarations();
    maker.phases();
    maker.hir
}

struct Maker<'s, 'b> {
    source: &'s mut Source<'b>,
    hir: Hir,
    /// The `let`s that can be named here.
    visible: Vec<LetId>,
    /// The body may be mentioned here.
    warm_ok: bool,
    /// Response facts may be read here.
    response: bool,
    /// The host may be asked here.
    waits_ok: bool,
    /// What becomes of bodies that are too long to be inspected.
    over_limit: Option<OverLimit>,
}

const STRING: Type = Type::of(Base::String);

impl Maker<'_, '_> {
    fn declarations(&mut self) {
        self.hir.name = "generated".into();
        self.hir.body_limit = 1000;
        for name in ["one", "two", "three"] {
            self.hir.origins.push(Origin {
                name: name.into(),
                url: format!("http://{name}.test"),
                host: None,
                connect_ms: 1000,
                timeout_ms: 1000,
                idle_ms: 1000,
            });
        }
        self.remembers();
        self.hir.secrets = vec!["s0".into(), "s1".into()];
        self.hir.proxies = vec![ProxyOptions::default()];
        for (name, ty, kind) in [
            ("p_text", "string", SlotKind::Bytes),
            ("p_int", "int", SlotKind::I64),
            ("p_bool", "bool", SlotKind::Bool),
        ] {
            self.hir.params.push(Param {
                name: name.into(),
                r#type: ty.into(),
                kind,
                default: None,
            });
        }
        let strings = (0..self.source.below(8))
            .map(|_| self.source.text())
            .collect();
        let ints = (0..self.source.below(5))
            .map(|_| self.source.int())
            .collect();
        let networks = vec![
            (mapped([10, 0, 0, 0]), 104),
            (mapped([192, 0, 2, 0]), 120),
            ([0x20; 16], 9),
        ];
        for elements in [
            Elements::Bytes(strings),
            Elements::Ints(ints),
            Elements::Networks(networks),
        ] {
            self.hir.sets.push(Set {
                name: String::new(),
                elements,
            });
        }
        // Functions are called in every phase: they leave the body alone.
        self.warm_ok = false;
        for i in 0..self.source.below(3) {
            let params = vec![STRING, Type::of(Base::Int)];
            let body = if self.source.flip() {
                Expr::Concat(vec![
                    Expr::FnParam(0, STRING),
                    self.string(1),
                    Expr::FnParam(0, STRING),
                ])
            } else {
                Expr::Builtin(Builtin::Upper, vec![Expr::FnParam(0, STRING)])
            };
            self.hir.fns.push(Fn {
                name: format!("f{i}"),
                params,
                ty: STRING,
                body,
            });
        }
        for i in 0..self.source.below(3) {
            self.experiment(i);
        }
        self.warm_ok = true;
        self.caches();
    }

    fn experiment(&mut self, i: usize) {
        let warm = std::mem::replace(&mut self.warm_ok, false);
        let first = self.source.below(100) as u32 * 10_000;
        let arms = vec![
            ("alpha".into(), 1_000_000 - first),
            ("beta".into(), first / 2),
            ("gamma".into(), first - first / 2),
        ];
        let unit = self.string(1);
        let when = self.source.flip().then(|| self.condition(1));
        let force = self.source.flip().then(|| self.optional_string());
        self.warm_ok = warm;
        let (name, span) = (format!("e{i}"), Span::default());
        self.hir.experiments.push(Experiment {
            salt: name.clone(),
            name,
            unit,
            arms,
            when,
            force,
            span,
        });
    }

    fn phases(&mut self) {
        self.waits_ok = true;
        let rule = self.rule(RuleKind::OnRequest);
        if self.source.rarely(2) {
            self.hir.on_request = self.scan(Lane::Request);
        }
        let block = self.block(rule, 2, false);
        self.hir.on_request.extend(block);
        for _ in 0..self.source.below(5) {
            let route = self.route();
            self.hir.routes.push(route);
        }
        let rule = self.rule(RuleKind::Default);
        self.hir.default = self.block(rule, 1, true);
        self.response = true;
        self.warm_ok = false;
        self.waits_ok = false;
        for _ in 0..self.source.below(3) {
            let handler = self.handler();
            self.hir.on_response.push(handler);
        }
        self.response = false;
        if self.source.flip() {
            let rule = self.rule(RuleKind::OnError);
            self.hir.on_error = Some(self.block(rule, 1, false));
        }
    }

    fn rule(&mut self, kind: RuleKind) -> RuleId {
        let id = RuleId(u32::try_from(self.hir.rules.len()).unwrap());
        self.hir.rules.push(Rule {
            name: format!("rule.{}", id.0),
            kind,
            span: Span::default(),
            severity: None,
            tags: Vec::new(),
        });
        id
    }

    fn place(&mut self) -> PlaceId {
        self.hir.places.push(Span::default());
        PlaceId(u32::try_from(self.hir.places.len() - 1).unwrap())
    }

    fn route(&mut self) -> Route {
        let rule = self.rule(RuleKind::Route);
        let methods = self
            .source
            .pick(&[vec![], vec!["GET", "HEAD"], vec!["POST"]])
            .clone();
        let pattern = (!self.source.rarely(4)).then(|| self.pattern());
        let when = self.source.rarely(3).then(|| self.condition(2));
        let body = self.block(rule, 2, true);
        self.response = true;
        let reads_body = self.source.rarely(6);
        let warm = std::mem::replace(&mut self.warm_ok, reads_body);
        let waits = std::mem::replace(&mut self.waits_ok, false);
        let on_response = (0..self.source.below(4) / 2)
            .map(|_| self.handler())
            .collect();
        self.response = false;
        self.warm_ok = warm;
        self.waits_ok = waits;
        Route {
            rule,
            methods: methods.into_iter().map(String::from).collect(),
            pattern,
            when,
            body,
            on_response,
        }
    }

    fn pattern(&mut self) -> Pattern {
        let mut segments = Vec::new();
        for _ in 0..=self.source.below(3) {
            segments.push(match self.source.below(5) {
                0..=2 => Segment::Literal(self.source.pick(&[&b"a"[..], b"b", b""]).to_vec()),
                3 => Segment::Param,
                _ => {
                    segments.push(Segment::Rest);
                    break;
                }
            });
        }
        Pattern { segments }
    }

    fn handler(&mut self) -> Handler {
        let rule = self.rule(RuleKind::OnResponse);
        let when = self.source.flip().then(|| self.condition(2));
        let mut body = match self.source.rarely(4) {
            true => self.scan(Lane::Response),
            false => Vec::new(),
        };
        body.extend(self.block(rule, 1, false));
        Handler { rule, when, body }
    }

    /// A block; with a terminal at its end, if it must have one.
    fn block(&mut self, rule: RuleId, depth: usize, ends: bool) -> Block {
        let visible = self.visible.len();
        let mut block = Vec::new();
        for _ in 0..self.source.below(4) {
            for kind in self.statements(rule, depth) {
                block.push(Stmt {
                    span: Span::default(),
                    kind,
                });
            }
        }
        if ends || self.source.rarely(5) {
            let kind = self.terminal(rule);
            block.push(Stmt {
                span: Span::default(),
                kind,
            });
        }
        self.visible.truncate(visible);
        block
    }

    fn statements(&mut self, rule: RuleId, depth: usize) -> Vec<StmtKind> {
        if self.source.rarely(5) {
            return self.remembered(rule, depth);
        }
        Vec::from_iter(self.statement(rule, depth))
    }

    fn statement(&mut self, rule: RuleId, depth: usize) -> Option<StmtKind> {
        Some(match self.source.below(10) {
            0 | 1 => StmtKind::Edit(self.edit()),
            2 => StmtKind::Log {
                text: self.string(2),
                place: self.place(),
            },
            3 => {
                let value = self.string(2);
                self.bind(STRING, value);
                return None;
            }
            4 if depth > 0 => {
                let value = self.optional_string();
                let otherwise = self.block(rule, 0, true);
                StmtKind::LetElse(self.bind(STRING, value), otherwise)
            }
            5 if depth > 0 => {
                let denied = self.rule(RuleKind::Deny);
                let condition = self.condition(2);
                StmtKind::Deny(vec![DenyRule {
                    condition,
                    body: self.block(denied, 0, true),
                }])
            }
            8 => self.firewall(),
            9 => self.watching(),
            _ if depth == 0 => StmtKind::Edit(self.edit()),
            _ => {
                let arms = (0..=self.source.below(2))
                    .map(|_| (self.condition(2), self.block(rule, depth - 1, false)));
                let arms = arms.collect();
                StmtKind::If {
                    arms,
                    otherwise: self.block(rule, depth - 1, false),
                }
            }
        })
    }

    /// What a rule of a group matches: some are excluded under a condition.
    fn matched(&mut self) -> Expr {
        let condition = self.condition(1);
        match self.source.rarely(3) {
            true => Expr::And(vec![condition, Expr::Not(Box::new(self.condition(0)))]),
            false => condition,
        }
    }

    /// Rules in shadow mode, seldom so many that what is told of them is put together in steps.
    fn watching(&mut self) -> StmtKind {
        let most = if self.source.rarely(16) { 20 } else { 3 };
        let rules =
            (0..=self.source.below(most)).map(|_| (self.rule(RuleKind::Shadow), self.matched()));
        StmtKind::Hits(Hits {
            kind: Kind::Shadow,
            rules: rules.collect(),
            then: Vec::new(),
        })
    }

    /// Rules with scores, and what follows of their sum: a denial, or in shadow mode a hit.
    fn firewall(&mut self) -> StmtKind {
        let int = |n: i64| Expr::Const(Const::Int(n, Base::Int));
        let scored: Vec<(RuleId, Expr, i64)> = (0..=self.source.below(4))
            .map(|_| {
                let score = 1 + i64::from(self.source.byte() % 5);
                (self.rule(RuleKind::Scored), self.matched(), score)
            })
            .collect();
        let total = scored.iter().map(|(_, condition, score)| {
            let arms = vec![(condition.clone(), int(*score))];
            Expr::Choose(arms, Box::new(int(0)), Type::of(Base::Int))
        });
        let total = total.reduce(|a, b| {
            Expr::Arith(ArithOp::Add, Box::new(a), Box::new(b), Type::of(Base::Int))
        });
        let threshold = 1 + i64::from(self.source.byte() % 8);
        let condition = Expr::Test(
            Box::new(total.unwrap()),
            Matcher::Range(threshold, i64::MAX),
        );
        let kind = if self.source.flip() {
            let rule = self.rule(RuleKind::Deny);
            StmtKind::Deny(vec![DenyRule {
                condition,
                body: self.block(rule, 0, true),
            }])
        } else {
            StmtKind::Hits(Hits {
                kind: Kind::Shadow,
                rules: vec![(self.rule(RuleKind::Shadow), condition)],
                then: Vec::new(),
            })
        };
        let then = Stmt {
            span: Span::default(),
            kind,
        };
        StmtKind::Hits(Hits {
            kind: Kind::Scored,
            rules: scored
                .into_iter()
                .map(|(rule, condition, _)| (rule, condition))
                .collect(),
            then: vec![then],
        })
    }

    fn bind(&mut self, ty: Type, value: Expr) -> LetId {
        let id = LetId(u32::try_from(self.hir.lets.len()).unwrap());
        self.hir.lets.push(Let {
            name: format!("l{}", id.0),
            ty,
            value,
        });
        self.visible.push(id);
        id
    }

    fn edit(&mut self) -> Edit {
        let op = *self
            .source
            .pick(&[EditOp::Set, EditOp::Add, EditOp::Remove]);
        let value = (op != EditOp::Remove).then(|| EditValue::Text(self.string(2)));
        Edit {
            op,
            name: (*self.source.pick(HEADERS)).into(),
            value,
            place: self.place(),
        }
    }

    fn terminal(&mut self, rule: RuleId) -> StmtKind {
        match self.source.below(if self.response { 3 } else { 5 }) {
            0 => StmtKind::Respond(Respond {
                rule,
                status: 200,
                content_type: None,
                body: None,
            }),
            1 => {
                let content_type = Some("text/plain; charset=utf-8".to_owned());
                StmtKind::Respond(Respond {
                    rule,
                    status: 403,
                    content_type,
                    body: Some(self.string(3)),
                })
            }
            2 => StmtKind::Redirect {
                rule,
                status: 302,
                to: self.string(2),
                place: self.place(),
            },
            _ => StmtKind::Proxy(Box::new(self.proxy(rule))),
        }
    }

    fn proxy(&mut self, rule: RuleId) -> Proxy {
        let path = self.source.flip().then(|| {
            let mut parts = vec![Expr::Const(Const::Bytes(b"/up/".to_vec()))];
            parts.extend((0..self.source.below(3)).map(|_| self.string(1)));
            UpstreamPath { parts }
        });
        let query = (0..self.source.below(3)).map(|_| match self.source.flip() {
            true => QueryEdit::Set(self.source.text(), self.string(1)),
            false => QueryEdit::Remove(self.source.pick(&[&b"a"[..], b"a*", b"*", b"x"]).to_vec()),
        });
        let query = query.collect();
        let mut edits: Vec<Edit> = (0..self.source.below(3)).map(|_| self.edit()).collect();
        if self.source.flip() {
            let parts = vec![SecretPart::Text(self.string(1)), SecretPart::Secret(1)];
            let value = Some(EditValue::WithSecrets(parts));
            edits.push(Edit {
                op: EditOp::Set,
                name: "authorization".into(),
                value,
                place: self.place(),
            });
        }
        let at = self.source.below(edits.len() + 1);
        let cookies = self.cookies();
        edits.splice(at..at, cookies);
        Proxy {
            rule,
            cache: self.cached(),
            target: self.target(),
            method: self.source.rarely(4).then(|| "PUT".into()),
            path,
            query,
            host: self.source.rarely(4).then(|| self.string(1)),
            edits,
            options: 0,
            place: self.place(),
        }
    }

    fn target(&mut self) -> Expr {
        let constant = |i: usize| Expr::Const(Const::Target(u32::try_from(i).unwrap()));
        let first = constant(self.source.below(3));
        if self.source.rarely(3) {
            let arms = vec![(self.condition(1), first)];
            return Expr::Choose(arms, Box::new(constant(1)), Type::of(Base::Target));
        }
        first
    }

    fn constant(&mut self) -> Expr {
        Expr::Const(Const::Bytes(self.source.text()))
    }

    /// A string that is always there.
    fn string(&mut self, depth: usize) -> Expr {
        let choice = self.source.below(if depth == 0 { 5 } else { 14 });
        match choice {
            0 => self.constant(),
            1 => Expr::Fact(Fact::Path, STRING),
            2 => Expr::Fact(Fact::Raw(RawFact::Method), STRING),
            3 => Expr::Fact(
                self.source
                    .pick(&[
                        Fact::Host,
                        Fact::RawPath,
                        Fact::PathSegment(0),
                        Fact::PathRest(1),
                    ])
                    .clone(),
                STRING,
            ),
            4 => match self.visible.is_empty() {
                true => self.constant(),
                false => Expr::Let(*self.source.pick(&self.visible), STRING),
            },
            5 => {
                let parts = (0..=self.source.below(3))
                    .map(|_| self.string(depth - 1))
                    .collect();
                Expr::Concat(parts)
            }
            6 => {
                let optional = self.optional_string();
                Expr::OrElse(vec![optional, self.string(depth - 1)], STRING)
            }
            7 => {
                let arms = (0..=self.source.below(2))
                    .map(|_| (self.condition(depth - 1), self.string(depth - 1)));
                let arms = arms.collect();
                Expr::Choose(arms, Box::new(self.string(depth - 1)), STRING)
            }
            8 => Expr::ToText(Box::new(self.printable(depth - 1))),
            9 => self.builtin(depth - 1),
            10 => {
                let value = if self.source.flip() {
                    self.optional_string()
                } else {
                    self.printable(depth - 1)
                };
                Expr::ToJson(Box::new(value))
            }
            11 if !self.hir.fns.is_empty() => {
                let index = u32::try_from(self.source.below(self.hir.fns.len())).unwrap();
                Expr::CallFn(index, vec![self.string(depth - 1), self.int(0)], STRING)
            }
            12 if self.warm_ok && self.source.rarely(3) => Expr::Fact(Fact::Body(1000), STRING),
            _ => self.constant(),
        }
    }

    fn builtin(&mut self, depth: usize) -> Expr {
        let one = [
            Builtin::Lower,
            Builtin::Upper,
            Builtin::Trim,
            Builtin::UrlDecode,
            Builtin::HtmlDecode,
            Builtin::UrlDecodeUni,
            Builtin::JsDecode,
            Builtin::CssDecode,
            Builtin::Base64DecodeLenient,
            Builtin::RemoveNulls,
            Builtin::CompressWhitespace,
            Builtin::RemoveComments,
            Builtin::NormalisePath,
            Builtin::CmdLine,
            Builtin::Utf8ToUnicode,
            Builtin::Base64UrlEncode,
            Builtin::Hex,
            Builtin::Sha256,
            Builtin::HtmlEscape,
            Builtin::QueryEncode,
        ];
        match self.source.below(5) {
            0 => {
                let part = *self.source.pick(&[
                    Builtin::RemovePrefix,
                    Builtin::RemoveSuffix,
                    Builtin::SplitFirst,
                ]);
                Expr::Builtin(part, vec![self.string(depth), self.string(0)])
            }
            1 => {
                let from = Const::Bytes(self.source.pick(&[&b"a"[..], b"b", b"ab"]).to_vec());
                let to = self.constant();
                Expr::Builtin(
                    Builtin::Replace,
                    vec![self.string(depth), Expr::Const(from), to],
                )
            }
            _ => Expr::Builtin(*self.source.pick(&one), vec![self.string(depth)]),
        }
    }

    fn optional_string(&mut self) -> Expr {
        let ty = Type::optional(Base::String);
        let name = |s: &str| Fact::Raw(RawFact::Header { name: s.into() });
        match self.source.below(9) {
            8 => self.json_read(Builtin::JsonString),
            0 => Expr::Fact(name("x-a"), ty),
            1 => Expr::Fact(name("x-b"), ty),
            2 => Expr::Fact(Fact::Query(self.source.text()), ty),
            3 => Expr::Fact(Fact::Cookie(self.source.text()), ty),
            4 => Expr::Fact(Fact::QueryString, ty),
            5 => Expr::Fact(Fact::Raw(RawFact::Country), ty),
            6 => Expr::Builtin(Builtin::Base64Decode, vec![self.string(0)]),
            _ if self.response => Expr::Fact(
                Fact::Raw(RawFact::ResponseHeader { name: "x-a".into() }),
                ty,
            ),
            _ => Expr::OrElse(
                vec![Expr::Fact(name("x-a"), ty), Expr::Fact(name("x-b"), ty)],
                ty,
            ),
        }
    }

    fn int(&mut self, depth: usize) -> Expr {
        let int = Type::of(Base::Int);
        match self.source.below(if depth == 0 { 3 } else { 8 }) {
            0 => Expr::Const(Const::Int(self.source.int(), Base::Int)),
            1 => Expr::Fact(Fact::Raw(RawFact::ClientPort), int),
            2 if self.response => Expr::Fact(Fact::Raw(RawFact::ResponseStatus), int),
            2 => Expr::Fact(
                Fact::Raw(RawFact::Param {
                    name: "p_int".into(),
                }),
                int,
            ),
            3 => Expr::Builtin(Builtin::Len, vec![self.string(depth - 1)]),
            4 => {
                let op = *self
                    .source
                    .pick(&[ArithOp::Add, ArithOp::Sub, ArithOp::Mul]);
                Expr::Arith(
                    op,
                    Box::new(self.int(depth - 1)),
                    Box::new(self.int(depth - 1)),
                    int,
                )
            }
            5 => {
                let op = *self.source.pick(&[ArithOp::Div, ArithOp::Rem]);
                let ty = Type::optional(Base::Int);
                let quotient = Expr::Arith(
                    op,
                    Box::new(self.int(depth - 1)),
                    Box::new(self.int(depth - 1)),
                    ty,
                );
                Expr::OrElse(vec![quotient, self.int(0)], int)
            }
            6 => {
                let parsed = match self.source.flip() {
                    true => self.json_read(Builtin::JsonInt),
                    false => Expr::Builtin(Builtin::IntParse, vec![self.string(depth - 1)]),
                };
                Expr::OrElse(vec![parsed, self.int(0)], int)
            }
            _ => Expr::Builtin(
                Builtin::Unix,
                vec![Expr::Fact(Fact::Now, Type::of(Base::Time))],
            ),
        }
    }

    fn printable(&mut self, depth: usize) -> Expr {
        match self.source.below(7) {
            0 => self.int(depth),
            1 => Expr::Fact(Fact::Now, Type::of(Base::Time)),
            2 => Expr::Fact(Fact::Raw(RawFact::ClientIp), Type::of(Base::Ip)),
            3 => Expr::Const(Const::Int(
                self.source.int(),
                *self
                    .source
                    .pick(&[Base::Duration, Base::Percent, Base::Size]),
            )),
            4 => self.condition(depth),
            5 if !self.hir.experiments.is_empty() => Expr::Experiment(
                u32::try_from(self.source.below(self.hir.experiments.len())).unwrap(),
            ),
            _ => self.float(),
        }
    }

    fn float(&mut self) -> Expr {
        let float = Type::of(Base::Float);
        let latitude = match self.source.rarely(3) {
            true => self.json_read(Builtin::JsonFloat),
            false => Expr::Fact(Fact::Raw(RawFact::Latitude), Type::optional(Base::Float)),
        };
        let value = Expr::OrElse(vec![latitude, Expr::Const(Const::Float(0.5))], float);
        if self.source.flip() {
            let op = *self
                .source
                .pick(&[ArithOp::Add, ArithOp::Mul, ArithOp::Sub]);
            return Expr::Arith(
                op,
                Box::new(value),
                Box::new(Expr::Const(Const::Float(1e300))),
                float,
            );
        }
        value
    }

    fn condition(&mut self, depth: usize) -> Expr {
        match self.source.below(if depth == 0 { 8 } else { 14 }) {
            0 => Expr::Test(Box::new(self.string(0)), self.matcher()),
            1 | 2 => Expr::Test(Box::new(self.optional_string()), self.matcher()),
            3 => Expr::Present(Box::new(self.optional_string())),
            4 => Expr::Test(Box::new(self.int(0)), self.number_matcher()),
            5 => Expr::Test(
                Box::new(Expr::Fact(Fact::Raw(RawFact::ClientIp), Type::of(Base::Ip))),
                Matcher::In(2),
            ),
            6 if self.source.rarely(3) => self.json_condition(),
            6 => Expr::Fact(
                Fact::Raw(RawFact::Param {
                    name: "p_bool".into(),
                }),
                Type::of(Base::Bool),
            ),
            7 => Expr::Const(Const::Bool(self.source.flip())),
            8 => Expr::Not(Box::new(self.condition(depth - 1))),
            9 => Expr::And(
                (0..2 + self.source.below(2))
                    .map(|_| self.condition(depth - 1))
                    .collect(),
            ),
            10 => Expr::Or(
                (0..2 + self.source.below(2))
                    .map(|_| self.condition(depth - 1))
                    .collect(),
            ),
            11 => {
                let list = match self.source.flip() {
                    true => Fact::QueryList(self.source.text()),
                    false => Fact::Raw(RawFact::HeaderList { name: "x-a".into() }),
                };
                Expr::AnyOf(
                    Box::new(Expr::Fact(list, Type::of(Base::List))),
                    self.matcher(),
                )
            }
            12 => self.comparison(depth - 1),
            _ if self.hir.experiments.is_empty() => {
                Expr::Test(Box::new(self.string(depth - 1)), self.matcher())
            }
            _ => {
                let index = u32::try_from(self.source.below(self.hir.experiments.len())).unwrap();
                let arm = u32::try_from(self.source.below(3)).unwrap();
                Expr::IsArm(Box::new(Expr::Experiment(index)), arm)
            }
        }
    }

    fn comparison(&mut self, depth: usize) -> Expr {
        let equality = [
            CompareOp::Eq,
            CompareOp::Ne,
            CompareOp::Lt,
            CompareOp::Le,
            CompareOp::Gt,
            CompareOp::Ge,
        ];
        let text = [
            CompareOp::Contains,
            CompareOp::StartsWith,
            CompareOp::EndsWith,
        ];
        let (op, a, b) = match self.source.below(4) {
            0 => (
                *self.source.pick(&equality),
                self.int(depth),
                self.int(depth),
            ),
            1 => (
                *self.source.pick(&text),
                self.string(depth),
                self.string(depth),
            ),
            2 => (
                *self.source.pick(&equality),
                self.optional_string(),
                self.string(depth),
            ),
            _ => {
                let ip = || Expr::Fact(Fact::Raw(RawFact::ClientIp), Type::of(Base::Ip));
                (
                    *self.source.pick(&equality),
                    ip(),
                    Expr::Const(Const::Ip(mapped([192, 0, 2, 1]))),
                )
            }
        };
        Expr::Compare(op, Box::new(a), Box::new(b))
    }

    fn matcher(&mut self) -> Matcher {
        let most = if self.source.rarely(4) { 7 } else { 2 };
        let count = 1 + self.source.below(most);
        let list: Vec<Vec<u8>> = (0..count).map(|_| self.source.text()).collect();
        match self.source.below(6) {
            0 => Matcher::Equals(list),
            1 => Matcher::Contains(list),
            2 => Matcher::StartsWith(list),
            3 => Matcher::EndsWith(list),
            4 => Matcher::Matches((*self.source.pick(REGEXES)).into()),
            _ => Matcher::In(0),
        }
    }

    fn number_matcher(&mut self) -> Matcher {
        let (a, b) = (self.source.int(), self.source.int());
        match self.source.below(4) {
            0 => Matcher::Range(a, a),
            1 => Matcher::Range(a.min(b), a.max(b)),
            2 => Matcher::Range(i64::MIN, a),
            _ => Matcher::In(1),
        }
    }
}

fn mapped(v4: [u8; 4]) -> [u8; 16] {
    std::net::Ipv4Addr::from(v4).to_ipv6_mapped().octets()
}

/// A request, and what would be known of its response.
pub fn facts(source: &mut Source) -> Facts {
    let mut facts = Facts {
        now: source.pick(&[0, 1_767_225_600_123, -1, 1 << 50]).to_owned(),
        ..Facts::default()
    };
    let mut target = source.pick(PATHS).as_bytes().to_vec();
    if source.flip() {
        target.push(b'?');
        for i in 0..source.below(4) {
            if i > 0 {
                target.push(b'&');
            }
            target.extend(source.text());
            if source.flip() {
                target.push(b'=');
                target.extend(source.text());
            }
        }
    }
    let raw = &mut facts.raw;
    raw.insert(RawFact::RequestTarget, RawValue::Bytes(target));
    raw.insert(
        RawFact::Method,
        RawValue::Bytes(
            source
                .pick(&["GET", "POST", "HEAD", "PURGE"])
                .as_bytes()
                .to_vec(),
        ),
    );
    raw.insert(
        RawFact::Authority,
        RawValue::Bytes(
            source
                .pick(&["A.test:80", "b", "[::1]:9", ""])
                .as_bytes()
                .to_vec(),
        ),
    );
    raw.insert(
        RawFact::ClientPort,
        RawValue::Int(*source.pick(&[0, 7, 65_535])),
    );
    let ip = *source.pick(&[
        mapped([10, 1, 2, 3]),
        mapped([192, 0, 2, 1]),
        [0x20; 16],
        [0; 16],
    ]);
    raw.insert(RawFact::ClientIp, RawValue::Ip(ip));
    raw.insert(
        RawFact::Param {
            name: "p_int".into(),
        },
        RawValue::Int(source.int()),
    );
    raw.insert(
        RawFact::Param {
            name: "p_bool".into(),
        },
        RawValue::Bool(source.flip()),
    );
    for name in ["x-a", "x-b", "user-agent"] {
        if source.flip() {
            let list: Vec<Vec<u8>> = (0..=source.below(3)).map(|_| source.text()).collect();
            raw.insert(
                RawFact::Header { name: name.into() },
                RawValue::Bytes(list.join(&b", "[..])),
            );
            raw.insert(
                RawFact::HeaderList { name: name.into() },
                RawValue::List(list),
            );
        }
    }
    if source.flip() {
        let cookies: Vec<Vec<u8>> = (0..source.below(3))
            .map(|_| [source.text(), source.text()].join(&b'='))
            .collect();
        raw.insert(
            RawFact::Header {
                name: "cookie".into(),
            },
            RawValue::Bytes(cookies.join(&b"; "[..])),
        );
    }
    if source.flip() {
        raw.insert(RawFact::Country, RawValue::Bytes(source.text()));
        raw.insert(
            RawFact::Latitude,
            RawValue::Float(*source.pick(&[0.0, -12.5, 1e300, 0.1])),
        );
    }
    raw.insert(
        RawFact::ResponseStatus,
        RawValue::Int(*source.pick(&[200, 404, 502])),
    );
    if source.flip() {
        raw.insert(
            RawFact::ResponseHeader { name: "x-a".into() },
            RawValue::Bytes(source.text()),
        );
    }
    if source.flip() {
        let name = json::HEADER.to_owned();
        let text = RawValue::Bytes(json::text(source));
        facts.raw.insert(RawFact::Header { name }, text);
    }
    facts
}

/// A body.
pub fn body(source: &mut Source) -> Vec<u8> {
    match source.rarely(2) {
        true => json::text(source),
        false => source.text(),
    }
}

/// A body on its way, whose content type is put among the facts.
pub fn sent(source: &mut Source, facts: &mut Facts) -> scan::Sent {
    let sent = scan::Sent::new(source);
    let name = "content-type".to_owned();
    let value = sent.content_type.map(|kind| RawValue::Bytes(kind.into()));
    for fact in [
        RawFact::Header { name: name.clone() },
        RawFact::ResponseHeader { name },
    ] {
        facts.raw.extend(value.clone().map(|value| (fact, value)));
    }
    sent
}
